"""Values and derivatives to any number of digits, each proved on balls. Numbers mean what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan, nextafter
from typing import TypeVar

from flint import arb, fmpq

from autodiff.engine.arithmetic.balls import MOST_BITS, Ball, Number, arb_of, exact, number
from autodiff.engine.arithmetic.digits import certain, digits_of, zero_to
from autodiff.engine.arithmetic.duals import Duals
from autodiff.engine.arithmetic.poles import FUNCTIONS, POLES, is_unknown, nearest
from autodiff.engine.arithmetic.special import precision
from autodiff.engine.graph import Constant, Graph, Input, Node
from autodiff.engine.hessians import Missing, at_kinks, second_derivatives
from autodiff.engine.passes import backward, evaluate
from autodiff.engine.table.operations import OPERATIONS

T = TypeVar("T")

_BITS_OF_A_DIGIT = 3.3219280948873626
_MORE_BITS = (64, 256, 1024, MOST_BITS)  # than the digits have, until these are proved
_LOST = 32  # correct bits: a number with fewer is lost


@dataclass(frozen=True, slots=True)
class Proof:
    """The digits of a number; and where not all that were asked for are proved, what is known instead."""

    text: str
    nearest: float
    doubt: str = ""


def proved(compute: Callable[[], Sequence[Number]], digits: int) -> list[Proof]:
    """Compute some numbers with ever more bits until the digits of all are proved, or at most `MOST_BITS` more."""
    found: dict[int, Proof] = {}
    for more in _MORE_BITS:
        with precision(int(digits * _BITS_OF_A_DIGIT) + more):
            balls = compute()
            for i, ball in enumerate(balls):
                if i not in found and (proof := _proof(ball, digits)) is not None:
                    found[i] = proof
            if len(found) == len(balls):
                break
            if more == MOST_BITS:
                found |= {i: _doubtful(ball, digits) for i, ball in enumerate(balls) if i not in found}
    return [found[i] for i in range(len(found))]


def _proof(x: Number, digits: int) -> Proof | None:
    """What is proved of a ball; None where that is not enough."""
    ball = arb_of(x)
    if ball.is_finite():
        text = digits_of(x, digits)
        return None if text is None else Proof(text, nearest(x))
    if is_unknown(x):
        return None
    special = nan if ball.mid().is_nan() else inf if ball > 0 else -inf
    return Proof(repr(special), special)


def _doubtful(x: Number, digits: int) -> Proof:
    ball = arb_of(x)
    if (text := certain(x, digits)) is not None:
        return Proof(text, nearest(x), f"is {text}, and how that is rounded further is not known")
    decimals = zero_to(x)
    if decimals is not None and decimals >= digits:
        return Proof(f"0e-{decimals}", nextafter(0.0, 1.0), f"is 0 to {decimals:,} decimals, and perhaps exactly")
    if not ball.is_finite():
        return Proof("nan", nan, "is not known")
    low, high = (_roughly(end, abs(ball).upper()) for end in (ball.lower(), ball.upper()))
    return Proof("nan", nan, f"is not known (it lies between {low} and {high})")


def _roughly(end: arb, size: arb) -> str:
    """An end of a wide ball: how wide it is Arb knows to 30 bits."""
    return "0" if abs(end) < size * 1e-6 else end.str(3, radius=False).replace(".00", "")


# --- Programs ---------------------------------------------------------------------------------------------------------


class Exactly:
    """A graph at a point that is known exactly, each input by a constant expression; passes at any precision."""

    def __init__(self, graph: Graph, point: Mapping[str, Node]) -> None:
        self.given = graph
        self.graph, self.place = _completed(graph)
        self.names = list(point)
        self.point, _ = _completed(Graph(list(point.values()), []))

    def inputs(self) -> dict[str, Ball]:
        """The inputs at the precision of the moment."""
        numbers = evaluate(self.point, {}, FUNCTIONS, exact)
        outputs = [self.point.position[node] for node in self.point.outputs]
        return {name: number(numbers[i]) for name, i in zip(self.names, outputs)}

    def passes(self, *, gradient: bool) -> tuple[list[Number], list[list[Number | None]]]:
        """The values of all nodes, and for a gradient their adjoints for each output."""
        values: list[Number] = list(evaluate(self.graph, self.inputs(), FUNCTIONS, exact))
        outputs = self.graph.outputs if gradient else ()
        adjoints = [backward(self.graph, values, output, POLES) for output in outputs]
        return self._as_given(values), list(map(self._as_given, adjoints))

    def second_derivatives(self, wrt: Sequence[Input]) -> dict[tuple[int, int], Number]:
        """The second derivatives of the one output, by row and column; those left out are 0."""
        columns, duals = range(len(wrt)), Duals(POLES, OPERATIONS)
        return second_derivatives(self.graph, self.inputs(), wrt, columns, duals, exact, Ball(fmpq(1)))

    def at_kinks(
        self, values: Sequence[float], wrt: Sequence[Input]
    ) -> Iterator[tuple[tuple[int, int], float | Missing]]:
        """The second derivatives that a kink has to do with, given the nearest doubles to the values of all nodes."""
        return at_kinks(self.given, values, wrt, self.inputs, exact)

    def _as_given(self, numbers: list[T]) -> list[T]:
        """Without the numbers of the default operands that were completed."""
        return numbers if self.place is None else [numbers[i] for i in self.place]


def lost(graph: Graph, values: Sequence[Number], position: int) -> int | None:
    """The earliest node behind one whose digits are lost although those of its operands are not."""
    behind, pending = set[int](), [position]
    while pending:
        i = pending.pop()
        if i not in behind and _is_lost(values[i]):
            behind.add(i)
            pending.extend(graph.operands[i])
    return min(behind, default=None)


def _is_lost(x: Number) -> bool:
    return not isinstance(x, float) and not (arb_of(x).rel_accuracy_bits() >= _LOST)


def _completed(graph: Graph) -> tuple[Graph, list[int] | None]:
    """The graph with every default operand as the decimal that the table says, of which its rules hold a double.

    With it come the places of the nodes that it had before, where these have changed.
    """
    new: dict[Node, Node] = {}
    for node in graph.nodes:
        operands = tuple(new.get(operand, operand) for operand in node.operands)
        missing = [Constant(x, written=repr(x)) for x in _defaults(node)]
        if missing or operands != node.operands:
            new[node] = Node(node.operation, (*operands, *missing))
    if not new:
        return graph, None
    completed = Graph([new.get(node, node) for node in graph.outputs], graph.inputs)
    return completed, [completed.position[new.get(node, node)] for node in graph.nodes]


def _defaults(node: Node) -> tuple[float, ...]:
    if node.operation is None or not (defaults := node.operation.local.__defaults__):
        return ()
    return defaults[len(node.operands) - node.operation.arity[0] :]
