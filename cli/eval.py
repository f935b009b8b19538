"""`autodiff eval`: the value."""

from .answer import answer
from .output import check, put_out
from .request import Request, takes_request


@takes_request()
def eval(request: Request) -> None:
    """Print the value of an expression.

    autodiff eval 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6
    """
    check(request)
    put_out(answer(request), request)
