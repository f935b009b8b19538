"""`autodiff grad`: the value and the gradient."""

from autodiff.cli.console import Console
from autodiff.cli.output import check, check_gates, put_out
from autodiff.cli.reading import evaluate_reading, names_in, read, wants_rows
from autodiff.cli.request import Request, Wrt, takes_request


@takes_request()
def grad(
    console: Console,
    request: Request,
    wrt: Wrt = None,
) -> None:
    """Print the derivative by every variable, and on a terminal the value.

    autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6 --render graph.svg
    """
    check_gates(request)
    reading = read(request, console)
    names = names_in(wrt)
    if wants_rows(request, reading, console):
        from autodiff.cli.rows import print_rows

        print_rows(console, request, reading, names, gradient=True)
        return
    check(request)
    result = evaluate_reading(request, reading, console, names, gradient=True)
    put_out(console, result, request)
    if not result.program.inputs:
        console.note("there is no variable to differentiate by")
