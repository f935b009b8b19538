"""Derivatives by differences of values alone: they share no rule and no pass with the gradient that they check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import frexp, inf, isfinite, ldexp, nan

Function = Callable[[float], Sequence[float]]
"""The outputs of a program as functions of one of its inputs."""

_EPSILON = 2.0**-52
_FIRST, _SHRINK, _STEPS, _STEPS_AT_0 = 0.25, 4.0, 23, 21  # down to 1e-14 of |x|, and to 1e-12 at 0
_MOST_STEPS_MORE = 30  # up to 1, where x is small and rounding is not: exp(x) at 1e-8
_CONVERGED = 1e-3
_COLUMNS = 7
_NEAREST = 6  # so many of the least steps tell what kind of point it is
_NOISY = 64  # so many times its rounding a difference may be off


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative and how far it may be off; nan and inf where differences tell nothing."""

    value: float = nan
    error: float = inf


@dataclass(frozen=True, slots=True)
class Numerical:
    """What differences say about one output at a point."""

    at: float
    """The value there."""
    both: Estimate
    left: Estimate
    right: Estimate
    edge: bool = False
    """Whether a side has no values."""
    jump: bool = False
    steep: bool = False
    """Whether the slope grows without end on both sides."""
    restless: bool = False
    """Whether the slope of a side comes no nearer, though that of both does: x*sin(1/x) is even, and turns at 0."""

    @property
    def kink(self) -> bool:
        """Whether the slopes of the two sides differ by far more than rounding explains."""
        return abs(self.left.value - self.right.value) > 100 * (self.left.error + self.right.error)

    @property
    def smooth(self) -> bool:
        """Whether there may be a derivative."""
        return isfinite(self.at) and not (self.edge or self.jump or self.steep or self.kink)


@dataclass(frozen=True, slots=True)
class _Step:
    """An output at `right` beyond the point and `left` before it; None where it is not finite."""

    left: float
    right: float
    below: float | None
    above: float | None


def derivatives(function: Function, x: float, noise: Sequence[float] = ()) -> list[Numerical]:
    """The derivative of every output at x. Values are taken to be rounded in their last place, or to be off by `noise`.

    No look at values tells that (1e10 + x) - 1e10 has lost its digits and is a staircase.
    """
    middle = function(x)
    ladders = [_ladder(function, x, scale) for scale in (1.0, 0.7)]
    return [
        _numerical([[_step(row, k) for row in ladder] for ladder in ladders], f, x, noise[k] if noise else 0.0)
        for k, f in enumerate(middle)
    ]


_Row = tuple[float, float, Sequence[float], Sequence[float]]


def _ladder(function: Function, x: float, scale: float) -> list[_Row]:
    """The outputs on both sides of x at ever smaller distances, which are those that rounding leaves."""
    exponent = frexp(x)[1] - 1
    more = min(max(0, -exponent // 2), _MOST_STEPS_MORE) if x else 0
    first = ldexp(_FIRST, exponent + 2 * more) if x else 1.0
    steps = [first * scale * _SHRINK**-k for k in range(_STEPS + more if x else _STEPS_AT_0)]
    points = [(x - h, x + h) for h in steps if x - h < x < x + h and isfinite(x + h) and isfinite(x - h)]
    return [(x - low, high - x, function(low), function(high)) for low, high in points]


def _step(row: _Row, k: int) -> _Step:
    left, right, below, above = row
    return _Step(left, right, *(values[k] if isfinite(values[k]) else None for values in (below, above)))


def _numerical(ladders: list[list[_Step]], f: float, x: float, noise: float) -> Numerical:
    if not isfinite(f):
        return Numerical(f, Estimate(), Estimate(), Estimate())
    off = max(noise, _EPSILON * abs(f))
    right = [[(s.right, s.above - f, off) for s in steps if s.above is not None] for steps in ladders]
    left = [[(s.left, f - s.below, off) for s in steps if s.below is not None] for steps in ladders]
    both = [
        [
            (s.left + s.right, s.above - s.below, max(noise, _EPSILON * abs(s.above), _EPSILON * abs(s.below)))
            for s in steps
            if s.above is not None and s.below is not None
        ]
        for steps in ladders
    ]
    nearest = [s for steps in ladders for s in steps[-_NEAREST:]]
    edge = bool(nearest) and any(all(getattr(s, side) is None for s in nearest) for side in ("above", "below"))
    sides = [steps[0] for steps in (left, right)]
    central = _estimate(both, x, _SHRINK**2)
    return Numerical(
        f,
        central,
        _estimate(left, x, _SHRINK),
        _estimate(right, x, _SHRINK),
        edge,
        any(_jumps(steps) for steps in sides),
        all(_is_steep(steps) for steps in sides),
        any(_is_restless(steps, central.value) for steps in sides),
    )


_Difference = tuple[float, float, float]
"""The distance of two points, the difference of their values, and how far each value may be off."""


def _jumps(steps: list[_Difference]) -> bool:
    """Whether the difference of values stays as the distance shrinks."""
    near = steps[-_NEAREST:]
    if not near:
        return False
    _, last, off = near[-1]
    constant = all(abs(difference - last) <= 1e-3 * abs(last) for _, difference, _ in near)
    return constant and abs(last) > 64 * off


def _is_steep(steps: list[_Difference]) -> bool:
    """Whether the slope grows with every step, yet less than it would at a jump."""
    slopes = [abs(difference / distance) for distance, difference, _ in steps[-_NEAREST:]]
    return len(slopes) > 1 and all(1.2 * a < b < 3.9 * a for a, b in pairwise(slopes))


def _is_restless(steps: list[_Difference], slope: float) -> bool:
    """Whether the nearest slopes are as far from the limit as those before them, by more than rounding explains."""
    apart = [
        max(0.0, abs(difference / distance - slope) - _NOISY * (off / distance + _EPSILON * abs(slope)))
        for distance, difference, off in steps[-_NEAREST:]
    ]
    half = len(apart) // 2
    return half > 0 and max(apart[half:]) > 0.5 * max(apart[:half])


def _estimate(ladders: list[list[_Difference]], x: float, order: float) -> Estimate:
    """The best extrapolation, where two ladders of different steps confirm one another.

    One ladder can be wrong with conviction: all its great steps are periods of sin(2*pi*x) at x = 1000.
    """
    best = Estimate()
    for skipped in (0, 5, 10):
        one, other = (_extrapolated(steps[skipped:], x, order) for steps in ladders)
        chosen = min(one, other, key=lambda estimate: estimate.error)
        estimate = Estimate(chosen.value, chosen.error + abs(one.value - other.value))
        found, known = _share(estimate) < _CONVERGED, _share(best) < _CONVERGED
        if found > known or (found == known and estimate.error < best.error):  # never for nan
            best = estimate
    return best


def _extrapolated(steps: list[_Difference], x: float, order: float) -> Estimate:
    """Ridders' method: the entry of Richardson's table that differs least from its neighbours, rounding included.

    Where that entry is not even roughly right, the one that is relatively best wins if its steps are smaller: near a
    pole great steps give small slopes, which differ little.
    """
    best, relative, nearer = Estimate(), Estimate(), False
    previous: list[float] = []
    for distance, difference, off in steps:
        row, factor = [difference / distance], order
        noise = 2 * (off + _EPSILON * abs(row[0]) * abs(x)) / distance
        for m, before in enumerate(previous[:_COLUMNS]):
            row.append(row[m] + (row[m] - before) / (factor - 1))
            factor *= order
            entry = Estimate(row[m + 1], max(abs(row[m + 1] - row[m]), abs(row[m + 1] - before)) + noise)
            if entry.error < best.error:
                best, nearer = entry, False
            if _share(entry) < _share(relative):
                relative, nearer = entry, True
        previous = row
    return relative if nearer and _share(best) > _CONVERGED > _share(relative) else best


def _share(estimate: Estimate) -> float:
    """The error relative to the derivative."""
    return estimate.error / abs(estimate.value) if estimate.value else inf
