"""Second derivatives at a point, each the double nearest to the true number: the backward pass on dual balls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any

from autodiff.engine.arithmetic.duals import Dual, Duals, tangents
from autodiff.engine.graph import Constant, Graph, Input, topological_order
from autodiff.engine.passes import backward, evaluate, forward
from autodiff.engine.study.kinks import gates_at_kinks
from autodiff.engine.table.operations import FLOATS, OPERATIONS

# Twice the bits of a double: enough unless much cancels.
_FIRST_BITS = 100
_MOST_TANGENTS = 1_000_000  # at a time

Matrix = list[list[float]]
_Entries = dict[tuple[int, int], Any]


@dataclass(frozen=True)
class Missing:
    """A second derivative that does not exist: the first by `row` is not smooth as `column` moves.

    The sides are its slopes, or where it makes a step its values.
    """

    row: int
    column: int
    left: float
    right: float
    step: bool


@dataclass(frozen=True)
class Undecided:
    """A second derivative that balls could not decide, so that it is that of doubles."""

    row: int
    column: int


Gap = Missing | Undecided


def hessian(graph: Graph, inputs: Mapping[str, float], wrt: Sequence[Input]) -> Matrix:
    """The second derivatives of the one output of a graph, a symmetric matrix."""
    return hessian_and_gaps(graph, inputs, wrt)[0]


def hessian_and_gaps(graph: Graph, inputs: Mapping[str, float], wrt: Sequence[Input]) -> tuple[Matrix, list[Gap]]:
    """The Hessian, and the second derivatives that do not exist or are not sure.

    Where balls have no answer, at a pole or where an input is not finite, it is that of doubles.
    """
    at_once = max(1, _MOST_TANGENTS // len(graph.nodes))
    entries: _Entries = {}
    undecided: list[tuple[int, int]] = []
    for start in range(0, len(wrt), at_once):
        found, unsure = _entries(graph, inputs, wrt, range(start, min(start + at_once, len(wrt))))
        entries |= found
        undecided += unsure
    gaps: dict[tuple[int, int], Gap] = {}
    if all(map(isfinite, inputs.values())):
        gaps = {place: Undecided(*place) for place in undecided if isfinite(entries[place])}
        for place, mended in at_kinks(graph, forward(graph, inputs), wrt, lambda: _balls(inputs), _ball):
            if isinstance(gaps.get(place), Undecided):
                del gaps[place]
            if not isinstance(mended, Missing):
                entries[place] = mended
            elif isfinite(entries[place]):
                gaps.setdefault(place, mended)
    size = range(len(wrt))
    return [[entries[max(i, j), min(i, j)] for j in size] for i in size], list(gaps.values())


def _entries(
    graph: Graph, inputs: Mapping[str, float], wrt: Sequence[Input], columns: range
) -> tuple[_Entries, list[tuple[int, int]]]:
    """Compute the entries of some columns, on and below the diagonal; and tell which are those of doubles."""
    wanted = [(i, j) for j in columns for i in range(j, len(wrt))]
    found: _Entries = {}
    constants = [node.number for node in graph.nodes if isinstance(node, Constant)]
    if all(map(isfinite, [*inputs.values(), *constants])):
        from autodiff.engine.arithmetic.balls import MOST_BITS, number
        from autodiff.engine.arithmetic.special import precision

        bits = _FIRST_BITS
        while len(found) < len(wanted) and bits <= MOST_BITS:
            with precision(bits):
                entries = _on_doubles(graph, inputs, wrt, columns, _dual_balls(), number)
                for place in wanted:
                    if place not in found and (entry := number(entries.get(place, 0.0)).double()) is not None:
                        found[place] = entry
            bits *= 2
    undecided = [place for place in wanted if place not in found]
    if undecided:
        entries = _on_doubles(graph, inputs, wrt, columns, Duals(FLOATS, OPERATIONS), float)
        found |= {place: entries.get(place, 0.0) for place in undecided}
    return found, undecided


@cache
def _dual_balls() -> Duals:
    from autodiff.engine.arithmetic.balls import BALLS

    return Duals(BALLS, OPERATIONS)


def second_derivatives(
    graph: Graph,
    point: Mapping[str, Any],
    wrt: Sequence[Input],
    columns: range,
    m: Duals,
    constant: Callable[[Constant], Any],
    one: Any,
) -> dict[tuple[int, int], Any]:
    """The second derivatives of the one output by row and column, some of them; those left out are 0.

    The numbers of the inputs, of constants and 1 are those of the arithmetic under `m`.
    """
    column = {wrt[j].name: j for j in columns}
    moving = {name: Dual(x, {column[name]: one} if name in column else {}) for name, x in point.items()}
    values = evaluate(graph, moving, m.functions, lambda node: Dual(constant(node), {}))
    adjoints = backward(graph, values, graph.outputs[0], m)
    return {
        (i, j): derivative
        for i, variable in enumerate(wrt)
        for j, derivative in tangents(adjoints[graph.position[variable]]).items()
    }


def _on_doubles(
    graph: Graph,
    inputs: Mapping[str, float],
    wrt: Sequence[Input],
    columns: range,
    m: Duals,
    number: Callable[[float], Any],
) -> dict[tuple[int, int], Any]:
    """Those at a point of doubles, given how the arithmetic under `m` takes them."""
    point = {name: number(x) for name, x in inputs.items()}
    return second_derivatives(graph, point, wrt, columns, m, lambda node: number(node.number), number(1.0))


def _balls(inputs: Mapping[str, float]) -> Mapping[str, Any]:
    from autodiff.engine.study.slopes import doubles

    return doubles(inputs)


def _ball(constant: Constant) -> Any:
    from autodiff.engine.arithmetic.balls import number

    return number(constant.number)


def at_kinks(
    graph: Graph,
    values: Sequence[float],
    wrt: Sequence[Input],
    point: Callable[[], Mapping[str, Any]],
    constant: Callable[[Constant], Any],
) -> Iterator[tuple[tuple[int, int], float | Missing]]:
    """The entries that a gate at a kink has to do with, by the slopes of the gradient on both sides of it.

    `point` gives the inputs as balls at the precision of the moment, and `constant` the constants.
    """
    gates = gates_at_kinks(graph, values, [graph.position[variable] for variable in wrt])
    if not gates:
        return
    from autodiff.engine.arithmetic.special import precision
    from autodiff.engine.study.slopes import BITS, Behaviour, gradient, same, sides_around

    moving = set(topological_order([graph.nodes[i] for i in gates]))
    with precision(BITS):
        here = point()
        for j, variable in enumerate(wrt):
            if variable not in moving:
                continue
            along = sides_around(
                lambda x, name=variable.name: gradient(graph, {**here, name: x}, wrt, constant),  # type: ignore[misc]
                here[variable.name],
            )
            for i, (left, right) in enumerate(along):
                place = max(i, j), min(i, j)
                if left.behaviour is not Behaviour.JUMPS and same(left.slope, right.slope):
                    yield place, float(right.slope)
                else:
                    step = left.behaviour is Behaviour.JUMPS
                    yield place, Missing(i, j, float(left.slope), float(right.slope), step)
