"""`autodiff grad`: the value and the gradient."""

from autodiff.cli.output import check, check_gates, put_out
from autodiff.cli.request import Request, Wrt, takes_request
from autodiff.evaluation.answer import answer_at, read, wants_rows
from autodiff.evaluation.errors import warn


@takes_request()
def grad(
    request: Request,
    wrt: Wrt = None,
) -> None:
    """Print the derivative by every variable, and on a terminal the value.

    autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6 --render graph.svg
    """
    check_gates(request)
    reading = read(request)
    names = ",".join(wrt) if wrt else None
    if wants_rows(request, reading):
        from autodiff.rows.blocks import answer_rows

        answer_rows(request, reading, names, gradient=True)
        return
    check(request)
    result = answer_at(request, reading.program, reading.values, names, gradient=True)
    put_out(result, request)
    if not result.program.inputs and not request.quiet:
        warn("note", "there is no variable to differentiate by")
