"""Balls that know infinity: at a pole, and outside of its domain, an operation gives what it gives on doubles.

It does so where that is sure: every number in the balls is at the pole, or outside. `nan` else means: not known.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, isinf, isnan, nextafter
from sys import float_info

from flint import arb, fmpq

from autodiff.engine.arithmetic.balls import PRIMITIVES, Ball, Balls, Number, arb_of, number
from autodiff.engine.table.operations import FLOATS


def nearest(x: Number) -> float:
    """The nearest double, where only 0 is 0 and only what is infinite is infinite."""
    return _double(arb_of(x).mid())


def _double(exact: arb) -> float:
    size = float(abs(exact))
    if exact.is_finite():
        size = min(size, float_info.max) if size or exact == 0 else nextafter(0.0, 1.0)
    return -size if exact < 0 else size


def _as_on_doubles(of_balls: Callable[..., Ball], of_floats: Callable[..., float]) -> Callable[..., Ball]:
    def function(*operands: Number) -> Ball:
        result = number(of_balls(*operands))
        if isinstance(result.number, fmpq) or result.number.is_finite() or result.number.is_exact():
            return result
        balls = [arb_of(x) for x in operands]
        if any(map(is_unknown, operands)):
            return Ball(_ANYTHING)
        ends = [[_double(end) for end in each] for each in zip(*[(x.lower(), x.upper()) for x in balls])]
        low, high = (of_floats(*end) for end in ends)
        if isnan(low) and isnan(high):
            return Ball(arb.nan())
        exact = low == high and all(ball.is_exact() for ball in balls)
        sure = exact and (_is_pole(of_floats, ends[0]) if isinf(low) else low in (-1.0, 0.0, 1.0))
        return Ball(arb(low) if sure else _ANYTHING)

    return function


_ANYTHING = arb(0, inf)


def is_unknown(x: Number) -> bool:
    """Whether nothing is known of a number, which is not the same as `nan`."""
    known = arb_of(x)
    return not known.is_finite() and bool(known.mid().is_finite())


def _is_pole(of_floats: Callable[..., float], operands: list[float]) -> bool:
    """Whether an infinite value is more than a number too large for a double: then its neighbours would be as large."""
    if 0.0 in operands or not all(map(isfinite, operands)):
        return True
    return abs(of_floats(*[nextafter(x, 0.0) for x in operands])) < 1e300


class _Poles(Balls):
    def power_rule(self, x: Number, y: Number) -> Ball:
        power: Ball = self.pow(x, number(y) - 1.0)
        return number(y) * power

    def by_root(self, x: Number, power: Number, root: Callable[[], Number]) -> Ball:
        product: Ball = self.damped(x, power)
        return product


_HELPERS = ("decimal", "eq", "where", "when", "route", "scale", "inside", "carefully", "exponent", "ldexp")

POLES = _Poles(
    **{
        name: value if name in _HELPERS else _as_on_doubles(value, getattr(FLOATS, name))
        for name, value in PRIMITIVES.items()
        if name not in vars(_Poles)
    }
)
FUNCTIONS = POLES.functions
"""The functions of all operations on balls that know infinity."""
