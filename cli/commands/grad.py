"""`autodiff grad`: the value and the gradient."""

from typing import Annotated

import typer

from autodiff.cli.console import Console
from autodiff.cli.evaluated import answer
from autodiff.cli.options import (
    EvaluationPrintOptions,
    PictureOptions,
    Precision,
    ProgramOptions,
    RowOptions,
    Wrt,
    names_in,
    with_options,
)


@with_options
def grad(
    console: Console,
    program: ProgramOptions,
    printing: EvaluationPrintOptions,
    picture: PictureOptions,
    rows: RowOptions,
    wrt: Wrt = None,
    value: Annotated[
        bool, typer.Option("--value", rich_help_panel="Output", help="Print the value first, in plain too.")
    ] = False,
    precision: Precision = None,
) -> None:
    """Print the derivative by every variable, and on a terminal the value.

    autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6 --render graph.svg
    autodiff grad '(w*x + b - y)^2' w=0.5 b=0 --data points.csv --reduce mean
    autodiff grad 'e = a*b; d = e + c; d*f' a=2 b=-3 c=10 f=-2 --wrt d
    """
    answer(console, program, printing, picture, rows, names_in(wrt), precision=precision, gradient=True, value=value)
