"""`autodiff explain`: both passes step by step, as one writes them on a board."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Column, Grid, Lines, derivative_column, value_column
from autodiff.cli.options import (
    PictureOptions,
    PrintOptions,
    ProgramOptions,
    Wrt,
    format_option,
    names_in,
    with_options,
)
from autodiff.cli.output import check_format, check_picture, digits_of, format_of, print_evaluation, written
from autodiff.cli.reading import read_and_evaluate
from autodiff.engine.graph import Constant, Node
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.explanation import Explanation, explained
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.grammar.print.text import print_expression

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning

_FORMATS = ("table", "plain", "markdown", "json", "latex", "python")


class ExplainPrintOptions(PrintOptions):
    """How to print an explanation."""

    format: Annotated[str | None, format_option(_FORMATS)] = None


@with_options
def explain(
    console: Console,
    program: ProgramOptions,
    printing: ExplainPrintOptions,
    picture: PictureOptions,
    wrt: Wrt = None,
) -> None:
    """Print both passes step by step.

    autodiff explain 's = sigmoid(a*x + b); s + a' a=0.2 x=2 b=0.6
    autodiff explain 'a*x + b' a=0.2 x=2 b=0.6 --format latex
    """
    check_format(printing.format, _FORMATS)
    check_picture(picture)
    at = read_and_evaluate(program, console, names_in(wrt))
    if at.program.several:
        raise WrongRequest("explain needs an expression with one output", "explain one of them at a time")

    def write(found: "Sequence[Warning]") -> str:
        special = {"latex": _latex, "python": _python}.get(format_of(printing, console))
        if special:
            return special(explained(at), digits_of(printing))
        return written(Explained(explained(at), found), printing, console)

    print_evaluation(console, at, printing, picture, write)


@dataclass(frozen=True)
class Explained:
    """An explanation as an answer, with what is wrong in it."""

    board: Explanation
    warnings: "Sequence[Warning]"

    def lines(self) -> Lines:
        """Two tables: each stage with its value; then each backward step, in numbers too, with what the gate does."""
        forward, backward = self.board.passes(shortest)
        return [*[line[1:] for line in forward], *[[*line[:3], *filter(None, line[3:])] for line in backward]]

    def sheet(self) -> Lines:
        """The same lines, since an explanation has no columns that a spreadsheet could use."""
        return self.lines()

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """A table for each pass."""
        forward, backward = self.board.passes(number)
        in_numbers, gate = Column("in numbers", narrowest=None, spare=True), Column("gate", narrowest=12, spare=True)
        back = [Column("backward"), in_numbers, derivative_column("gradient"), gate]
        return [Grid("", [Column("stage"), Column("forward"), value_column()], forward), Grid("", back, backward)]

    def document(self) -> dict[str, Any]:
        """The stages and steps, with all their numbers."""
        board, at, names = self.board, self.board.evaluation, self.board.names
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
        return {
            "expression": at.program.text,
            "value": at.values[board.output],
            "inputs": {names[i]: at.values[i] for i in range(len(at.program.graph.inputs))},
            "output": names[board.output],
            "forward": [
                {"name": name, "formula": print_expression(formula), "value": value}
                for name, formula, value in board.forward
            ],
            "backward": backward,
            "gradient": {names[i]: at.derivative(i, 0) for i in at.asked},
            **({"warnings": [warning.message() for warning in self.warnings]} if self.warnings else {}),
        }


def _latex(board: Explanation, digits: int) -> str:
    """The explanation as LaTeX, aligned at the equals signs."""
    from autodiff.grammar.print.latex import FACTOR, distinct_names, expression

    names = distinct_names(filter(None, board.names))

    def number(x: float) -> str:
        return expression(Constant(float(rounded(x, digits))), {})

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


def _python(board: Explanation, digits: int) -> str:
    """The explanation as a Python program that prints every value and gradient."""
    from autodiff.engine.study.steps import evaluated, taken
    from autodiff.grammar.print.python import Line, python_program

    point = dict(zip(board.names, board.evaluation.values, strict=True))

    def line(target: str, formula: Node, number: float, adds: bool = False) -> Line:
        """Python raises where our number is not finite, so the number itself is written there."""
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
