"""The table of operations against mpmath, row by row: a new row is tested by being there.

The truth owes nothing to the rules under test. A value comes from mpmath's function of that name or from the row's
textbook formula at high precision, and a derivative from differences of that value.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from math import cbrt, inf, isinf, isnan, log, nan
from random import Random
from typing import Any

import pytest
from mpmath import mp, mpf

from autodiff.engine import floats
from autodiff.engine.operation import Operation, arithmetic
from autodiff.engine.operations import FLOATS, OPERATIONS, SPELLINGS

Point = tuple[float, ...]

each_row = pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)

POINTS = 200
SMALLEST, NORMAL, LARGEST = mpf(2) ** -1074, 2.0**-1022, mpf(2) ** 1024  # one ulp below NORMAL; where overflow starts
UNSEEN = SMALLEST / 2**66  # far below what a double can show
STEEPEST = LARGEST**2  # no finite derivative of doubles at 0 comes near; a jump there looks steeper than that

# Bounds in ulps: of the value, and of a local derivative, which is times 1 + the condition number of the derivative.
PROMISED = dict.fromkeys(("gamma", "lgamma", "digamma", "polygamma"), (16.0, 16.0))
OTHERWISE = (2.0, 4.0)

# Rows that miss this. Their bounds keep them from getting worse, and hold where the operands and the value are normal
# numbers: a rule that goes on from a subnormal quotient, length or tail goes on without the digits lost there.
NOT_YET = {
    "div": OTHERWISE,
    "hypot": OTHERWISE,
    "norm": OTHERWISE,
    "atan2": OTHERWISE,
    # the exponent e - 1 of the derivative is rounded, and log(base), up to 745, magnifies that
    "pow": (2.0, 200.0),
    # libm is 3 ulp off, and the derivative squares that
    "cbrt": (3.0, 6.0),
    # x/sqrt(2) is rounded, and the tail of erfc magnifies that by x^2, up to 1400
    "gelu": (1500.0, 4.0),
    # the roundings of exp, quotients and products, one upon the other
    "silu": (2.5, 4.0),
    "mish": (4.0, 7.0),
}

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
}


def textbook(row: Operation) -> Operation:
    known = row.value is None or row.name in OTHER_NAMES  # to mpmath, or here
    return replace(row, value=None if known else row.definition or row.value)


TEXTBOOK = {name: textbook(row) for name, row in OPERATIONS.items()}
PRIMITIVES = {name: OTHER_NAMES.get(name) or getattr(mp, name) for name, row in TEXTBOOK.items() if row.value is None}
TRUTH = arithmetic(TEXTBOOK, {name: getattr(floats, name) for name in ("eq", "where", "when", "route")} | PRIMITIVES)


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


# --- The table against the truth --------------------------------------------------------------------------------------


def bounds(row: Operation) -> tuple[float, float]:
    return NOT_YET.get(row.name) or PROMISED.get(row.name, OTHERWISE)


def evaluated(row: Operation) -> Iterator[tuple[Point, Any, float]]:
    """The points where there is a value and a bound to hold, with the true value and ours."""
    for point in points(row):
        truth, value = true_value(row, point), getattr(FLOATS, row.name)(*point)
        subnormal = any(0 < abs(x) < NORMAL for x in (*point, value))
        if truth is not None and not (subnormal and row.name in NOT_YET):
            yield point, truth, value


@each_row
def test_values(row: Operation) -> None:
    most, checked = bounds(row)[0], 0
    for point, truth, value in evaluated(row):
        near_a_zero = row.name == "lgamma" and abs(value - truth) <= 2**-48
        assert near_a_zero or ulps(value, truth) <= most, f"{row.name}{point}: {value!r}, truly {mp.nstr(truth, 20)}"
        checked += 1
    assert checked > POINTS / 2


@each_row
def test_local_derivatives(row: Operation) -> None:
    most, checked = bounds(row)[1], 0
    for point, _, value in evaluated(row):
        truths = {i: true_derivative(row, point, i) for i in range(len(point)) if (row.name, i) not in DISCRETE}
        if None in truths.values():
            assert row.kinks, f"{row.name}{point} is at a kink that the row does not mention"
            continue
        derivatives = row.local(FLOATS, value, *point)
        for i, truth in truths.items():
            error = ulps(derivatives[i] or 0.0, truth)
            if error > most:
                error /= 1 + condition_number(row, point, i, truth)
            assert error <= most, f"{row.name}{point} by operand {i}: {derivatives[i]!r}, truly {mp.nstr(truth, 20)}"
        checked += 1
    assert checked > POINTS / 2


# --- The table by itself ----------------------------------------------------------------------------------------------

MAX = 1.7976931348623157e308
SPECIAL = (0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 0.5, 2.0, -3.0, 5e-324, MAX, -MAX)


def same(x: float | None, y: float | None) -> bool:
    return x == y or (x is not None and y is not None and isnan(x) and isnan(y))


@each_row
def test_every_call_gives_floats(row: Operation) -> None:
    """Of the right type too: NumPy's or mpmath's numbers would print differently, and None means no flow."""
    least, most = row.arity
    for count in range(least, int(min(most, 3)) + 1):
        for operands in product(SPECIAL, repeat=count):
            value = getattr(FLOATS, row.name)(*operands)
            assert type(value) is float, operands
            derivatives = row.local(FLOATS, value, *operands)
            assert len(derivatives) == (count if row.variadic else most)
            assert all(derivative is None or type(derivative) is float for derivative in derivatives), operands


def test_every_spelling_means_one_row() -> None:
    spellings = [spelling for row in OPERATIONS.values() for spelling in (row.name, *row.aliases)]
    assert len(spellings) == len(set(spellings))
    assert all(SPELLINGS[spelling] is row for row in OPERATIONS.values() for spelling in (row.name, *row.aliases))


@each_row
def test_rules_agree_on_the_operands(row: Operation) -> None:
    for rule in filter(None, (row.value, row.definition)):
        taken = rule.__code__.co_varnames[1 : rule.__code__.co_argcount + row.variadic]
        assert taken == row.operand_names
        assert rule.__defaults__ == row.local.__defaults__
    for name, interval in zip(row.operand_names, row.domain, strict=False):
        assert interval[0] < interval[1], name
    assert len(row.domain) <= row.arity[1]


@each_row
def test_the_signature_reads_as_the_rules_take_it(row: Operation) -> None:
    name, operands = row.signature.removesuffix(")").split("(")
    written = eval(f"lambda {'*' * row.variadic}{operands.removesuffix(', ...')}: None")
    assert name == row.name
    assert written.__code__.co_varnames == row.operand_names
    assert written.__defaults__ == row.local.__defaults__


@each_row
def test_an_operand_left_out_is_its_default(row: Operation) -> None:
    function, defaults = getattr(FLOATS, row.name), row.local.__defaults__ or ()
    for point in points(row)[:20]:
        given = point[: len(point) - len(defaults)]
        assert same(function(*given), function(*given, *defaults))


@each_row
def test_what_commutes_says_so(row: Operation) -> None:
    function = getattr(FLOATS, row.name)
    if row.variadic or row.arity == (2, 2):
        pairs = [*product(SPECIAL, repeat=2), *(point[:2] for point in points(row))]
        assert all(same(function(*pair), function(*reversed(pair))) for pair in pairs) == row.commutative
    else:
        assert not row.commutative


@each_row
def test_every_row_has_one_line_of_help(row: Operation) -> None:
    assert row.help
    assert "\n" not in row.help + row.kinks


# --- Conventions ------------------------------------------------------------------------------------------------------

KINKS: list[tuple[str, Point, tuple[float | None, ...]]] = [
    ("relu", (0.0,), (None,)),
    ("relu", (-0.0,), (None,)),
    ("relu", (5e-324,), (1.0,)),
    ("abs", (0.0,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("floor", (2.0,), (0.0,)),
    ("ceil", (2.0,), (0.0,)),
    ("round", (2.5,), (0.0,)),
    ("trunc", (0.0,), (0.0,)),
    ("max", (1.0, 1.0), (1.0, None)),
    ("max", (2.0, 3.0, 3.0), (None, 1.0, None)),
    ("max", (-0.0, 0.0), (1.0, None)),
    ("min", (1.0, 1.0), (1.0, None)),
    ("min", (4.0, 3.0, 3.0), (None, 1.0, None)),
    ("clip", (0.0, 0.0, 1.0), (1.0, None, None)),
    ("clip", (1.0, 0.0, 1.0), (1.0, None, None)),
    ("clip", (-1.0, 0.0, 1.0), (None, 1.0, None)),
    ("clip", (2.0, 0.0, 1.0), (None, None, 1.0)),
    ("clip", (0.5, 1.0, 0.0), (None, None, 1.0)),
    ("clip", (0.0, 0.0, 0.0), (1.0, None, None)),
    ("hardtanh", (-1.0,), (1.0, None, None)),
    ("hardtanh", (1.0,), (1.0, None, None)),
    ("hardtanh", (2.0,), (None, None, 1.0)),
    ("leaky_relu", (0.0,), (0.01, 0.0)),
    ("leaky_relu", (2.0, 0.5), (1.0, None)),
    ("elu", (0.0, 2.0), (2.0, 0.0)),
    ("elu", (1.0, 2.0), (1.0, None)),
    ("selu", (0.0,), (1.7580993408473766,)),
    ("where", (1.0, 2.0, 3.0), (None, 1.0, None)),
    ("where", (0.0, 2.0, 3.0), (None, None, 1.0)),
    ("less", (1.0, 1.0), (None, None)),
    ("mod", (7.0, 3.0), (1.0, -2.0)),
    ("mod", (-7.0, 3.0), (1.0, 3.0)),
    ("mod", (7.0, -3.0), (1.0, 3.0)),
    ("mod", (6.0, 3.0), (1.0, -2.0)),
    ("mod", (1.0, 0.1), (1.0, -9.0)),  # the double 0.1 is a little more than a tenth, and 1/0.1 rounds up to 10
    ("mod", (-1e-300, 1e100), (1.0, 1.0)),  # the quotient underflows
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("norm", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ("prod", (0.0, 2.0, 3.0), (6.0, 0.0, 0.0)),
    ("prod", (0.0, 0.0, 3.0), (0.0, 0.0, 0.0)),
    ("atan2", (0.0, 0.0), (nan, nan)),
    ("atan2", (0.0, -2.0), (-0.5, 0.0)),
    ("cbrt", (0.0,), (inf,)),
    ("sqrt", (0.0,), (inf,)),
    ("log", (0.0,), (inf,)),
    ("log2", (0.0,), (inf,)),
    ("log10", (0.0,), (inf,)),
    ("log1p", (-1.0,), (inf,)),
    ("asin", (1.0,), (inf,)),
    ("acos", (1.0,), (-inf,)),
    ("acosh", (1.0,), (inf,)),
    ("atanh", (-1.0,), (inf,)),
    ("logit", (1.0,), (inf,)),
    ("div", (1.0, 0.0), (inf, -inf)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 0.5), (inf, 0.0)),
    ("pow", (0.0, 0.0), (0.0, -inf)),
    ("pow", (-2.0, 3.0), (12.0, nan)),
    ("pow", (-2.0, 0.0), (0.0, nan)),
    ("polygamma", (0.0, inf), (nan, 0.0)),
    ("logsumexp", (1e16, 1e16), (0.5, 0.5)),  # log(2) is lost in the value
]


@pytest.mark.parametrize(("name", "operands", "expected"), KINKS, ids=[f"{name}{at}" for name, at, _ in KINKS])
def test_derivatives_at_kinks(name: str, operands: Point, expected: tuple[float | None, ...]) -> None:
    derivatives = OPERATIONS[name].local(FLOATS, getattr(FLOATS, name)(*operands), *operands)
    assert all(map(same, derivatives, expected)), derivatives
    assert len(derivatives) == len(expected)


# Poles, overflow, signed zeros and bad arguments; and rows without a textbook formula, whose truth above is their own
# text.
VALUES: list[tuple[str, Point, float]] = [
    ("exp", (1000.0,), inf),
    ("sinh", (-1000.0,), -inf),
    ("cosh", (-1000.0,), inf),
    ("log", (0.0,), -inf),
    ("log", (-0.0,), -inf),
    ("log", (-1.0,), nan),
    ("log1p", (-1.0,), -inf),
    ("sqrt", (-1.0,), nan),
    ("sqrt", (-0.0,), -0.0),
    ("sin", (inf,), nan),
    ("asin", (2.0,), nan),
    ("atanh", (1.0,), inf),
    ("atanh", (-1.0,), -inf),
    ("div", (1.0, -0.0), -inf),
    ("div", (-1.0, -0.0), inf),
    ("div", (0.0, 0.0), nan),
    ("div", (nan, 0.0), nan),
    ("mod", (1.0, 0.0), nan),
    ("mod", (-1.0, 3.0), 2.0),
    ("mod", (1.0, -3.0), -2.0),
    ("pow", (-10.0, 309.0), -inf),
    ("pow", (-10.0, 310.0), inf),
    ("pow", (-0.0, -1.0), -inf),
    ("pow", (-0.0, -2.0), inf),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", (-8.0, 1 / 3), nan),
    ("sign", (-0.0,), -0.0),
    ("ceil", (-0.5,), -0.0),
    ("round", (0.5,), 0.0),
    ("round", (1.5,), 2.0),
    ("round", (-0.5,), -0.0),
    ("trunc", (-0.5,), -0.0),
    ("floor", (-inf,), -inf),
    ("gamma", (0.0,), inf),
    ("gamma", (-0.0,), -inf),
    ("gamma", (-1.0,), nan),
    ("gamma", (172.0,), inf),
    ("lgamma", (-1.0,), inf),
    ("digamma", (0.0,), nan),
    ("digamma", (inf,), inf),
    ("digamma", (-inf,), nan),
    ("digamma", (-1000000.5,), 13.815511557963816),
    ("polygamma", (0.5, 1.0), nan),
    ("polygamma", (-1.0, 1.0), nan),
    ("polygamma", (3.0, -5e-324), inf),
    ("polygamma", (1e300, 1.0), nan),
    ("max", (1.0, nan), nan),
    ("min", (nan, 1.0), nan),
    ("clip", (5.0, 0.0, 1.0), 1.0),
    ("clip", (-5.0, 0.0, 1.0), 0.0),
    ("hardtanh", (-2.0,), -1.0),
    ("hardtanh", (0.5,), 0.5),
    ("relu", (-2.0,), 0.0),
    ("relu", (2.0,), 2.0),
    ("leaky_relu", (-2.0,), -0.02),
    ("leaky_relu", (2.0,), 2.0),
    ("elu", (-1.0, 2.0), -1.2642411176571153),
    ("elu", (2.0,), 2.0),
    ("selu", (-1.0,), -1.1113307378125625),
    ("selu", (1.0,), 1.0507009873554805),
    ("silu", (1.0,), 0.7310585786300049),
    ("mish", (1.0,), 0.8650983882673103),
    ("softsign", (-3.0,), -0.75),
    ("where", (2.0, 3.0, 4.0), 3.0),
    ("where", (0.0, 3.0, 4.0), 4.0),
    ("less", (1.0, 1.0), 0.0),
    ("less_equal", (1.0, 1.0), 1.0),
    ("greater", (2.0, 1.0), 1.0),
    ("greater_equal", (1.0, 2.0), 0.0),
    ("equal", (0.0, -0.0), 1.0),
    ("equal", (nan, nan), 0.0),
    ("not_equal", (1.0, 2.0), 1.0),
    ("and", (2.0, 0.0), 0.0),
    ("or", (2.0, 0.0), 1.0),
    ("not", (2.0,), 0.0),
    ("sum", (1.0, 2.0, 4.0), 7.0),
    ("prod", (2.0, 3.0, 4.0), 24.0),
    ("mean", (1.0, 2.0, 6.0), 3.0),
    ("sigmoid", (-inf,), 0.0),
    ("sigmoid", (inf,), 1.0),
    ("softplus", (-inf,), 0.0),
    ("softplus", (inf,), inf),
    ("logsumexp", (1000.0, 1000.0), 1000.0 + log(2)),
    ("logsumexp", (-inf, -inf), -inf),
    ("logsumexp", (inf, 1.0), inf),
]


@pytest.mark.parametrize(("name", "operands", "expected"), VALUES, ids=[f"{name}{at}" for name, at, _ in VALUES])
def test_values_as_literals(name: str, operands: Point, expected: float) -> None:
    assert repr(getattr(FLOATS, name)(*operands)) == repr(expected)  # repr tells -0.0 from 0.0, and nan is nan
