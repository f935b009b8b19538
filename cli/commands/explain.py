"""`autodiff explain`: both passes step by step, as one writes them on a board."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from math import isfinite
from typing import TYPE_CHECKING, Any

from autodiff.cli.console import Console
from autodiff.cli.formats import json_line, markdown_table, warnings_of
from autodiff.cli.output import check_gates, check_render, format_of, put_out, unknown_format
from autodiff.cli.reading import evaluate_request, names_in
from autodiff.cli.request import ROW_OPTIONS, Request, Wrt, takes_request
from autodiff.engine.graph import Constant, Input, Node, dependent
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.grammar.print.text import print_expression

if TYPE_CHECKING:
    from autodiff.engine.study.steps import Step


@takes_request(*ROW_OPTIONS, "nodes", formats=("table", "plain", "markdown", "json", "latex", "python"))
def explain(
    console: Console,
    request: Request,
    wrt: Wrt = None,
) -> None:
    """Print both passes step by step.

    autodiff explain 's = sigmoid(a*x + b); s + a' a=0.2 x=2 b=0.6
    """
    kind = format_of(request, console)
    if kind not in FORMATS:
        raise unknown_format(kind, FORMATS)
    check_gates(request)
    check_render(request)
    result = evaluate_request(request, console, names_in(wrt))
    if result.program.several:
        raise WrongRequest("explain needs an expression with one output", "explain one of them at a time")
    put_out(console, result, request, lambda result, request, console: FORMATS[kind](_board(result), request, console))


@dataclass(frozen=True)
class Board:
    """The two passes as lines: what to write, and its numbers."""

    answer: Evaluation
    names: list[str]
    """Of the nodes; a constant has none, unless it is the output."""
    gradients: list[str]
    """The names of their gradients."""
    forward: list[tuple[str, Node, float]]
    """For each stage its name, its formula and its value."""
    backward: "list[Step]"

    @property
    def output(self) -> int:
        return self.answer.outputs[0]

    @property
    def inputs(self) -> list[tuple[str, float]]:
        """What is known before the first stage."""
        leaves = range(len(self.answer.program.graph.inputs))
        named = dict.fromkeys([*leaves, *([] if self.forward else [self.output])])
        return [(self.names[i], self.answer.values[i]) for i in named]

    def adjoint(self, gate: int) -> float:
        """What arrives at a gate."""
        return self.answer.derivative(gate, 0)

    def product(self, step: "Step") -> Node:
        """The gate's adjoint times the local derivative."""
        assert step.formula is not None
        return Node(OPERATIONS["mul"], (Input(self.gradients[step.gate]), step.formula))

    def deed(self, step: "Step") -> str:
        """What the gate does, in a word; and that gradients add up."""
        operation = self.answer.program.graph.nodes[step.gate].operation
        assert operation is not None
        if step.formula is not None:
            return f"{operation.name} {step.deed}{'; gradients add up' if step.adds else ''}"
        chooses = f" {step.deed}" if operation.symbol is None and step.deed == "routes" else ""
        return f"{operation.symbol or operation.name}{chooses}: nothing flows here"


def _board(result: Evaluation) -> Board:
    from autodiff.engine.study.steps import stages, steps

    graph, names = result.program.graph, _names(result)
    forward = [(names[stage.position], stage.formula, result.values[stage.position]) for stage in stages(graph, names)]
    backward = steps(graph, result.values, graph.outputs[0], names, dependent(graph, result.asked))
    return Board(result, names, _gradients(names), forward, backward)


def _names(result: Evaluation) -> list[str]:
    """A short name for every node: the user's own, or the next that is free."""
    nodes = result.program.graph.nodes
    used, names = {node.label for node in nodes if node.label} | {"t"}, list[str]()
    given = set[str]()
    fresh = (name for k in count(1) if (name := f"t{k}") not in used)
    for i, node in enumerate(nodes):
        output = i == result.outputs[0]
        name = node.label or ("f" if output and "f" not in used else "")
        if isinstance(node, Constant) and not output:
            name = ""
        elif not name or not (isinstance(node, Input) or name.isidentifier()):
            name = next(fresh)
        elif name in given:  # it was assigned again
            name = next(again for k in count(2) if (again := f"{name}_{k}") not in used)
        used.add(name)
        given.add(name)
        names.append(name)
    return names


def _gradients(names: list[str]) -> list[str]:
    """The names of gradients: a d before the name, and a dash where that is the name of something else."""
    gradients, taken = list[str](), set(names)
    for name in names:
        gradient = f"d{name}"
        while gradient in taken:
            gradient = f"{gradient[0]}_{gradient[1:]}"
        gradients.append(gradient if name else "")
        taken.add(gradient)
    return gradients


Row = list[str]


def _rows(board: Board, number: Callable[[float], str]) -> tuple[list[Row], list[Row]]:
    """The lines of both passes in cells: what is computed, how in numbers, and the result."""
    forward = [["", name, number(value)] for name, value in board.inputs]
    for i, (name, formula, value) in enumerate(board.forward, 1):
        forward.append([str(i), f"{name} = {print_expression(formula)}", number(value)])
    backward = [[f"{board.gradients[board.output]} = 1", "1", "1", ""]]
    totals: dict[int, float] = {}
    for step in board.backward:
        line = f"{board.gradients[step.operand]} {'+=' if step.adds else '='} "
        before = f"{number(totals[step.operand])} + " if step.adds else ""
        if step.formula is None:
            line, numbers = f"{line}0", f"{before}0"
        else:
            line += print_expression(board.product(step)).replace("*", " * ", 1)
            numbers = f"{before}{number(board.adjoint(step.gate))} * {number(step.local)}"
        totals[step.operand] = step.total
        backward.append([line, numbers, number(step.total), board.deed(step)])
    return forward, backward


def _plain(board: Board, request: Request, console: Console) -> str:
    forward, backward = _rows(board, shortest)
    lines = [f"{line}\t{value}" for _, line, value in forward]
    lines += ["\t".join(row).rstrip() for row in backward]
    return "".join(f"{line}\n" for line in lines)


_HEADS = (["stage", "forward", "value"], ["backward", "in numbers", "gradient", "gate"])


def _table(board: Board, request: Request, console: Console) -> str:
    from autodiff.cli.tables import draw_steps

    forward, backward = _rows(board, lambda number: rounded(number, request.digits))
    return draw_steps(console, _HEADS[0], forward) + "\n" + draw_steps(console, _HEADS[1], backward)


def _markdown(board: Board, request: Request, console: Console) -> str:
    forward, backward = _rows(board, lambda number: rounded(number, request.digits))
    words = ["forward", "in numbers", "gate"]
    return markdown_table("", _HEADS[0], forward, words) + "\n" + markdown_table("", _HEADS[1], backward, words)


def _json(board: Board, request: Request, console: Console) -> str:
    graph, names = board.answer.program.graph, board.names
    forward = [
        {"name": name, "formula": print_expression(formula), "value": value} for name, formula, value in board.forward
    ]
    backward = [
        {
            "to": names[step.operand],
            "from": names[step.gate],
            "formula": None if step.formula is None else print_expression(board.product(step)),
            "adjoint": board.adjoint(step.gate),
            "local": None if step.formula is None else step.local,
            "flow": step.flow,
            "total": step.total,
            "gate": board.deed(step),
        }
        for step in board.backward
    ]
    document: dict[str, Any] = {
        "expression": board.answer.program.text,
        "value": board.answer.values[board.answer.outputs[0]],
        "inputs": {names[i]: board.answer.values[i] for i in range(len(graph.inputs))},
        "output": names[board.answer.outputs[0]],
        "forward": forward,
        "backward": backward,
        "gradient": {names[i]: board.answer.derivative(i, 0) for i in board.answer.asked},
    }
    if warnings := warnings_of(board.answer):
        document["warnings"] = [warning.message() for warning in warnings]
    return json_line(document)


def _latex(board: Board, request: Request, console: Console) -> str:
    from autodiff.grammar.print.latex import FACTOR, distinct_names, expression

    names = distinct_names(filter(None, board.names))

    def number(x: float) -> str:
        return expression(Constant(float(rounded(x, request.digits))), {})

    def gradient(i: int) -> str:
        return rf"\mathrm{{d}}{names[board.names[i]]}"

    lines = [f"{names[name]} &= {number(value)}" for name, value in board.inputs]
    for name, formula, value in board.forward:
        lines.append(f"{names[name]} &= {expression(formula, names)} = {number(value)}")
    lines.append(f"{gradient(board.output)} &= 1")
    for step in board.backward:
        flow = "0"
        if step.formula is None and step.adds:
            continue
        if step.formula is not None:
            flow = rf"{gradient(step.gate)} \cdot {expression(step.formula, names, FACTOR)} = {number(step.flow)}"
        total = rf" \rightarrow {number(step.total)}" if step.adds else ""
        sign = r"\mathrel{+}=" if step.adds else "="
        lines.append(f"{gradient(step.operand)} &{sign} {flow}{total}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n"


def _python(board: Board, request: Request, console: Console) -> str:
    from autodiff.engine.study.steps import evaluated, taken
    from autodiff.grammar.print.python import Line, python_program

    point = dict(zip(board.names, board.answer.values, strict=True))

    def line(target: str, formula: Node, number: float, adds: bool = False) -> Line:
        """Python raises where our number is not finite; so there the number itself stands."""
        if all(map(isfinite, evaluated(taken(formula, point), point).values())):
            return Line(target, formula, adds)
        return Line(target, Constant(number), adds, print_expression(formula))

    lines = [Line(name, Constant(value)) for name, value in board.inputs]
    lines += [line(name, formula, value) for name, formula, value in board.forward]
    lines.append(Line(board.gradients[board.output], Constant(1.0)))
    for step in board.backward:
        target = board.gradients[step.operand]
        if step.formula is not None:
            local = line("", step.formula, step.local)
            product = board.product(replace(step, formula=local.formula))
            lines.append(Line(target, product, step.adds, local.remark))
        elif not step.adds:
            lines.append(Line(target, Constant(0.0)))
    reached = {board.output, *(step.operand for step in board.backward)}
    printed = [(name, board.gradients[i] if i in reached else None) for i, name in enumerate(board.names) if name]
    try:
        return python_program(lines, printed)
    except ValueError as error:
        raise WrongRequest(str(error), "use --format json") from None


FORMATS: dict[str, Callable[[Board, Request, Console], str]] = {
    "table": _table,
    "plain": _plain,
    "markdown": _markdown,
    "json": _json,
    "latex": _latex,
    "python": _python,
}
