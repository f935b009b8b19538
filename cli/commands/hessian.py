"""`autodiff hessian`: the second derivatives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Grid, Lines, derivative_column, name_column
from autodiff.cli.options import Precision, PrintOptions, ProgramOptions, Wrt, names_in, with_options
from autodiff.cli.output import check_tabular, written
from autodiff.cli.precise import InDigits, check_precision
from autodiff.cli.reading import program_of, read
from autodiff.engine.graph import Input
from autodiff.engine.hessians import Gap, Matrix, Undecided
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation, evaluate
from autodiff.evaluation.numbers import Digits, shortest
from autodiff.evaluation.reading import check_complete
from autodiff.grammar.errors import enumerated

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning

_MOST_TOLD = 3


@with_options
def hessian(
    console: Console,
    program: ProgramOptions,
    printing: PrintOptions,
    wrt: Wrt = None,
    precision: Precision = None,
) -> None:
    """Print the second derivatives, a symmetric matrix.

    autodiff hessian 'x^2*y + sin(y)' x=2 y=1
    autodiff hessian 'w @ w' w=[1,2,3] --wrt w
    """
    check_tabular(printing, "a matrix")
    found, gaps, doubts = _found(console, program, printing, names_in(wrt), precision)
    missing = [f"{a}, {b}" for a, b in found.not_finite()]
    told = f"not finite: the second derivative by {enumerated(missing[:3], 'and by')}"
    told += f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    if printing.strict and (missing or doubts):
        raise NotMet(told if missing else doubts[0].short)
    console.write(written(found if precision is None else InDigits(found), printing, console))
    if missing:
        console.warning(told)
    for doubt in doubts:
        console.warning(doubt.short)
    for note in found.without(gaps):
        console.note(note)
    if not found.names:
        console.note("there is no variable to differentiate by")


def _found(
    console: Console,
    options: ProgramOptions,
    printing: PrintOptions,
    wrt: Sequence[str] | None,
    precision: int | None,
) -> "tuple[Hessian, Sequence[Gap], list[Warning]]":
    """The answer, the second derivatives that do not exist, and what is not proved."""
    reading = read(options, console)
    program = program_of(reading, console)
    check_complete(program, reading.values)
    if program.several:
        raise WrongRequest("a Hessian is of one output; the expression has several")
    if precision is None:
        at = evaluate(program, reading.values, wrt)
        matrix, missing = second_derivatives(at)
        return Hessian(at, matrix), missing, []
    check_precision(printing)
    from autodiff.evaluation.precise import hessian_precisely

    at, matrix, gaps, doubts = hessian_precisely(program, reading.written, wrt, precision)
    return Hessian(at, matrix, doubts), gaps, doubts


def second_derivatives(at: Evaluation) -> tuple[Matrix, list[Gap]]:
    """The Hessian by the inputs that were asked for, and the entries that do not exist or are not sure."""
    from autodiff.engine.hessians import hessian_and_gaps

    graph = at.program.graph
    inputs = {variable.name: value for variable, value in zip(graph.inputs, at.values)}
    wrt = [node for i in at.asked if isinstance(node := graph.nodes[i], Input)]
    return hessian_and_gaps(graph, inputs, wrt)


@dataclass(frozen=True)
class Hessian:
    """The second derivatives of an evaluation by some variables, as an answer."""

    at: Evaluation
    matrix: Matrix
    doubts: "Sequence[Warning]" = ()

    @property
    def names(self) -> list[str]:
        """The names of the variables."""
        return [self.at.names[i] for i in self.at.asked]

    @property
    def cells(self) -> list[tuple[str, str, float]]:
        """A pair of names, and the derivative by both."""
        return [(a, b, x) for a, row in zip(self.names, self.matrix) for b, x in zip(self.names, row)]

    def not_finite(self) -> list[tuple[str, str]]:
        """The pairs of names, each once, by which the derivative is not finite."""
        pairs = ((i, j) for i in range(len(self.names)) for j in range(i, len(self.names)))
        return [(self.names[i], self.names[j]) for i, j in pairs if _is_not_finite(self.matrix[i][j])]

    def without(self, gaps: Sequence[Gap]) -> list[str]:
        """Notes on the derivatives that do not exist or are not sure: a few in full, the others as a number."""
        lines = []
        for gap in gaps[:_MOST_TOLD]:
            row, column = self.names[gap.row], self.names[gap.column]
            printed = shortest(self.matrix[gap.row][gap.column])
            if isinstance(gap, Undecided):
                lines.append(
                    f"the second derivative by {row}, {column} could not be decided; printed {printed}, by doubles"
                )
                continue
            sides = f"{shortest(gap.left)} from the left, {shortest(gap.right)} from the right"
            step = f"the first one by {row} makes a step as {column} moves, " if gap.step else ""
            lines.append(f"there is no second derivative by {row}, {column}: {step}{sides}; printed {printed}")
        more = len(gaps) - len(lines)
        return [*lines, *[f"{more} more second derivatives do not exist, or could not be decided"] * bool(more)]

    def lines(self) -> Lines:
        """A line for each pair of names: both, and the derivative."""
        return [(a, b, shortest(x)) for a, b, x in self.cells]

    def sheet(self) -> Lines:
        """The matrix, with the names above it and on its left."""
        return [["name", *self.names], *self._rows(shortest)]

    def _rows(self, number: Callable[[float], str]) -> list[list[str]]:
        return [[name, *map(number, row)] for name, row in zip(self.names, self.matrix)]

    def document(self) -> dict[str, Any]:
        """The value, the inputs and the matrix; numbers that are not finite are named in `warnings`."""
        value = self.at.values[self.at.outputs[0]]
        nulls = [f"the value is {shortest(value)}"] * _is_not_finite(value)
        nulls += [f"the second derivative by {a}, {b} is {shortest(x)}" for a, b, x in self.cells if _is_not_finite(x)]
        nulls += [doubt.message() for doubt in self.doubts]
        return {
            "expression": self.at.program.text,
            "value": value,
            "inputs": self.at.inputs,
            "wrt": self.names,
            "hessian": self.matrix,
            **({"warnings": nulls} if nulls else {}),
        }

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """The matrix."""
        return [Grid("", [name_column(), *map(derivative_column, self.names)], self._rows(number))]


def _is_not_finite(x: float) -> bool:
    """Whether a number is known not to be finite."""
    return not isfinite(x) and not (isinstance(x, Digits) and not x.known)
