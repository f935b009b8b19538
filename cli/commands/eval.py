"""`autodiff eval`: the value."""

from autodiff.cli.console import Console
from autodiff.cli.output import check, check_gates, put_out
from autodiff.cli.reading import evaluate_reading, read, wants_rows
from autodiff.cli.request import Request, takes_request


@takes_request()
def eval(console: Console, request: Request) -> None:
    """Print the value of an expression.

    autodiff eval 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6
    """
    check_gates(request)
    reading = read(request, console)
    if wants_rows(request, reading, console):
        from autodiff.cli.rows import print_rows

        print_rows(console, request, reading)
        return
    check(request)
    put_out(console, evaluate_reading(request, reading, console, gradient=False), request)
