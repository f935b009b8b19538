"""The truth about the rows of the table, by mpmath, and the points to compare them at.

It owes nothing to the rules under test. A value comes from mpmath's function of that name or from the row's textbook
formula at high precision, and a derivative from differences of that value.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import cbrt, inf, isinf, isnan
from random import Random
from typing import Any

from mpmath import mp, mpf

from autodiff.engine.arithmetic import floats
from autodiff.engine.table.operation import Operation, arithmetic
from autodiff.engine.table.operations import OPERATIONS

Point = tuple[float, ...]

POINTS = 2000
SMALLEST, LARGEST = mpf(2) ** -1074, mpf(2) ** 1024  # one ulp of the subnormal; where overflow starts
UNSEEN = SMALLEST / 2**66  # far below what a double can show
STEEPEST = LARGEST**2  # no finite derivative of doubles at 0 comes near; a jump there looks steeper than that

# --- Truth ------------------------------------------------------------------------------------------------------------


def not_whole(x: Any) -> Any:
    """A huge operand of exp moved by nothing that shows: for a whole one mpmath takes a hundred times as long."""
    return mp.fadd(x, mp.ldexp(1, -7000), exact=True) if abs(x) > 2**64 else x


def digamma(x: Any) -> Any:
    """By its reflection below 0, where mpmath takes |x| steps."""
    return mp.psi(0, x) if x > 0 else mp.psi(0, 1 - x) - mp.pi * mp.cospi(x) / mp.sinpi(x)


# mpmath's names are ours, except for these.
OTHER_NAMES: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "mod": lambda x, y: x % y,
    "pow": mp.power,
    "neg": lambda x: -x,
    "exp": lambda x: mp.exp(not_whole(x)),
    "expm1": lambda x: mp.expm1(not_whole(x)),
    "exp2": lambda x: mp.power(2, x),
    "log2": lambda x: mp.log(x, 2),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "deg": mp.degrees,
    "rad": mp.radians,
    "abs": abs,
    "round": mp.nint,
    "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
    "min": min,
    "max": max,
    "erfc": lambda x: mp.erfc(x) if x < 1000 else mpf(0),  # mpmath itself overflows at 1e300
    "lgamma": lambda x: mp.re(mp.loggamma(x)),
    "digamma": digamma,
    "polygamma": lambda order, x: mp.psi(int(order), x),
    "where": floats.where,
    "norm": lambda *x: mp.norm(x),
    "sum": lambda *x: mp.fsum(x),
}


def textbook(row: Operation) -> Operation:
    known = row.value is None or row.name in OTHER_NAMES  # to mpmath, or here
    return replace(row, value=None if known else row.definition or row.value)


TEXTBOOK = {name: textbook(row) for name, row in OPERATIONS.items()}
PRIMITIVES = {name: OTHER_NAMES.get(name) or getattr(mp, name) for name, row in TEXTBOOK.items() if row.value is None}
TRUTH = arithmetic(TEXTBOOK, {"eq": floats.eq, "pi": mp.pi, "decimal": mpf} | PRIMITIVES)


def evaluate(row: Operation, point: tuple[Any, ...]) -> Any:
    """The value at the working precision, or None at a pole."""
    try:
        value = getattr(TRUTH, row.name)(*point)
    except (ValueError, ZeroDivisionError):
        return None
    return mpf(value)


def lost(row: Operation, values: list[Any]) -> Any:
    """What values are uncertain by: a primitive by its own last bit; a textbook formula may cancel, as 1 + erf(x)."""
    return mp.ldexp(max(*map(abs, values), 0 if row.name in PRIMITIVES else 1), -mp.prec)


@cache
def true_value(row: Operation, point: Point) -> Any:
    for precision in (200, 1600):
        with mp.workprec(precision):
            value = evaluate(row, tuple(map(mpf, point)))
            if value is None or lost(row, [value]) <= mp.ldexp(abs(value), -90):
                break
    return value


def true_derivative(row: Operation, point: tuple[Any, ...], i: int) -> Any:
    """The derivative by operand i as a difference quotient, or None where it does not exist.

    The quotients to both sides must be the same. Where they are not, or have lost too many digits, the step may have
    been too large: then it shrinks, and only a kink still shows at the smallest.
    """
    x = mpf(point[i])
    for precision in (400, 1600, 6400):
        with mp.workprec(precision):
            size = min(0, *(mp.mag(y) for y in point if y)) if x else -2200
            step = mp.ldexp(1, size - precision // 4)
            moved = [(*point[:i], mp.fadd(x, offset, exact=True), *point[i + 1 :]) for offset in (-step, 0, step)]
            values = [evaluate(row, at) for at in moved]
            if None in values:
                return None
            below, here, above = values
            left, right = (here - below) / step, (above - here) / step
            steepness = max(abs(left), abs(right))
            if x == 0 and steepness > STEEPEST:
                return None
            settled = lost(row, values) / step <= max(mp.ldexp(steepness, -90), UNSEEN)
            if settled and abs(right - left) <= max(mp.ldexp(steepness, -40), UNSEEN):
                return (left + right) / 2
    return None


def condition_number(row: Operation, point: Point, i: int, derivative: Any) -> Any:
    """The relative change of a derivative for a relative change of the operands, summed over them."""
    change = mpf(2) ** -60
    total = mpf(0)
    with mp.workprec(6400):
        for j, x in enumerate(point):
            moved = true_derivative(row, (*point[:j], mpf(x) * (1 + change), *point[j + 1 :]), i)
            if moved is not None and derivative:
                total += abs((moved - derivative) / derivative) / change
    return total


def ulps(computed: float, truth: Any) -> float:
    """The distance in units of the last place of the truth. Infinity stands where overflow starts."""
    if isnan(computed):
        return inf
    with mp.workprec(6400):
        there = max(-LARGEST, min(truth, LARGEST))
        here = mp.sign(computed) * LARGEST if isinf(computed) else mpf(computed)
        last_place = max(mp.ldexp(1, mp.mag(there) - 53), SMALLEST) if there else SMALLEST
        return float(abs(here - there) / last_place)


# --- Points -----------------------------------------------------------------------------------------------------------

# What the intervals of a row's domain cannot say.
SUITABLE: dict[str, Callable[..., Point]] = {
    # a whole order, and no farther below 0 than mpmath has time for
    "polygamma": lambda order, x: (float(int(abs(order) % 7)), x if x > -60 else -x),
    # no more turns than a difference quotient can follow
    "mod": lambda x, y: (x, y) if abs(x) < 2.0**60 * abs(y) else (y, x),
    # a product of two that is in range where that of three is
    "prod": lambda *x: tuple(map(cbrt, x)),
    # no cancellation: rounding the terms is as much as the sum then
    "sum": lambda *x: tuple(map(abs, x)),
    "mean": lambda *x: tuple(abs(each) / 4 for each in x),
    "logsumexp": lambda *x: tuple(map(abs, x)),
}
DISCRETE = {("polygamma", 0)}


def draw(random: Random, anchors: list[float], before: Point) -> float:
    """A number of any size, or as people write it, or not far from 1, from an anchor or from the operand before."""
    sign = random.choice((-1.0, 1.0))
    near = sign * random.choice((0.0, 1.0)) * 2.0 ** random.uniform(-60, 4)
    return random.choice(
        (
            sign * 2.0 ** random.uniform(-1074, 1024),
            round(random.uniform(-20, 20), 1),
            sign * 2.0 ** random.uniform(-10, 10),
            random.choice(anchors) + near,
            (before or (1.0,))[-1] * sign * 2.0 ** random.uniform(-3, 3),
        )
    )


@cache
def points(row: Operation) -> list[Point]:
    random = Random(row.name)
    found: list[Point] = []
    count = 3 if row.variadic else int(row.arity[1])
    while len(found) < POINTS:
        point: Point = ()
        while len(point) < count:
            low, high = row.bounds(len(point))
            x = draw(random, [a for a in (*row.hard, low, high) if abs(a) < inf] or [0.0], point)
            if low < x < high:
                point = (*point, x)
        point = tuple(x + 0.0 for x in point)  # mpmath has no -0.0
        found.append(SUITABLE[row.name](*point) if row.name in SUITABLE else point)
    return found
