"""Scalars: operators and functions, numbers on either side, what is refused, and backward passes from a clean slate."""

import math
import operator
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from fractions import Fraction
from html import unescape
from keyword import iskeyword
from typing import Any

import pytest
from mpmath import mp

import autodiff
from autodiff import Scalar
from autodiff.engine.passes import forward
from autodiff.engine.table.operations import OPERATIONS, SPELLINGS
from autodiff.grammar.parser import parse
from autodiff.pictures.options import DrawingOptions
from autodiff.pictures.pictures import picture
from autodiff.scalar import FUNCTIONS, _evaluation

OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow)
UNFIT = ["2", None, 1j, [1.0], Scalar]


def derivative(function: Callable[..., float], at: tuple[float, ...], i: int) -> float:
    """By operand i, as mpmath finds it by differences."""
    order = tuple(int(j == i) for j in range(len(at)))
    return float(mp.diff(function, at, order))


@pytest.mark.parametrize("do", OPERATORS)
@pytest.mark.parametrize(
    "sides", [(Scalar, Scalar), (Scalar, float), (float, Scalar), (Scalar, int), (Fraction, Scalar)]
)
def test_operators_take_a_number_on_either_side(do: Callable[..., Any], sides: tuple[Any, Any]) -> None:
    left, right = sides[0](7), sides[1](3)
    result = do(left, right)
    assert type(result) is Scalar
    assert result.value == do(7.0, 3.0)
    assert [operand.value for operand in result.operands] == [7.0, 3.0]
    result.backward()
    for i, operand in enumerate((left, right)):
        if isinstance(operand, Scalar):
            assert operand.grad == pytest.approx(derivative(do, (7.0, 3.0), i), rel=1e-9)


def test_unary_operators() -> None:
    x = Scalar(-3)
    for result, value, slope in ((-x, 3.0, -1.0), (abs(x), 3.0, -1.0), (+x, -3.0, 1.0)):
        result.backward()
        assert (result.value, x.grad) == (value, slope)
    assert x
    assert not Scalar(0)


@pytest.mark.parametrize(
    "leave", [float, int, complex, round, math.sin, math.floor, math.ceil, math.trunc, lambda x: math.hypot(x, 1)]
)
def test_what_would_leave_the_graph_in_silence_is_refused(leave: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"use the functions of autodiff, as in autodiff\.sin\(x\).* or .* x\.value"):
        leave(Scalar(2, label="x"))


def test_functions_of_numpy_stay_in_the_graph_or_are_refused() -> None:
    import numpy as np

    x = Scalar(0.5)
    slopes = {
        "sin": math.cos(0.5),
        "exp": math.exp(0.5),
        "sqrt": 0.5**0.5,
        "arctan": 0.8,
        "absolute": 1,
        "negative": -1,
    }
    for name, slope in slopes.items():
        result = getattr(np, name)(x)
        result.backward()
        assert result.value == pytest.approx(getattr(np, name)(0.5), rel=1e-15)
        assert x.grad == pytest.approx(slope, rel=1e-15)
    total = np.array([1.0, 2.0]) @ np.array([x, x * x])
    total.backward()
    assert (total.value, x.grad) == (1.0, 3.0)
    with pytest.raises(TypeError, match="autodiff"):
        np.array([x], dtype=float)


def test_comparisons_are_those_of_values_and_equality_is_identity() -> None:
    one, two = Scalar(1), Scalar(2)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for left, right in ((1, 2), (2, 1), (2, 2)):
            expected = compare(left, right)
            pairs = ((Scalar(left), Scalar(right)), (Scalar(left), right), (left, Scalar(right)))
            assert all(compare(*pair) is expected for pair in pairs)
    assert 0 < one < two
    assert not Scalar(math.nan) <= math.nan
    assert max(one, two) is two
    assert one != Scalar(1)
    assert len({one, Scalar(1), one}) == 2


@pytest.mark.parametrize("unfit", UNFIT)
def test_what_is_no_real_number_is_a_type_error(unfit: Any) -> None:
    x = Scalar(1)
    for do in (*OPERATORS, operator.lt, operator.ge):
        for pair in ((x, unfit), (unfit, x)):
            if not (do is operator.mod and pair[0] == "2"):  # that is how Python formats text
                with pytest.raises(TypeError):
                    do(*pair)
    with pytest.raises(TypeError, match="must be a real number"):
        Scalar(unfit)
    with pytest.raises(TypeError, match="must be a real number"):
        x.value = unfit
    with pytest.raises(TypeError, match="label of a Scalar must be a str"):
        Scalar(1, label=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"hypot\(x, y\) takes Scalars and real numbers, not"):
        autodiff.hypot(x, unfit)
    assert x.value == 1.0


def test_nothing_raises_where_ieee_arithmetic_has_an_answer() -> None:
    zero = Scalar(0)
    assert [(1 / zero).value, (-1 / zero).value] == [math.inf, -math.inf]
    assert all(math.isnan(result.value) for result in (zero / 0, zero % 0, zero.log().sqrt(), (zero - 8) ** (1 / 3)))
    assert (zero + 10) ** 400 >= math.inf
    assert (zero - 1e3).exp().value == 0.0
    quotient = 1 / zero
    quotient.backward()
    assert zero.grad == -math.inf


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_a_function_and_a_method_by_all_its_names(name: str) -> None:
    row = OPERATIONS[name]
    numbers = (0.75, 0.25, 0.5)[: 3 if row.variadic else row.arity[0]]
    text = {"and": "x and y", "or": "x or y", "not": "not x"}.get(name, f"{name}({', '.join('xyz'[: len(numbers)])})")
    inputs = dict(zip("xyz", numbers, strict=False))
    expected = forward(parse(text).graph, inputs)[-1]
    for spelling in (row.name, *row.aliases):
        assert SPELLINGS[spelling] is row
        if iskeyword(spelling):
            assert not hasattr(autodiff, spelling)
            continue
        function = getattr(autodiff, spelling)
        plain = function(*numbers)
        assert type(plain) is float
        leaves = tuple(map(Scalar, numbers))
        for result in (function(*leaves), getattr(leaves[0], spelling)(*leaves[1:]), function(leaves[0], *numbers[1:])):
            assert result.operation is row
            assert [operand.value for operand in result.operands] == list(numbers)
            assert repr(result.value) == repr(plain) == repr(expected)
        assert function.__doc__.startswith(row.signature)


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if name in FUNCTIONS and row.arity[0] > 0])
def test_a_wrong_number_of_operands_is_a_type_error(name: str) -> None:
    function, (least, most) = FUNCTIONS[name], OPERATIONS[name].arity
    counts = [least - 1] if most == math.inf else [least - 1, int(most) + 1]
    for count in counts:
        for operands in ([0.5] * count, [Scalar(0.5)] * count):
            with pytest.raises(TypeError, match=rf"^{name}\(.*\) does not take {count} operand"):
                function(*operands)


def test_operands_may_be_left_out_or_given_by_name() -> None:
    x = Scalar(-2)
    assert autodiff.leaky_relu(x).value == -0.02
    assert x.leaky_relu(0.5).value == autodiff.leaky_relu(x, slope=0.5).value == -1.0
    assert autodiff.hardtanh(Scalar(5), high=2).value == 2.0
    assert autodiff.clip(high=1, low=-1, x=-5) == -1.0
    slope = Scalar(0.5)
    autodiff.leaky_relu(x, slope=slope).backward()
    assert (x.grad, slope.grad) == (0.5, -2.0)
    with pytest.raises(TypeError, match=r"^leaky_relu\(x, slope=0\.01\): .*'slop'"):
        autodiff.leaky_relu(x, slop=1)
    with pytest.raises(TypeError, match=r"^clip\(x, low, high\): .*'low'"):
        autodiff.clip(x, high=1)


def test_many_operands_come_one_by_one_or_in_a_list() -> None:
    x = [Scalar(i) for i in (3, 1, 2)]
    for total in (autodiff.sum(x), autodiff.sum(tuple(x)), autodiff.sum(*x), autodiff.sum(each for each in x), sum(x)):
        assert isinstance(total, Scalar)
        total.backward()
        assert (total.value, [each.grad for each in x]) == (6.0, [1.0, 1.0, 1.0])
    autodiff.max([*x, 3]).backward()
    assert [each.grad for each in x] == [1.0, 0.0, 0.0]  # a tie goes to the first
    assert autodiff.min([3, 1, 2]) == 1.0
    with pytest.raises(TypeError, match=r"mean\(x, \.\.\.\) does not take 0 operands"):
        autodiff.mean([])


def test_what_where_did_not_choose_gets_nothing() -> None:
    x = Scalar(0)
    result = autodiff.where(x > 0, x.log(), 3 * x)
    result.backward()
    assert (result.value, x.grad) == (0.0, 3.0)
    autodiff.where(True, x + 1, x.sqrt()).backward()
    assert x.grad == 1.0


def test_backward_starts_from_zero() -> None:
    x, y, unrelated = Scalar(3), Scalar(4), Scalar(5)
    product, total = x * y, x + 2
    for _ in range(3):
        product.backward()
        assert (x.grad, y.grad, product.grad, unrelated.grad) == (4.0, 3.0, 1.0, 0.0)
    total.backward()
    assert x.grad == 1.0
    not_chosen = autodiff.max(x, y)
    not_chosen.backward()
    assert (x.grad, y.grad) == (0.0, 1.0)


def test_a_leaf_is_its_own_derivative() -> None:
    x = Scalar(3)
    x.backward()
    assert x.grad == 1.0
    assert (x.operation, x.operands) == (None, ())


def test_integers_too_large_for_a_double_are_infinite() -> None:
    huge = 10**400
    assert (Scalar(huge).value, Scalar(-huge).value) == (math.inf, -math.inf)
    assert ((Scalar(1) + huge).value, (-huge * Scalar(1)).value, autodiff.exp(-huge)) == (math.inf, -math.inf, 0.0)
    assert Scalar(1) < huge


def test_only_the_value_of_a_leaf_can_be_set() -> None:
    x = Scalar(3, label="x")
    y = x * x
    with pytest.raises(AttributeError, match="only the value of a leaf"):
        y.value = 4
    x.value = 5
    assert type(x.value) is float
    assert (x.value, y.value, (x * x).value) == (5.0, 9.0, 25.0)


def test_a_stale_graph_is_refused_and_a_fresh_one_is_not() -> None:
    """With the new x and the old square of it the gradient would be neither that at 3 nor that at 5."""
    x, w = Scalar(3, label="x"), Scalar(2)
    square = x * x
    once, before = x * w, square * x * w
    x.value = 5
    for stale in (once, before, square, square + 1):
        with pytest.raises(RuntimeError, match=r"Scalar\(5, label='x'\) has another value by now"):
            stale.backward()
    (x * x * x * w).backward()
    assert x.grad == 2 * 3 * 25.0
    kept = w * w
    (kept * x).backward()
    x.value = 7
    (kept * x).backward()  # a part that does not depend on x may be kept
    assert (x.grad, w.grad) == (4.0, 2 * 2 * 7.0)


def test_a_scalar_shows_its_value_and_label() -> None:
    x = Scalar(2)
    assert repr(x) == "Scalar(2)"
    x.label = "x"
    assert repr(x) == "Scalar(2, label='x')"
    assert repr([x / 3, x / 0]) == "[Scalar(0.666667), Scalar(inf)]"


def test_functions_do_not_hide_the_attributes_of_a_scalar() -> None:
    assert not FUNCTIONS.keys() & {"age", "backward", "grad", "label", "operands", "operation", "span", "value"}
    with pytest.raises(AttributeError, match="no attribute 'sigmod'"):
        Scalar(1).sigmod()


def test_text_and_operators_make_the_same_graph() -> None:
    program = parse("sigmoid(a*x + b) + a")
    a, x, b = Scalar(0.2), Scalar(2), Scalar(0.6)
    z = autodiff.sigmoid(a * x + b) + a
    written, run = program.graph.outputs[0], z
    while written.operands:
        assert written.operation is run.operation
        assert len(written.operands) == len(run.operands)
        written, run = written.operands[0], run.operands[0]
    assert run is a


def test_the_package_offers_scalars_and_functions() -> None:
    names = dir(autodiff)
    assert {"Scalar", "sigmoid", "expit", "where", "less", "max", "sum"} <= set(names)
    assert not any(iskeyword(name) for name in names)
    assert len(set(names) - FUNCTIONS.keys()) <= 12
    assert autodiff.sigmoid is autodiff.sigmoid is autodiff.expit is FUNCTIONS["sigmoid"]
    with pytest.raises(AttributeError, match="module 'autodiff' has no attribute 'sigmod'"):
        _ = autodiff.sigmod


def test_a_star_import_leaves_the_builtins_alone() -> None:
    there: dict[str, Any] = {}
    exec("from autodiff import *; total = sum([1, 2]), max('ab'), sigmoid(0), Scalar(1) > 0", there)
    assert there["total"] == (3, "b", 0.5, True)
    assert "__version__" not in there


def texts(svg: str) -> list[str]:
    """What a picture shows to the eye."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_leaf_without_a_label_is_drawn_with_value_and_gradient_and_a_plain_number_in_grey() -> None:
    x, y = Scalar(3), Scalar(-4)
    z = 5 * x * y
    z.backward()
    svg = z._repr_svg_()
    assert svg is not None
    # For a leaf its number as its name, its value and its gradient; for 5 the number alone.
    assert sorted(texts(svg)) == sorted(
        ["5", "*", "3", "3", "-20", "5*3", "15", "-4", "*", "(-4)", "-4", "15", "5*3*(-4)", "-60", "1"]
    )
    grey = [text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text") if text.text == "5"]
    assert grey[0].attrib["fill"] == "#6e7781"
    twins = Scalar(2) * Scalar(2)
    twins.backward()
    assert twins.operands[0].grad == 2
    assert texts(twins._repr_svg_() or "").count("2") == 6  # two names, values and gradients


HARD = [
    r"\Gamma",
    r"\N and \G",
    'a<b>&amp;"',
    "<b>x</b>",
    "tail\\",
    "two\nlines",
    "a\ab",
    "&#92;",
    "a\ud800b",
    "日本",
    "]]>",
]


@pytest.mark.parametrize("label", HARD, ids=ascii)
def test_labels_are_drawn_as_they_are(label: str) -> None:
    """But for what is not printable, which becomes a space."""
    shown = "".join(c if c.isprintable() else " " for c in label)
    product = Scalar(2, label=label) * 3
    product.label = label
    evaluation = _evaluation(product + 1)
    for style in ("record", "circuit"):
        drawn = texts(picture(evaluation, "svg", DrawingOptions(style=style)).decode())
        assert [text.strip() for text in drawn].count(shown.strip()) == 2
    titles = re.findall('xlink:title="(.*?)"', picture(evaluation, "svg", DrawingOptions()).decode(), re.DOTALL)
    assert f"{shown} = 2" in map(unescape, titles)
    chart = picture(evaluation, "mermaid", DrawingOptions()).decode()
    boxes = [re.sub("#([0-9]+);", lambda c: chr(int(c[1])), line) for line in chart.splitlines() if '["' in line]
    assert sum(f'["{shown}<br>' in box for box in boxes) == 2
