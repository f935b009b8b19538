"""The output formats, each a function from an answer to its text. Nothing else lists them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from autodiff.cli.console import Console
from autodiff.cli.request import Request
from autodiff.engine.graph import Input
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded, shortest

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning


def plain(answer: Evaluation, request: Request, console: Console) -> str:
    """One number a line, or for a gradient `name<TAB>derivative`; the output's name first where there are several."""
    rows: list[tuple[str, ...]]
    if answer.adjoints is None:
        positions = sorted({*answer.gates, *answer.outputs}) if request.nodes else answer.outputs
        rows = [(*([answer.names[i]] if request.nodes else []), shortest(answer.values[i])) for i in positions]
    else:
        positions = [*answer.asked, *(answer.gates if request.nodes else [])]
        outputs = [[answer.names[i]] if answer.program.several else [] for i in answer.outputs]
        rows = [
            (*output, answer.names[i], shortest(answer.derivative(i, k)))
            for k, output in enumerate(outputs)
            for i in positions
        ]
    return "".join("\t".join(row) + "\n" for row in rows)


def json_text(answer: Evaluation, request: Request, console: Console) -> str:
    """One object on one line; a number that is not finite is null and named in `warnings`."""
    several = answer.program.several
    document: dict[str, Any] = {
        "expression": answer.program.text,
        "value": _one_or_list([answer.values[i] for i in answer.outputs], several),
        "inputs": answer.inputs,
    }
    if answer.adjoints is not None:
        gradients = [
            {name: _column(answer, place, k) for name, place in answer.asked_by_name.items()}
            for k in range(len(answer.outputs))
        ]
        document["gradient"] = _one_or_list(gradients, several)
    if request.nodes:
        document["nodes"] = [_json_node(answer, i, several) for i in range(len(answer.values))]
    if warnings := [*(warning.message() for warning in warnings_of(answer)), *_null_numbers(answer, request.nodes)]:
        document["warnings"] = warnings
    return json_line(document)


def warnings_of(answer: Evaluation) -> "list[Warning]":
    """What is wrong with the numbers of an answer."""
    if answer.is_finite():
        return []
    from autodiff.evaluation.remarks import warnings

    return warnings(answer)


def json_line(document: dict[str, Any]) -> str:
    """An object on one line, in which a number that is not finite is null."""
    import json

    return json.dumps(_without_non_finite(document), ensure_ascii=False) + "\n"


def _null_numbers(answer: Evaluation, nodes: bool) -> list[str]:
    """Names for the numbers beside the answer itself that JSON has no notation for."""
    graph = answer.program.graph
    numbers = [(f"the input {v.name}", answer.values[i]) for i, v in enumerate(graph.nodes) if isinstance(v, Input)]
    for i in answer.gates if nodes else ():
        numbers.append((f"the value of node {answer.names[i]}", answer.values[i]))
        numbers += [(f"the gradient of node {answer.names[i]}", d) for d in answer.derivatives(i)]
    return [f"{what} is {shortest(number)}" for what, number in numbers if not isfinite(number)]


def _json_node(answer: Evaluation, i: int, several: bool) -> dict[str, Any]:
    graph = answer.program.graph
    operation = graph.nodes[i].operation
    node: dict[str, Any] = {
        "name": answer.names[i],
        "operation": operation.name if operation else None,
        "operands": [answer.names[j] for j in graph.operands[i]],
        "value": answer.values[i],
    }
    if answer.adjoints is not None and (i in answer.asked or not isinstance(graph.nodes[i], Input)):
        node["gradient"] = _one_or_list(answer.derivatives(i), several)
    return node


def _column(answer: Evaluation, place: list[int] | int, k: int) -> list[float] | float:
    """The derivatives of the k-th output by the elements of a vector, or the one by a scalar."""
    if isinstance(place, list):
        return [answer.derivative(i, k) for i in place]
    return answer.derivative(place, k)


def _one_or_list(items: list[Any], several: bool) -> Any:
    return items if several else items[0]


def _without_non_finite(item: Any) -> Any:
    """The same with None for every number that JSON has no notation for."""
    if isinstance(item, float):
        return item if isfinite(item) else None
    if isinstance(item, dict):
        return {key: _without_non_finite(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_without_non_finite(value) for value in item]
    return item


def separated(answer: Evaluation, request: Request, console: Console, *, delimiter: str) -> str:
    """A header and one row an output: `value`, then `d_NAME` for each derivative."""
    if request.nodes:
        raise WrongRequest("--nodes has no place in csv and tsv", "use --format json or --format table")
    several = answer.program.several
    lines = [[*["output"] * several, "value", *[f"d_{answer.names[i]}" for i in answer.asked]]]
    for k, i in enumerate(answer.outputs):
        derivatives = [shortest(answer.derivative(j, k)) for j in answer.asked]
        lines.append([*[answer.names[i]] * several, shortest(answer.values[i]), *derivatives])
    return separated_lines(lines, delimiter)


def separated_lines(lines: Iterable[Sequence[str]], delimiter: str) -> str:
    """Lines of cells, quoted where they need it."""
    import csv
    from io import StringIO

    text = StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return text.getvalue()


Grid = tuple[str, list[str], list[list[str]]]
"""A line above a table, the heads of its columns, and its rows."""


def grid(answer: Evaluation, request: Request, console: Console) -> Grid:
    """A gradient by name, one row an input; of several outputs the Jacobian, one row an output."""
    nodes = answer.program.graph.nodes
    value = [rounded(number, request.digits) for number in answer.values]
    gates = [i for i in answer.gates if i not in answer.outputs] if request.nodes else []
    inputs = [i for i, node in enumerate(nodes) if isinstance(node, Input)]
    if answer.adjoints is None:
        once = dict.fromkeys([*inputs, *gates, *answer.outputs])
        return "", ["name", "value"], [[answer.names[i], value[i]] for i in once]
    shown = [*answer.asked, *gates]
    derivatives = [[rounded(d, request.digits) for d in answer.derivatives(i)] for i in shown]
    if not answer.program.several or request.nodes:
        of = [f"d {answer.names[i]}" for i in answer.outputs] if answer.program.several else ["derivative"]
        title = ", ".join(f"{answer.names[i]} = {value[i]}" for i in answer.outputs)
        body = [[answer.names[i], value[i], *row] for i, row in zip(shown, derivatives, strict=True)]
        return title, ["name", "value", *of], body
    at = ", ".join(f"{answer.names[i]} = {value[i]}" for i in inputs)
    head = ["output", "value", *[f"by {answer.names[i]}" for i in shown]]
    body = [[answer.names[i], value[i], *[d[k] for d in derivatives]] for k, i in enumerate(answer.outputs)]
    return at, head, body


def markdown(answer: Evaluation, request: Request, console: Console) -> str:
    """A pipe table, with the value above it."""
    return markdown_table(*grid(answer, request, console))


def markdown_table(title: str, head: list[str], rows: list[list[str]], words: Sequence[str] = ()) -> str:
    """A pipe table, with the title above it; numbers stand right, names and other words left."""
    lines = [head, ["---" if name in (head[0], *words) else "---:" for name in head], *rows]
    table = "".join("| " + " | ".join(_markdown_cell(cell) for cell in line) + " |\n" for line in lines)
    return f"{_markdown_cell(title)}\n\n{table}" if title else table


def _markdown_cell(text: str) -> str:
    return "".join("\\" + c if c in "\\|*_`<[#~$" else c for c in text) if not text.startswith("---") else text


def table(answer: Evaluation, request: Request, console: Console) -> str:
    """The table for a terminal."""
    from autodiff.cli.tables import draw_table

    return draw_table(console, *grid(answer, request, console))


def _picture(answer: Evaluation, request: Request, console: Console, *, kind: str) -> str:
    from autodiff.pictures.pictures import picture

    return picture(answer, kind, request.drawing).decode()


def _tree(answer: Evaluation, request: Request, console: Console) -> str:
    from autodiff.pictures.drawing import Drawing
    from autodiff.pictures.tree import tree

    return console.drawn(tree(Drawing(answer, request.drawing)), console.width or 10_000)


FORMATS: dict[str, Callable[[Evaluation, Request, Console], str]] = {
    "table": table,
    "plain": plain,
    "json": json_text,
    "csv": partial(separated, delimiter=","),
    "tsv": partial(separated, delimiter="\t"),
    "markdown": markdown,
    "tree": _tree,
    "dot": partial(_picture, kind="dot"),
    "svg": partial(_picture, kind="svg"),
    "mermaid": partial(_picture, kind="mermaid"),
}
