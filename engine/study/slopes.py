"""One-sided slopes on balls, at distances so small that neither noise nor curvature is left in them.

They share no rule for derivatives with the gradient that they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import frexp

from flint import arb

from autodiff.engine.arithmetic.balls import BALLS, FUNCTIONS, Ball, Number, arb_of, number
from autodiff.engine.graph import Constant, Graph, Input
from autodiff.engine.passes import backward, evaluate

# More than twice the exponent of the smallest step: even a slope as small as the step has digits left.
BITS = 3600
# Bits from one step to the next. What a smooth function adds to its slope shrinks by as many, and soon vanishes.
_STEP = 60
_EXPONENTS = tuple(range(-1200, -1200 - 4 * _STEP, -_STEP))  # of the steps, relative to x
_SAME, _VANISHING = arb(2) ** -40, arb(2) ** -20  # ratios: of slopes that are one number; of slopes that go to 0
_NOTHING = arb(2) ** -1150  # what no double shows
_A_STEP = arb(2) ** 100  # so many times what slopes explain
# Across a jump slopes grow by as many bits as the step shrinks; at a root, however steep, by fewer.
_STEEP_AS_A_JUMP = 0.98 * _STEP


class Behaviour(Enum):
    """What the slopes of a side do as the distance shrinks."""

    SETTLES = "they have a limit"
    GROWS = "the slope is infinite"
    JUMPS = "the value makes a step"
    HAS_NO_VALUES = "the function is not finite there"
    TURNS = "the slopes do not settle"


@dataclass(frozen=True, slots=True)
class Side:
    """How a function behaves on one side of a point: the limit of its slope or, where it jumps, of its values."""

    behaviour: Behaviour
    slope: arb


Function = Callable[[Ball], Sequence[Number]]
"""The outputs of a program, or its derivatives, as functions of one of its inputs."""


def sides(function: Function, x: float) -> list[tuple[Side, Side]]:
    """The behaviour of each of the values of a function to the left and to the right of x.

    To be called at a precision of `BITS`.
    """
    here = _values(function, arb(x))
    (left, below), (right, above) = (_beside(function, x, sign) for sign in (-1, 1))
    return [
        (
            _side([(y - at) / step for y, step in zip(one, left)]),
            _side([(y - at) / step for y, step in zip(other, right)]),
        )
        for at, one, other in zip(here, below, above)
    ]


def sides_around(function: Function, x: Number) -> list[tuple[Side, Side]]:
    """The same without the values at x itself, for functions whose values there are a convention."""
    (left, below), (right, above) = (_beside(function, x, sign) for sign in (-1, 1))
    found = []
    for one, other in zip(below, above):
        before, after = _side(_slopes_between(one, left)), _side(_slopes_between(other, right))
        apart = abs(one[-1] - other[-1])
        if apart > _NOTHING and apart > _A_STEP * right[-1] * (abs(before.slope) + abs(after.slope)):
            before, after = Side(Behaviour.JUMPS, one[-1]), Side(Behaviour.JUMPS, other[-1])
        found.append((before, after))
    return found


def _slopes_between(values: Sequence[arb], steps: Sequence[arb]) -> list[arb]:
    return [(b - a) / (d - c) for (a, b), (c, d) in zip(pairwise(values), pairwise(steps))]


def _beside(function: Function, x: Number, sign: int) -> tuple[list[arb], list[tuple[arb, ...]]]:
    """Ever smaller steps to one side of x, and the values of a function there, a tuple for each value."""
    here = arb_of(x)
    exponent = frexp(float(here))[1] - 1 if here != 0 else 0
    steps = [sign * arb(2) ** (exponent + e) for e in _EXPONENTS]
    return steps, list(zip(*[_values(function, here + step) for step in steps]))


def _values(function: Function, x: arb) -> list[arb]:
    return [arb_of(y) for y in function(Ball(x))]


def _side(slopes: Sequence[arb]) -> Side:
    """The behaviour that the slopes of ever smaller steps show."""
    first, second = slopes[:2]
    if not all(slope.is_finite() for slope in slopes):
        return Side(Behaviour.HAS_NO_VALUES, arb.nan())
    if same(first, second):
        return Side(Behaviour.SETTLES, second)
    growth, *later = (_exponent(y, x) for x, y in pairwise(slopes))
    steady = all(0.8 < each / (growth or 1.0) < 1.25 for each in later)  # as of a power or a logarithm of the step
    if abs(second) <= abs(first) * _VANISHING or (steady and growth < 0):
        return Side(Behaviour.SETTLES, arb(0))
    if steady:
        return Side(Behaviour.JUMPS if growth > _STEEP_AS_A_JUMP else Behaviour.GROWS, arb.pos_inf() * second.sgn())
    return Side(Behaviour.TURNS, arb.nan())


def same(x: arb, y: arb) -> bool:
    """Whether two slopes are one number, as far as a double can show."""
    size = abs(x).max(abs(y))
    return bool(x == y or (size.is_finite() and (abs(x - y) <= size * _SAME or size <= _NOTHING)))


def _exponent(x: arb, y: arb) -> float:
    """The logarithm of abs(x/y) to base 2; nan where it is not known."""
    return float(abs(x / y).log() / arb.const_log2())


def doubles(point: Mapping[str, float]) -> dict[str, Ball]:
    """A point of doubles as balls."""
    return {name: number(x) for name, x in point.items()}


def outputs(graph: Graph, point: Mapping[str, Ball]) -> list[Number]:
    """The values of all outputs, on balls."""
    values = evaluate(graph, point, FUNCTIONS, lambda constant: number(constant.number))
    return [values[graph.position[output]] for output in graph.outputs]


def gradient(
    graph: Graph,
    point: Mapping[str, Ball],
    wrt: Sequence[Input],
    constant: Callable[[Constant], Ball] = lambda constant: number(constant.number),
) -> list[Number]:
    """The derivatives of the first output, on balls."""
    values = evaluate(graph, point, FUNCTIONS, constant)
    adjoints = backward(graph, values, graph.outputs[0], BALLS)
    return [adjoints[graph.position[variable]] or 0.0 for variable in wrt]
