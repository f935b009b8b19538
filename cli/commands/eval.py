"""`autodiff eval`: the value."""

from autodiff.cli.output import check, check_gates, put_out
from autodiff.cli.request import Request, takes_request
from autodiff.evaluation.answer import answer_at, read, wants_rows


@takes_request()
def eval(request: Request) -> None:
    """Print the value of an expression.

    autodiff eval 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6
    """
    check_gates(request)
    reading = read(request)
    if wants_rows(request, reading):
        from autodiff.rows.blocks import answer_rows

        answer_rows(request, reading)
        return
    check(request)
    put_out(answer_at(request, reading.program, reading.values), request)
