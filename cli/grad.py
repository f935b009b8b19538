"""`autodiff grad`: the value and the gradient."""

from typing import Annotated

import typer

from .answer import answer
from .output import check, put_out
from .request import Request, takes_request


@takes_request
def grad(
    request: Request,
    wrt: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Derivatives by these variables only, in this order: a,b.")
    ] = None,
) -> None:
    """Print the value and the derivative by every variable.

    autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6 --render graph.svg
    """
    check(request)
    put_out(answer(request, wrt, gradient=True), request)
