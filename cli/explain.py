"""`autodiff explain`: both passes step by step, as one writes them on a board."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..engine.graph import Constant, Input, Node
from ..engine.operations import OPERATIONS
from ..grammar.printer import print_expression
from .answer import Answer, answer
from .failures import Failure
from .formats import json_line, markdown_table
from .numbers import rounded, shortest
from .output import check_gates, check_render, format_of, put_out, unknown_format
from .request import ROW_OPTIONS, Request, Wrt, takes_request


@takes_request(*ROW_OPTIONS, "nodes")
def explain(
    request: Request,
    wrt: Wrt = None,
) -> None:
    """Print both passes step by step.

    autodiff explain 's = sigmoid(a*x + b); s + a' a=0.2 x=2 b=0.6
    """
    kind = format_of(request)
    if kind not in FORMATS:
        raise unknown_format(kind, FORMATS)
    check_gates(request)
    check_render(request)
    result = answer(request, ",".join(wrt) if wrt else None, gradient=True)
    if result.program.several:
        raise Failure("explain needs an expression with one output", "explain one of them at a time")
    put_out(result, request, lambda result, request: FORMATS[kind](_board(result), request))


@dataclass(frozen=True)
class Board:
    """The two passes as lines: what to write, and its numbers."""

    answer: Answer
    names: list[str]
    forward: list[tuple[str, Node, float]]
    """For each stage its name, its formula and its value."""
    backward: list[Any]
    """The steps, of `engine.steps`."""

    def adjoint(self, gate: int) -> float:
        """What arrives at a gate."""
        return self.answer.derivative(gate, 0)

    def product(self, step: Any) -> Node:
        """The gate's adjoint times the local derivative."""
        return Node(OPERATIONS["mul"], (Input(f"d{self.names[step.gate]}"), step.formula))

    def deed(self, step: Any) -> str:
        """What the gate does, in a word; and that gradients add up."""
        operation = self.answer.program.graph.nodes[step.gate].operation
        name = operation.name if operation else ""
        more = ": nothing flows here" if step.formula is None else "; gradients add up" if step.adds else ""
        return f"{name} {step.deed}{more}"


def _board(result: Answer) -> Board:
    from ..engine.steps import stages, steps

    graph, names = result.program.graph, _names(result)
    forward = [(names[stage.position], stage.formula, result.values[stage.position]) for stage in stages(graph, names)]
    return Board(result, names, forward, steps(graph, result.values, graph.outputs[0], names))


def _names(result: Answer) -> list[str]:
    """A short name for every node: the user's own, or the next that is free."""
    nodes = result.program.graph.nodes
    taken = {node.label for node in nodes if node.label} | {"t"}
    names = []
    used: set[str] = set()
    for i, node in enumerate(nodes):
        if isinstance(node, Constant):
            names.append("")
            continue
        name = node.label if node.label and (isinstance(node, Input) or node.label.isidentifier()) else None
        if name is None and i == result.outputs[0] and "f" not in taken:
            name = "f"
        if name is None:
            name = next(fresh for k in range(1, len(nodes) + 2) if (fresh := f"t{k}") not in taken | used)
        while name in used:  # a name that was assigned again
            name += "_"
        used.add(name)
        names.append(name)
    return names


Row = list[str]


def _rows(board: Board, number: Callable[[float], str]) -> tuple[list[Row], list[Row]]:
    """The lines of both passes in cells: what is computed, how in numbers, and the result."""
    forward = [
        [str(i), f"{name} = {print_expression(formula)}", number(value)]
        for i, (name, formula, value) in enumerate(board.forward, 1)
    ]
    backward = [[f"d{board.names[board.answer.outputs[0]]} = 1", "1", "1", ""]]
    totals: dict[int, float] = {}
    for step in board.backward:
        line = f"d{board.names[step.operand]} {'+=' if step.adds else '='} "
        before = f"{number(totals[step.operand])} + " if step.adds else ""
        if step.formula is None:
            line, numbers = f"{line}0", f"{before}0"
        else:
            line += print_expression(board.product(step)).replace("*", " * ", 1)
            numbers = f"{before}{number(board.adjoint(step.gate))} * {number(step.local)}"
        totals[step.operand] = step.total
        backward.append([line, numbers, number(step.total), board.deed(step)])
    return forward, backward


def _plain(board: Board, request: Request) -> str:
    forward, backward = _rows(board, shortest)
    lines = [f"{line}\t{value}" for _, line, value in forward]
    lines += ["\t".join(row).rstrip() for row in backward]
    return "".join(f"{line}\n" for line in lines)


_HEADS = (["stage", "forward", "value"], ["backward", "in numbers", "gradient", "gate"])


def _table(board: Board, request: Request) -> str:
    from .tables import draw_steps

    forward, backward = _rows(board, lambda number: rounded(number, request.digits))
    return draw_steps(_HEADS[0], forward) + "\n" + draw_steps(_HEADS[1], backward)


def _markdown(board: Board, request: Request) -> str:
    forward, backward = _rows(board, lambda number: rounded(number, request.digits))
    words = ["forward", "in numbers", "gate"]
    return markdown_table("", _HEADS[0], forward, words) + "\n" + markdown_table("", _HEADS[1], backward, words)


def _json(board: Board, request: Request) -> str:
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
    document = {
        "expression": board.answer.program.text,
        "value": board.answer.values[board.answer.outputs[0]],
        "inputs": {names[i]: board.answer.values[i] for i in range(len(graph.inputs))},
        "output": names[board.answer.outputs[0]],
        "forward": forward,
        "backward": backward,
        "gradient": {names[i]: board.answer.derivative(i, 0) for i in board.answer.asked},
    }
    return json_line(document)


def _latex(board: Board, request: Request) -> str:
    from ..grammar.latex import latex

    def number(x: float) -> str:
        return latex([Constant(float(rounded(x, request.digits)))])

    lines = [
        rf"{latex([Input(name)])} &= {latex([formula])} = {number(value)}" for name, formula, value in board.forward
    ]
    output = board.names[board.answer.outputs[0]]
    lines.append(rf"\mathrm{{d}}{latex([Input(output)])} &= 1")
    for step in board.backward:
        if step.formula is not None:
            product = rf"\mathrm{{d}}{latex([Input(board.names[step.gate])])} \cdot {_factor(latex([step.formula]))}"
            plus = r"\mathrel{+}=" if step.adds else "="
            target = rf"\mathrm{{d}}{latex([Input(board.names[step.operand])])}"
            lines.append(f"{target} &{plus} {product} = {number(step.flow)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n"


def _factor(text: str) -> str:
    return text if text.replace("_", "").replace("{", "").replace("}", "").isalnum() else rf"\left({text}\right)"


def _python(board: Board, request: Request) -> str:
    from ..grammar.python import python_program

    graph, names = board.answer.program.graph, board.names
    point = [(names[i], board.answer.values[i]) for i in range(len(graph.inputs))]
    forward = [(name, formula) for name, formula, _ in board.forward]
    output = names[board.answer.outputs[0]]
    backward = [
        (f"d{names[step.operand]}", board.product(step), step.adds)
        for step in board.backward
        if step.formula is not None
    ]
    numbers = [names[i] for i in range(len(graph.nodes)) if not isinstance(graph.nodes[i], Constant)]
    try:
        return python_program(point, forward, f"d{output}", backward, numbers)
    except ValueError as error:
        raise Failure(str(error), "use --format json") from None


FORMATS: dict[str, Callable[[Board, Request], str]] = {
    "table": _table,
    "plain": _plain,
    "markdown": _markdown,
    "json": _json,
    "latex": _latex,
    "python": _python,
}
