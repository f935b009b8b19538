"""`autodiff hessian`: the second derivatives."""

from math import isfinite

from autodiff.cli.console import Console
from autodiff.cli.formats import json_line, markdown_table, separated_lines
from autodiff.cli.output import check_tabular, format_of, notes
from autodiff.cli.reading import evaluate_request, names_in
from autodiff.cli.request import DRAWING, ROW_OPTIONS, TABULAR, Request, Wrt, takes_request
from autodiff.engine.graph import Input
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.grammar.errors import enumerated

Matrix = list[list[float]]


@takes_request(*ROW_OPTIONS, "nodes", *DRAWING, formats=TABULAR)
def hessian(
    console: Console,
    request: Request,
    wrt: Wrt = None,
) -> None:
    """Print the second derivatives, a symmetric matrix.

    autodiff hessian 'x^2*y + sin(y)' x=2 y=1
    """
    check_tabular(request, "a matrix")
    result = evaluate_request(request, console, names_in(wrt))
    if result.program.several:
        raise WrongRequest("a Hessian is of one output; the expression has several")
    names, matrix = [result.names[i] for i in result.asked], second_derivatives(result)
    missing = [
        f"{a}, {b}" for i, a in enumerate(names) for j, b in enumerate(names) if j >= i and not isfinite(matrix[i][j])
    ]
    told = f"not finite: the second derivative by {enumerated(missing[:3], 'and by')}"
    told += f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    if missing and request.strict:
        raise NotMet(told)
    console.write(_written(console, result, names, matrix, request))
    if missing:
        console.warning(told)
    for note in [*notes(result, second=True), *["there is no variable to differentiate by"] * (not names)]:
        console.note(note)


def second_derivatives(result: Evaluation) -> Matrix:
    """The Hessian by the inputs that were asked for."""
    from autodiff.engine import derivatives

    graph = result.program.graph
    inputs = {variable.name: value for variable, value in zip(graph.inputs, result.values)}
    wrt = [node for i in result.asked if isinstance(node := graph.nodes[i], Input)]
    return derivatives.hessian(graph, inputs, wrt)


def _written(console: Console, result: Evaluation, names: list[str], matrix: Matrix, request: Request) -> str:
    kind = format_of(request, console)
    cells = [(a, b, x) for a, row in zip(names, matrix) for b, x in zip(names, row)]
    if kind == "json":
        value = result.values[result.outputs[0]]
        document = {"expression": result.program.text, "value": value, "inputs": result.inputs, "wrt": names}
        nulls = [f"the value is {shortest(value)}"] * (not isfinite(value))
        nulls += [f"the second derivative by {a}, {b} is {shortest(x)}" for a, b, x in cells if not isfinite(x)]
        return json_line({**document, "hessian": matrix, **({"warnings": nulls} if nulls else {})})
    if kind == "plain":
        return "".join(f"{a}\t{b}\t{shortest(x)}\n" for a, b, x in cells)
    eye = kind in ("table", "markdown")
    rows = [[a, *(rounded(x, request.digits) if eye else shortest(x) for x in row)] for a, row in zip(names, matrix)]
    head = ["name", *names]
    if kind == "markdown":
        return markdown_table("", head, rows)
    if not eye:
        return separated_lines([head, *rows], "," if kind == "csv" else "\t")
    from autodiff.cli.tables import draw_table

    return draw_table(console, "", head, rows)
