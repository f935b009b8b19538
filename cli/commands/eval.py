"""`autodiff eval`: the value."""

from autodiff.cli.console import Console
from autodiff.cli.evaluated import answer
from autodiff.cli.options import (
    EvaluationPrintOptions,
    PictureOptions,
    Precision,
    ProgramOptions,
    RowOptions,
    with_options,
)


@with_options
def eval(
    console: Console,
    program: ProgramOptions,
    printing: EvaluationPrintOptions,
    picture: PictureOptions,
    rows: RowOptions,
    precision: Precision = None,
) -> None:
    """Print the value of an expression.

    autodiff eval 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6
    seq 5 | autodiff eval 'x^2'
    autodiff eval @program.txt --data rows.csv --keep
    """
    answer(console, program, printing, picture, rows, precision=precision, gradient=False)
