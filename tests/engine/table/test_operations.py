"""The table of operations against mpmath, row by row: a new row is tested by being there."""

import copy
import pickle
from collections.abc import Iterator
from itertools import product
from math import inf, isnan, log, nan
from random import Random
from typing import Any

import pytest
from mpmath import mp

from autodiff.engine.table.constants import DOUBLES
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS, SPELLINGS

from ...support.truth import DISCRETE, POINTS, TRUTH, Point, condition_number, points, true_derivative, true_value, ulps

# The tests of a row run in one process, which knows its truths already.
ROWS = [pytest.param(row, id=name, marks=pytest.mark.xdist_group(name)) for name, row in OPERATIONS.items()]
each_row = pytest.mark.parametrize("row", ROWS)

# Bounds in ulps: of the value, and of a local derivative, which is times 1 + the condition number of the derivative.
PROMISED = dict.fromkeys(("gamma", "lgamma", "digamma", "polygamma"), (16.0, 16.0))
OTHERWISE = (2.0, 4.0)

# --- The table against the truth --------------------------------------------------------------------------------------


def bounds(row: Operation) -> tuple[float, float]:
    return PROMISED.get(row.name, OTHERWISE)


def evaluated(row: Operation) -> Iterator[tuple[Point, Any, float]]:
    """The points where there is a value and a bound to hold, with the true value and ours."""
    for point in points(row):
        truth, value = true_value(row, point), getattr(FLOATS, row.name)(*point)
        if truth is not None:
            yield point, truth, value


def test_a_log_sum_of_exp_near_zero_keeps_its_digits() -> None:
    random = Random(3)
    for _ in range(200):
        far = -random.uniform(2, 20)
        point = (far, random.uniform(0.01, 0.2), far - 1)
        assert ulps(FLOATS.logsumexp(*point), true_value(OPERATIONS["logsumexp"], point)) <= 2


@each_row
def test_values(row: Operation) -> None:
    most, checked = bounds(row)[0], 0
    for point, truth, value in evaluated(row):
        near_a_zero = row.name == "lgamma" and abs(value - truth) <= 2**-48
        assert near_a_zero or ulps(value, truth) <= most, f"{row.name}{point}: {value!r}, truly {mp.nstr(truth, 20)}"
        checked += 1
    assert checked > POINTS / 2


@pytest.mark.parametrize("name", ["sum", "mean", "logsumexp", "prod"])
def test_values_of_operands_of_both_signs(name: str) -> None:
    """Within 2 ulp times 1 + the condition number, here by the true shares of the operands."""
    random = Random(name)
    for _ in range(200):
        point = tuple(random.choice((-1, 1)) * 2.0 ** random.uniform(-8, 8) for _ in range(3))
        truth = true_value(OPERATIONS[name], point)
        with mp.workprec(200):
            parts = {"logsumexp": [x * mp.exp(x - truth) for x in point], "prod": [truth] * 3}.get(name, point)
            total = truth * 3 if name == "mean" else truth
            change = sum(map(abs, parts)) / abs(total)
            assert ulps(getattr(FLOATS, name)(*point), truth) <= 2 * (1 + change), point


@each_row
def test_local_derivatives(row: Operation) -> None:
    most, checked = bounds(row)[1], 0
    for point, _, value in evaluated(row):
        if checked >= POINTS / 4:  # each of them takes several values at high precision
            break
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
        checked += len(truths)
    assert checked > POINTS / 8


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


@pytest.mark.parametrize("name", DOUBLES)
def test_constants_are_the_nearest_doubles(name: str) -> None:
    with mp.workprec(200):
        assert float(getattr(TRUTH, name)) == DOUBLES[name]


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
def test_a_copy_of_a_row_is_the_row(row: Operation) -> None:
    assert copy.deepcopy(row) is row
    assert pickle.loads(pickle.dumps(row)) is row


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
    ("sign", (0.0,), (None,)),
    ("floor", (2.0,), (None,)),
    ("ceil", (2.0,), (None,)),
    ("round", (2.5,), (None,)),
    ("trunc", (0.0,), (None,)),
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
    ("selu", (0.0,), (1.7580993408473768,)),
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
    ("sqrt", (-0.0,), (inf,)),
    ("log", (-1.0,), (nan,)),
    ("log1p", (-2.0,), (nan,)),
    ("atanh", (2.0,), (nan,)),
    ("logit", (2.0,), (nan,)),
    ("silu", (-inf,), (0.0,)),
    ("silu", (inf,), (1.0,)),
    ("gelu", (-inf,), (0.0,)),
    ("gelu", (inf,), (1.0,)),
    ("mish", (-inf,), (0.0,)),
    ("softsign", (-inf,), (0.0,)),
    ("mish", (inf,), (1.0,)),
    ("hypot", (1.5e308, 1.5e308), (0.7071067811865475, 0.7071067811865475)),
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
    ("pow", (3.0, 2.0), (6.0, 9.887510598012987)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 0.5), (inf, 0.0)),
    ("pow", (0.0, 0.0), (0.0, -inf)),
    ("pow", (-2.0, 3.0), (12.0, nan)),
    ("pow", (-2.0, 0.0), (0.0, nan)),
    ("pow", (2.0, -inf), (0.0, 0.0)),
    ("pow", (0.5, inf), (0.0, 0.0)),
    ("pow", (0.0, inf), (0.0, 0.0)),
    ("pow", (inf, -1.0), (0.0, 0.0)),
    ("pow", (inf, -inf), (0.0, 0.0)),
    ("pow", (inf, 0.5), (0.0, inf)),
    ("pow", (1.0, inf), (inf, 0.0)),
    ("polygamma", (0.0, inf), (nan, 0.0)),
    ("logsumexp", (1e16, 1e16), (0.5, 0.5)),  # log(2) is lost in the value
    # Limits, and where there is none infinities are as large as each other, as the angle of (inf, inf) is pi/4.
    ("logsumexp", (inf, 1.0), (1.0, 0.0)),
    ("logsumexp", (-inf, 1.0, 1.0), (0.0, 0.5, 0.5)),
    ("logsumexp", (inf, inf), (0.5, 0.5)),
    ("hypot", (-inf, 1e308), (-1.0, 0.0)),
    ("hypot", (inf, -inf), (0.7071067811865475, -0.7071067811865475)),
    ("hypot", (inf, nan), (nan, nan)),
    ("norm", (3.0, inf, 4.0), (0.0, 1.0, 0.0)),
    ("norm", (-inf,), (-1.0,)),
    ("atan2", (1.0, inf), (0.0, 0.0)),
    ("atan2", (-inf, 2.0), (0.0, 0.0)),
    ("atan2", (inf, -inf), (0.0, 0.0)),
    ("atan2", (1.0, nan), (nan, nan)),
    ("mod", (-1.0, inf), (1.0, 1.0)),
    ("mod", (1.0, inf), (1.0, 0.0)),
    ("mod", (1.0, -inf), (1.0, 1.0)),
    ("mod", (inf, 2.0), (1.0, nan)),
    ("div", (1.0, inf), (0.0, 0.0)),
    ("div", (inf, 2.0), (0.5, -inf)),
    ("elu", (-inf, 2.0), (0.0, -1.0)),
    ("elu", (-800.0, inf), (inf, -1.0)),
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
    ("selu", (-1.0,), -1.1113307378125628),
    ("selu", (1.0,), 1.0507009873554805),
    ("silu", (1.0,), 0.7310585786300049),
    ("mish", (1.0,), 0.8650983882673103),
    ("silu", (-inf,), -0.0),
    ("gelu", (-inf,), -0.0),
    ("mish", (-inf,), -0.0),
    ("silu", (inf,), inf),
    ("gelu", (inf,), inf),
    ("mish", (inf,), inf),
    ("cbrt", (27.0,), 3.0),
    ("cbrt", (-0.0,), -0.0),
    ("softsign", (-3.0,), -0.75),
    ("softsign", (-inf,), -1.0),
    ("softsign", (inf,), 1.0),
    ("softsign", (1e308,), 1.0),
    ("softsign", (nan,), nan),
    ("softsign", (-0.0,), -0.0),
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
    ("sum", (1e16, 1.0, -1e16), 1.0),
    ("sum", (1e308, 1e308, -1e308), 1e308),
    ("sum", (1e308, 1e308, -inf), -inf),
    ("sum", (inf, -inf), nan),
    ("sum", (1e308, 1e308), inf),
    ("sum", (0.1,) * 10, 1.0),
    ("prod", (-1e200, 1e200, 1e-300), -1e100),
    ("prod", (1e200, 1e200, 0.0), 0.0),
    ("prod", (-1e200, 1e200), -inf),
    ("mean", (1e308, 1e308), 1e308),
    ("mean", (inf, 1.0), inf),
]


@pytest.mark.parametrize(("name", "operands", "expected"), VALUES, ids=[f"{name}{at}" for name, at, _ in VALUES])
def test_values_as_literals(name: str, operands: Point, expected: float) -> None:
    assert repr(getattr(FLOATS, name)(*operands)) == repr(expected)  # repr tells -0.0 from 0.0, and nan is nan
