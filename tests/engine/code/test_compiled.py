"""Compiled value and gradient: floats, arrays and the passes over the graph agree."""

import math
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from math import inf, isfinite, isnan, nan, ulp
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.engine.arithmetic import arrays
from autodiff.engine.code.compiled import careful, compile_graph
from autodiff.engine.graph import Constant, Graph, Input, Node
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse

from ...support.truth import condition_number, true_derivative, true_value, ulps

Compiled = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def compiled(text: str, threads: int = 1) -> Compiled:
    graph = parse(text).graph
    return compile_graph(graph, range(len(graph.inputs)), threads)


def flat(answer: tuple[Any, tuple[Any, ...]]) -> list[Any]:
    value, derivatives = answer
    return [value, *derivatives]


def in_three_ways(graph: Graph, points: Sequence[tuple[float, ...]]) -> Iterator[tuple[Any, list[Any]]]:
    """Each point, and what the passes, the code for floats, that for arrays of many rows and of one row give."""
    wrt = range(len(graph.inputs))
    function = compile_graph(graph, wrt)
    columns = [np.array(column) for column in zip(*points, strict=True)]
    rows = zip(*[each.tolist() for each in flat(function(*columns))], strict=True)
    for point, row in zip(points, rows, strict=True):
        alone = [float(each[0]) for each in flat(function(*[np.array([x]) for x in point]))]
        numbers = flat(function(*point))
        assert all(type(number) is float for number in numbers)
        yield point, [flat(careful(graph, wrt, point)), numbers, row, alone]


def close(x: float, y: float, relative: float, absolute: float = 0.0) -> bool:
    if not (isfinite(x) and isfinite(y)):
        return x == y or (isnan(x) and isnan(y))
    return abs(x - y) <= max(relative * ulp(1.0) * max(abs(x), abs(y)) + absolute, 4 * ulp(0.0))


# --- Every operation by itself ----------------------------------------------------------------------------------------

SPECIAL = (0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 0.5, 2.0, -3.0, 5e-324, 1e308, -1e308, 710.0, -746.0)


def points_of(count: int) -> list[tuple[float, ...]]:
    random = Random(count)
    special = list(product(SPECIAL, repeat=count))
    ordinary = [tuple(random.gauss(0, 4) for _ in range(count)) for _ in range(50)]
    return random.sample(special, min(len(special), 100)) + ordinary


def gate(row: Operation, count: int) -> Graph:
    inputs = [Input(f"x{i}") for i in range(count)]
    return Graph([Node(row, tuple(inputs))], inputs)


def conditions(graph: Graph, point: tuple[float, ...], here: list[float]) -> list[float]:
    """By how much each number changes, relatively to a relative change of the operands."""
    step, wrt = 2.0**-30, range(len(point))
    change = [0.0] * len(here)
    for i in wrt:
        moved = tuple(x * (1 + step) if i == j else x for j, x in enumerate(point))
        there = flat(careful(graph, wrt, moved))
        change = [old + (abs(a - b) / step if isfinite(a - b) else 0.0) for old, a, b in zip(change, here, there)]
    return change


@pytest.fixture(params=[0, 1], ids=["here", "elsewhere"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's functions as this processor has them; and rounded otherwise, as another may have them."""
    function, random = arrays.function, np.random.default_rng(1)

    def elsewhere(name: str) -> Callable[..., Any]:
        kernel = function(name)

        def rounded(*operands: Any, out: Any = None) -> Any:
            result = np.asarray(kernel(*operands))
            inexact = np.isfinite(result) & (abs(abs(result) - 1.0) > ulp(1.0)) & (abs(result) > 1e-300)
            off = random.choice([-ulp(0.5), 0.0, ulp(0.5)], result.shape)
            result = np.where(inexact, result * (1.0 + off * (abs(result) < 1e300)), result)
            return result if out is None else np.copyto(out, result) or out

        return rounded if name in INEXACT else kernel

    if request.param:
        monkeypatch.setattr(arrays, "function", elsewhere)


INEXACT = {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "hypot", "pow"}
INEXACT |= {"sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"}


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_each_operation_in_three_ways(row: Operation) -> None:
    """Within 4 ulp times 1 + the condition number."""
    least, most = row.arity
    for count in {least, int(min(most, 3))}:
        graph = gate(row, count)
        for point, (expected, *others) in in_three_ways(graph, points_of(count)):
            for found in others:
                for ours, theirs, change in zip(found, expected, conditions(graph, point, expected), strict=True):
                    assert close(ours, theirs, 4.0, 4 * ulp(1.0) * change), (point, found, expected)


@pytest.mark.parametrize("x", [-1e5, -730.0, -40.0, -37.5, -10.0, -1.0, 1e-9, 1.0, 26.0, 40.0, 1e5])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "logsigmoid", "erfc", "expm1", "log1p"])
def test_digits_in_the_tails(name: str, x: float) -> None:
    for _, (expected, *others) in in_three_ways(gate(OPERATIONS[name], 1), [(x,)]):
        for found in others:
            assert all(close(a, b, 5.0) for a, b in zip(found, expected, strict=True)), (found, expected)


# --- Random programs --------------------------------------------------------------------------------------------------

FUNCTIONS = (
    *("log({})", "sqrt({})", "1/({})", "exp(({})^3)", "asin({})", "({})^0.5", "({})^2", "({})^-1.5", "relu({})"),
    *(
        "sigmoid({})",
        "tanh({})",
        "softplus({})",
        "silu({})",
        "abs({})",
        "-({})",
        "elu({})",
        "floor({})",
        "clip({}, 0, 1)",
    ),
)
OPERATORS = ("({} + {})", "({} - {})", "({})*({})", "({})/({})", "max({}, {})", "min({}, {}, 0.5)", "hypot({}, {})")
CONDITIONS = ("{} < {}", "{} >= {}", "not ({} > {})", "0 < {} <= {}", "{} > 0 and {} < 1", "{} == 0 or {} != 0")
POINT = st.floats(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e3, -1e3, inf, nan])


@st.composite
def programs(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth:
        return draw(st.sampled_from(("x", "y", "x*y", "0", "2", "0.5")))
    kind = draw(st.sampled_from(("function", "operator", "choice")))
    if kind == "function":
        return draw(st.sampled_from(FUNCTIONS)).format(draw(programs(depth - 1)))
    one, other = draw(programs(depth - 1)), draw(programs(depth - 1))
    if kind == "operator":
        return draw(st.sampled_from(OPERATORS)).format(f"({one})", f"({other})")
    condition = draw(st.sampled_from(CONDITIONS)).format("x", draw(st.sampled_from(("y", "x", "x - y", "1"))))
    return f"where({condition}, {one}, {other})"


def error_of(graph: Graph, point: tuple[float, ...]) -> list[float]:
    """By how much the answer changes where the operands change by some ulps: what rounding may do to it as well."""
    wrt = range(len(graph.inputs))
    here = flat(careful(graph, wrt, point))
    spread = [64 * ulp(1.0) * abs(each) for each in here]
    for factor in (1 - 16 * ulp(1.0), 1 + 16 * ulp(1.0)):
        for i in range(len(point)):
            moved = tuple(x * factor if i == j else x for j, x in enumerate(point))
            there = flat(careful(graph, wrt, moved))
            spread = [old + abs(a - b) for old, a, b in zip(spread, here, there, strict=True)]
    return spread


@settings(max_examples=80)
@given(programs(), POINT, POINT)
def test_random_programs(text: str, x: float, y: float) -> None:
    """The first output of these programs is the program: x and y are always inputs."""
    program = parse(f"where(1, {text}, x + y)")
    ((_, (expected, *others)),) = in_three_ways(program.graph, [(x, y)[: len(program.graph.inputs)]])
    errors = error_of(program.graph, (x, y)[: len(program.graph.inputs)])
    for found in others:
        for a, b, error in zip(found, expected, errors, strict=True):
            unsure = isnan(error) and isfinite(b)  # a rounding error away from what is not finite, or from a kink
            assert unsure or error > abs(b) or close(a, b, 64.0, error), (text, found, expected)


NO_FLOW = [
    ("where(x > 0, log(x), 0)", 0.0, [0.0, 0.0]),
    ("where(x == 0, 1, sin(x)/x)", 0.0, [1.0, 0.0]),
    ("max(1, sqrt(x))", 0.0, [1.0, 0.0]),
    ("relu(sqrt(x) - 1)", 0.0, [0.0, 0.0]),
    ("0*log(x)", 0.0, [nan, nan]),
    ("log(x)", 0.0, [-inf, inf]),
    ("log(x)", -1.0, [nan, nan]),
    ("0*log(x)^0", -1.0, [0.0, nan]),
    ("exp(x)", 1000.0, [inf, inf]),
    ("1/x", 0.0, [inf, -inf]),
    ("sigmoid(x*x*-1)", 1e200, [0.0, 0.0]),
    ("x^2", 1e200, [inf, 2e200]),
    ("min(max(x, x^2), max(x, x^2))", 3.0, [9.0, 6.0]),
    ("max(x, 1) + min(x, 1)", 1.0, [2.0, 2.0]),
    ("max(x, x, nan)", 1.0, [nan, 0.0]),
    ("where(1, 0, x)^3", 1.0, [0.0, 0.0]),
    ("x", nan, [nan, 1.0]),
    ("x^0", 5e-324, [1.0, 0.0]),
    ("inf^x", -1.0, [0.0, 0.0]),
    ("polygamma(80, x)", 20000.0, [-7.414918621925443e-228, 2.9660415497557337e-230]),
]


@pytest.mark.parametrize(("text", "x", "expected"), NO_FLOW, ids=[f"{text} at {x}" for text, x, _ in NO_FLOW])
def test_corners(text: str, x: float, expected: list[float]) -> None:
    graph = parse(text).graph
    for _, ways in in_three_ways(graph, [(x,)]):
        for way in ways:
            assert all(close(a, b, 4.0) for a, b in zip(way, expected, strict=True)), way


# Operands whose answer is in range, where a factor of it or a step on the way may not be.
AWKWARD: list[tuple[str, tuple[float, ...]]] = [
    ("pow", (1.92e304, -9.6e-4)),
    ("pow", (0.9999999999991873, -8.75e14)),
    ("exp2", (1024.0,)),
    ("div", (-3.4e-322, -6e-8)),
    ("div", (3.0, 1e308)),
    ("pow", (0.5, 1070.3)),
    ("pow", (1e-10, 31.9)),
    ("elu", (-761.0, 1e300)),
    ("mish", (-2.2371,)),
    ("mish", (-740.0,)),
]


@pytest.mark.parametrize(("name", "point"), AWKWARD, ids=[f"{name}{at}" for name, at in AWKWARD])
def test_awkward_points(name: str, point: tuple[float, ...]) -> None:
    row = OPERATIONS[name]
    truths = [true_derivative(row, point, i) for i in range(len(point))]
    bounds = [4 * (1 + condition_number(row, point, i, truth)) for i, truth in enumerate(truths)]
    for _, ways in in_three_ways(gate(row, len(point)), [point]):
        for value, *derivatives in ways:
            assert ulps(value, true_value(row, point)) <= 4
            for found, truth, bound in zip(derivatives, truths, bounds, strict=True):
                assert ulps(found, truth) <= bound, (found, truth)


VECTORS: list[tuple[str, tuple[float, ...], float, float]] = [
    ("prod", (1e200, 1e200, 1e-300), 1e100, 1e-100),
    ("prod", (1e-200, 1e-200, 1e300), 1e-100, 1e100),
    ("prod", (1e-200, 1e-200, 1e-200, 1e300, 1e300), 1.0, 1e200),
    ("prod", (1e200, 1e200, 0.0), 0.0, 0.0),
    ("prod", (0.75, *[0.5] * 1100, *[4.0] * 550), 0.75, 1.0),
    ("mean", (1e308, 1e308), 1e308, 0.5),
    ("mean", (5e-324, 5e-324, 5e-324), 5e-324, 1 / 3),
    ("mean", (1e16, 1.0, 2.0, -1e16), 0.75, 0.25),
    ("sum", (1e16, 1.0, -1e16), 1.0, 1.0),
    ("sum", (1e308, 1e308, -1e308), 1e308, 1.0),
    ("sum", (0.1,) * 1000, 100.0, 1.0),
    ("sum", (1.0, -inf, 2.0), -inf, 1.0),
]


@pytest.mark.parametrize(("name", "point", "value", "derivative"), VECTORS)
def test_vectors(name: str, point: tuple[float, ...], value: float, derivative: float) -> None:
    """The value, and the derivative by the first element."""
    graph = gate(OPERATIONS[name], len(point))
    (_, ways), *_ = in_three_ways(graph, [point, (1.0,) * len(point)])
    for found in ways:
        assert close(found[0], value, 4.0), found
        assert close(found[1], derivative, 4.0), found


# --- What comes in and goes out ---------------------------------------------------------------------------------------


def test_numbers_of_any_kind_give_floats() -> None:
    function = compiled("x^2 + y")
    for x in (3, True, np.float64(3), np.float32(3), np.int64(3)):
        answer = flat(function(x, 1.0))
        assert answer == [float(x) ** 2 + 1.0, 2.0 * float(x), 1.0]
        assert all(type(number) is float for number in answer)


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_, np.uint8])
def test_arrays_of_any_kind_give_doubles(kind: Any) -> None:
    x = np.array([0, 1, 1, 0, 1], kind)
    for each in flat(compiled("exp(x)*x")(x)):
        assert each.dtype == np.float64
        assert each.shape == (5,)


SHAPES: list[tuple[Any, Any]] = [
    (np.arange(6.0).reshape(2, 3), 2.0),
    (np.arange(6.0).reshape(2, 3), np.arange(3.0)),
    (np.arange(6.0).reshape(2, 3).T, np.arange(3.0)[:, None]),
    (np.arange(12.0)[::2], np.arange(6.0)[::-1]),
    (np.array(2.0), 3.0),
    (np.empty(0), 1.0),
    (np.empty((0, 3)), np.arange(3.0)),
    ([1.0, 2.0], 3.0),
]


@pytest.mark.parametrize(("x", "y"), SHAPES)
def test_arrays_of_any_shape(x: Any, y: Any) -> None:
    value, (by_x, by_y) = compiled("x*sin(y) + where(x > y, x, 1)")(x, y)
    expected = np.asarray(x) * np.sin(y) + np.where(np.asarray(x) > y, x, 1.0)
    for found, each in ((value, expected), (by_x, np.sin(y) + (np.asarray(x) > y)), (by_y, np.asarray(x) * np.cos(y))):
        assert isinstance(found, np.ndarray)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, np.broadcast_to(each, expected.shape), rtol=1e-14)


def test_results_share_no_memory() -> None:
    x = np.arange(3.0)
    for text in ("x", "x + 1", "2*x"):
        value, (derivative,) = compiled(text)(x)
        value += 10.0
        derivative += 10.0
        assert x.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("hold", [lambda each: each, lambda each: each[::2], memoryview])
def test_results_that_are_held_stay(hold: Callable[[Any], Any]) -> None:
    function, x = compiled("2*x + y"), np.arange(200_000.0)
    held = [hold(each) for each in flat(function(x, 1.0))]
    before = [np.array(each).tolist() for each in held]
    for y in (2.0, 3.0):
        function(x, y)
        function(-x, y)
    assert [np.array(each).tolist() for each in held] == before


def test_memory_of_results_that_are_dropped_is_used_again() -> None:
    function, x = compiled("2*x + y"), np.arange(200_000.0)
    first = {each.ctypes.data for each in flat(function(x, 1.0))}
    assert {each.ctypes.data for each in flat(function(x, 2.0))} == first
    assert function(x[:5], 2.0)[0].tolist() == [2.0, 4.0, 6.0, 8.0, 10.0]


def test_inputs_in_any_order_and_some_only() -> None:
    graph = parse("a*x + b").graph
    assert compile_graph(graph, [1, 0])(2.0, 3.0, 4.0) == (10.0, (2.0, 3.0))
    assert compile_graph(graph, [])(2.0, 3.0, 4.0) == (10.0, ())
    assert compile_graph(parse("2 + 3").graph, [])() == (5.0, ())


def test_an_input_the_output_does_not_depend_on() -> None:
    x, y = Input("x"), Input("y")
    function = compile_graph(Graph([Node(OPERATIONS["exp"], (x,))], [x, y]), [0, 1])
    assert function(0.0, nan) == (1.0, (1.0, 0.0))
    assert [each.tolist() for each in flat(function(np.zeros(2), 1.0))] == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]


def test_names_mean_nothing_to_python() -> None:
    names = ["class", "lambda", "__import__", "exp", "inf", "i0", "v1", "otherwise", "a b", "'", "\n"]
    inputs = [Input(name) for name in names]
    total: Node = Constant(1.0)
    for variable in inputs:
        total = Node(OPERATIONS["mul"], (total, Node(OPERATIONS["exp"], (variable,))))
    function = compile_graph(Graph([total], inputs), range(len(inputs)))
    assert function(*[0.0] * len(inputs)) == (1.0, (1.0,) * len(inputs))
    assert function(*[np.zeros(1)] * len(inputs))[0].tolist() == [1.0]


# --- Size and threads -------------------------------------------------------------------------------------------------


def test_deep_and_wide_graphs() -> None:
    terms = 5_000
    deep = compiled("; ".join(["y = x", *["y = sin(y)"] * 1000, "y"]))
    expected = 1.0
    for _ in range(1000):
        expected = math.sin(expected)
    assert deep(1.0)[0] == pytest.approx(expected)
    assert deep(np.ones(3))[0] == pytest.approx(np.full(3, expected))
    wide = compiled(" + ".join(f"x{i}*x" for i in range(terms)))
    value, derivatives = wide(*[1.0, 2.0], *[1.0] * (terms - 1))
    assert value == terms * 2.0
    assert derivatives[:3] == (2.0, float(terms), 2.0)


def test_nested_choices_do_not_grow() -> None:
    """Whether anything flows is asked once: the guards do not guard each other."""
    text = "; ".join(["y = x", *["y = relu(y) + relu(-y)"] * 100, "y"])
    assert compiled(text)(3.0) == (3.0, (1.0,))


def test_any_number_of_threads_gives_the_same() -> None:
    rows = 200_001
    x = np.random.default_rng(1).standard_normal(rows) * 300
    for text in ("sigmoid(x)*exp(x)", "where(x > 0, log(x), x^2)"):
        one, two = compiled(text), compiled(text, threads=2)
        for a, b in zip(flat(one(x)), flat(two(x)), strict=True):
            assert a.tobytes() == b.tobytes()


def test_floats_do_without_numpy() -> None:
    program = (
        "import sys; from autodiff.grammar.parser import parse\n"
        "from autodiff.engine.code.compiled import compile_graph\n"
        "assert compile_graph(parse('x^2 + log(x)').graph, [0])(1)[0] == 1.0\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


def test_gradients_are_those_of_mathematics() -> None:
    random = Random(1)
    function = compiled("sigmoid(a*x + b) + a")
    for a, x, b in islice(iter(lambda: [random.gauss(0, 1) for _ in range(3)], None), 20):
        s = 1 / (1 + math.exp(-(a * x + b)))
        expected = [s + a, s * (1 - s) * x + 1, s * (1 - s) * a, s * (1 - s)]
        assert flat(function(a, x, b)) == pytest.approx(expected, rel=1e-12)
