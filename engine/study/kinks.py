"""Gates that sit exactly where their derivative, or their value, makes a step, so that a convention chose it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan, nextafter

from autodiff.engine.graph import Graph, dependent
from autodiff.engine.table.operations import FLOATS

SMOOTH = 1e-9  # relative; a step in a derivative below it is rounding
VALUE_STEPS = 16  # times its slope: more than a continuous gate moves to the next double, rounding included


@dataclass(frozen=True)
class Kink:
    """A gate whose derivative by one of its operands is not the same from the left and from the right."""

    position: int
    operand: int
    left: float
    right: float
    here: float
    of_value: bool
    """Whether it is the value itself that makes a step."""


def kinks(graph: Graph, values: Sequence[float], adjoints: Sequence[float | None], asked: Sequence[int]) -> list[Kink]:
    """The kinks whose choice reaches the derivatives asked for: at most one for each gate."""
    varies = dependent(graph, asked)
    found = []
    flows = [adjoint is not None and adjoint != 0.0 for adjoint in adjoints]
    decides = [False] * len(values)  # a choice: what it rests on reaches the answer although no gradient flows there
    for i in range(len(values) - 1, -1, -1):
        operation = graph.nodes[i].operation
        if operation is None or i not in varies or not (flows[i] or decides[i]):
            continue
        if operation.is_truth or operation.chooses:
            for j in graph.operands[i][: 1 if operation.chooses else None]:
                decides[j] = True
        if operation.kinks:
            kink = _kink(graph, values, i, varies)
            if kink is not None and (flows[i] or kink.of_value):
                found.append(kink)
    return found[::-1]


def gates_at_kinks(graph: Graph, values: Sequence[float], asked: Sequence[int]) -> list[int]:
    """All gates at a kink, and all whose value holds at this point only, such as `x == 2`."""
    varies = dependent(graph, asked)
    return [
        i
        for i in sorted(varies)
        if (operation := graph.nodes[i].operation) is not None
        and operation.kinks
        and (_kink(graph, values, i, varies) is not None or holds_here_only(graph, values, i, varies))
    ]


def holds_here_only(graph: Graph, values: Sequence[float], i: int, varies: set[int]) -> bool:
    """Whether the value makes a step on both sides of the point."""
    for number, j in enumerate(graph.operands[i]):
        if j in varies and isfinite(values[j]) and isfinite(values[i]):
            (left, below), (right, above) = (_moved(graph, values, i, number, steps) for steps in (-1, 1))
            step = VALUE_STEPS * (nextafter(values[j], inf) - values[j]) * (1 + abs(left) + abs(right))
            if min(abs(below - values[i]), abs(above - values[i])) > step:
                return True
    return False


def _kink(graph: Graph, values: Sequence[float], i: int, varies: set[int]) -> Kink | None:
    operation, operands = graph.nodes[i].operation, graph.operands[i]
    assert operation is not None
    if not all(isfinite(values[j]) for j in (i, *operands)):  # there is no other side of infinity
        return None
    for number, j in enumerate(operands):
        # Of any number of operands only those in a tie, or all zero, can be at a kink.
        if j not in varies or (operation.variadic and values[j] != values[i]):
            continue
        sides = [_moved(graph, values, i, number, steps) for steps in (-4, -1, 1, 4)]
        (far_left, _), (left, below), (right, above), (far_right, _) = sides
        here = _moved(graph, values, i, number, 0)[0]
        step = nextafter(values[j], inf) - values[j]
        if abs(above - below) > VALUE_STEPS * step * (1 + abs(left) + abs(right)):
            return Kink(i, j, below, above, values[i], True)
        # The step of a kink stays as it is seen from farther away; that of a smooth function grows.
        jump, farther = abs(right - left), abs(far_right - far_left)
        if jump > SMOOTH * max(abs(left), abs(right)) and farther < 2 * jump and not isnan(here):
            return Kink(i, j, left, right, here, False)
    return None


def _moved(graph: Graph, values: Sequence[float], i: int, number: int, steps: int) -> tuple[float, float]:
    """The local derivative by an operand, and the value, that many doubles away; no flow is a derivative of 0."""
    operation = graph.nodes[i].operation
    assert operation is not None
    operands = [values[j] for j in graph.operands[i]]
    for _ in range(abs(steps)):
        operands[number] = nextafter(operands[number], inf if steps > 0 else -inf)
    value = getattr(FLOATS, operation.name)(*operands)
    return operation.local(FLOATS, value, *operands)[number] or 0.0, value
