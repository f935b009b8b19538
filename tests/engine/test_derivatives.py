"""Derivatives as graphs: right to any order, no larger than the cheap gradient principle allows, and never where
nothing flows."""

from collections.abc import Callable
from math import inf, isfinite, isnan
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from autodiff.engine.derivatives import gradient
from autodiff.engine.graph import Graph, Input, Node, topological_order
from autodiff.engine.hessians import hessian
from autodiff.engine.passes import backward, forward
from autodiff.engine.symbolic.algebra import Algebra
from autodiff.engine.symbolic.numbers import TooLarge
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse
from autodiff.grammar.print.text import print_program

from ..support.random_expressions import POINTS, smooth, with_choices
from ..support.truth import evaluate, points


def differentiated(text: str, *names: str, max_nodes: int = 100_000) -> Node:
    graph, m = parse(text).graph, Algebra(max_nodes=max_nodes)
    (output,) = graph.outputs
    for name in names:
        (variable,) = [variable for variable in graph.inputs if variable.name == name]
        (output,) = gradient(output, [variable], m)
    return output


def size(*outputs: Node) -> int:
    return sum(node.operation is not None for node in topological_order(outputs))


def value(output: Node, **point: float) -> float:
    inputs = [Input(name) for name in point]
    graph = parse(print_program([output], brief=True)).graph
    return forward(Graph(graph.outputs, [*graph.inputs, *inputs]), point)[
        graph.position[graph.outputs[0]] + len(inputs)
    ]


# --- As a person writes them ------------------------------------------------------------------------------------------

WRITTEN = [
    ("x^3", "x", "3*x^2"),
    ("x^3", "xxx", "6"),
    ("5*x", "x", "5"),
    ("a - x", "x", "-1"),
    ("x*x*x", "x", "3*x^2"),
    ("x/3", "x", "1/3"),
    ("2*x/6", "x", "1/3"),
    ("1/x", "xx", "2/x^3"),
    ("x^(1/3)", "x", "1/(3*x^(2/3))"),
    ("sqrt(x)", "x", "1/(2*sqrt(x))"),
    ("sin(x)", "xx", "-sin(x)"),
    ("sin(2*x)", "xx", "-4*sin(2*x)"),
    ("exp(-x)", "x", "-exp(-x)"),
    ("log(x)", "x", "1/x"),
    ("sigmoid(x)", "x", "sigmoid(x)*sigmoid(-x)"),
    ("tanh(x)", "x", "1/cosh(x)^2"),
    ("atan(x)", "x", "1/(1 + x^2)"),
    ("x^2*y + 3*x*y^2", "x", "y*(2*x + 3*y)"),
    ("x^3 - 4*x^2 + 7*x", "x", "3*x^2 - 8*x + 7"),
    ("x*log(x) - x", "x", "log(x)"),
    ("x^2*log(x)", "xx", "3 + 2*log(x)"),
    ("x*sqrt(x)", "x", "3*sqrt(x)/2"),
    ("log(sqrt(x))", "x", "1/(2*x)"),
    ("log(abs(x))", "x", "1/x"),
    ("0.1*x^3", "x", "0.3*x^2"),
    ("cos(pi*x)", "x", "-pi*sin(pi*x)"),
    ("mean([x, y, x*y])", "x", "(y + 1)/3"),
    ("x*exp(x)", "xxxxx", "(x + 5)*exp(x)"),
    ("exp(x)*sin(x)", "xxxx", "-4*exp(x)*sin(x)"),
    ("(x^2 - 1)^2", "xx", "12*x^2 - 4"),
    ("x^2*sin(1/x)", "x", "2*x*sin(1/x) - cos(1/x)"),
    ("x*(y and 1)", "x", "y != 0"),
    ("x*(y or 0)", "x", "y != 0"),
    ("2*((x % 3)*sin(x))", "x", "2*(x % 3*cos(x) + sin(x))"),
    ("(a*x + b - y)^2", "a", "2*x*(a*x + b - y)"),
    ("sin(x)/x", "x", "cos(x)/x - sin(x)/x^2"),
    ("max(x, y)", "x", "where(x >= y, 1, 0)"),
    ("max(x, y)", "y", "where(y > x, 1, 0)"),
    ("relu(x)^2", "x", "where(x > 0, 2*relu(x), 0)"),
    ("where(x > 0, log(x), 0)", "x", "where(x > 0, 1/x, 0)"),
    ("where(x > 0, x, -x)", "x", "where(x > 0, 1, -1)"),
    ("where(x > 0, x^2, -x) + x", "x", "where(x > 0, 2*x, -1) + 1"),
    ("max(x, x^2)", "x", "where(x^2 > x, 2*x, 0) + where(x >= x^2, 1, 0)"),
    ("floor(x) + x", "x", "1"),
    ("0*log(x)", "x", "0/x"),  # which is nan at 0, as the gradient is
    ("y", "x", "0"),
    ("s = x + 1; s*exp(s)/y", "x", "(x + 2)*exp(x + 1)/y"),
    (
        "long = sin(x)*exp(y); sqrt(long)*cos(long)",
        "x",
        "long = sin(x)*exp(y); exp(y)*cos(x)*(cos(long)/2 - long*sin(long))/sqrt(long)",
    ),
]


@pytest.mark.parametrize(("text", "names", "expected"), WRITTEN)
def test_derivatives_are_simplified_as_a_person_would(text: str, names: str, expected: str) -> None:
    graph, m = parse(f"{text}, x, y" if "=" not in text else text).graph, Algebra()
    output = graph.outputs[0]
    for name in names:
        (output,) = gradient(output, [v for v in graph.inputs if v.name == name], m)
    assert print_program([output], brief=True) == expected


# --- Right ------------------------------------------------------------------------------------------------------------

STEPS = {"sign", "floor", "ceil", "round", "trunc", "abs", "relu", "leaky_relu", "elu", "selu", "hardtanh", "clip"}
SMOOTH = [row for row in OPERATIONS.values() if row.arity == (1, 1) and row.name not in STEPS | {"not"}]


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.name)
def test_third_derivatives(row: Operation) -> None:
    """Against differences of mpmath's values, at moderate points: formulas for people do not keep the far tails."""
    x = Input("x")
    output, m = Node(row, (x,)), Algebra()
    for _ in range(3):
        (output,) = gradient(output, [x], m)
    graph, checked = Graph([output], [x]), 0
    for (at,) in points(row):
        if 0.01 < abs(at) < 4 and checked < 25 and not any(abs(at - edge) < 0.05 for edge in row.hard):
            with mp.workprec(300):
                if evaluate(row, (mpf(at),)) is None:
                    continue
                truth = mp.diff(lambda x: evaluate(row, (x,)), mpf(at), 3, h=mpf(2) ** -70)
            if not mp.isfinite(truth) or mp.im(truth):
                continue
            ours = forward(graph, {"x": at})[graph.position[output]]
            assert ours == pytest.approx(float(truth), rel=1e-8, abs=1e-9), at
            checked += 1
    assert checked == 25


@settings(max_examples=80)
@given(smooth(), st.fixed_dictionaries({"x": st.floats(-2, 2), "y": st.floats(-2, 2)}))
@example("(tanh(tanh(y)))*(hypot(2 + (x + x*y)^2, (x)*(x)))", {"x": 0.0, "y": 0.0})  # where a factor must cancel
def test_hessians_are_symmetric_and_equal_differences_of_gradients(text: str, point: dict[str, float]) -> None:
    graph = parse(f"{text} + 0*x + 0*y").graph
    m = Algebra()
    nodes = gradient(graph.outputs[0], graph.inputs, m)
    rows = [gradient(node, graph.inputs, m) for node in nodes]
    flat = [node for row in rows for node in row]
    second = Graph(flat, graph.inputs)
    values = forward(second, point)
    full = [[values[second.position[node]] for node in row] for row in rows]
    ours = hessian(graph, point, graph.inputs)
    scale = 1 + max(abs(number) for row in full for number in row)
    if not isfinite(scale):
        return
    for i, one in enumerate(graph.inputs):
        for j in range(len(graph.inputs)):
            assert full[i][j] == pytest.approx(full[j][i], rel=1e-9, abs=1e-9 * scale), text
            assert ours[i][j] == pytest.approx(full[i][j], rel=1e-9, abs=1e-9 * scale), text
        h = 2.0**-17
        up, down = (slopes(graph, {**point, one.name: point[one.name] + step}) for step in (h, -h))
        for j in range(len(graph.inputs)):
            third = scale + max(map(abs, [*up, *down]))
            assert (up[j] - down[j]) / (2 * h) == pytest.approx(full[i][j], rel=1e-4, abs=1e-4 * third), text


def slopes(graph: Graph, point: dict[str, float]) -> list[float]:
    adjoints = backward(graph, forward(graph, point), graph.outputs[0])
    return [adjoints[i] or 0.0 for i in range(len(graph.inputs))]


def test_rosenbrock_in_ten_dimensions_exactly() -> None:
    n, dice = 10, Random(0)
    text = " + ".join(f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(n - 1))
    at = [dice.randint(-9, 9) for _ in range(n)]
    graph = parse(text).graph
    names = [variable.name for variable in graph.inputs]
    ours = hessian(graph, {f"x{i}": float(x) for i, x in enumerate(at)}, graph.inputs)
    truth = [[0] * n for _ in range(n)]
    for i in range(n - 1):
        truth[i][i] += 1200 * at[i] ** 2 - 400 * at[i + 1] + 2
        truth[i + 1][i + 1] += 200
        truth[i][i + 1] = truth[i + 1][i] = -400 * at[i]
    assert [[ours[names.index(f"x{i}")][names.index(f"x{j}")] for j in range(n)] for i in range(n)] == truth


@settings(max_examples=150)
@given(st.data(), POINTS)
def test_printed_derivatives_have_the_value_of_the_gradient(data: st.DataObject, point: dict[str, float]) -> None:
    text = data.draw(smooth()) if data.draw(st.booleans()) else data.draw(st.composite(with_choices)(point, 2))[0]
    graph = parse(f"pick(c, u, v) = where(c, u, v); inner(c, u, v) = (v if not c else pick(c, u, v)); {text}").graph
    values = forward(graph, point)
    adjoints = backward(graph, values, graph.outputs[0])
    printed = gradient(graph.outputs[0], graph.inputs, Algebra())
    scale = 1 + max([abs(a) for a in adjoints if a is not None and isfinite(a)])
    for i, node in enumerate(printed):
        ours, theirs = adjoints[i] or 0.0, number(print_program([node], brief=True), point)
        if isfinite(ours) and isfinite(theirs):
            assert theirs == pytest.approx(ours, rel=1e-8, abs=1e-9 * scale), (text, print_program([node], brief=True))


def number(text: str, point: dict[str, float]) -> float:
    graph = parse(text).graph
    return forward(graph, point)[graph.position[graph.outputs[0]]]


# --- No flow ----------------------------------------------------------------------------------------------------------

NO_FLOW = [
    ("where(x > 0, sqrt(x), 0)", 0.0),
    ("where(x == 0, 1, sin(x)/x)", 0.0),
    ("where(x > 0, log(x), 0)", -1.0),
    ("relu(log(x))", 1e-300),
    ("max(0, 1/x)", -5e-324),
    ("min(x, 1e200*exp(x))*0 + where(x < 2000, 0, exp(x))", 1000.0),
    ("f(u) = where(u > 0, u^0.5, 0); f(f(x))", 0.0),
]


@pytest.mark.parametrize(("text", "at"), NO_FLOW)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_what_was_not_chosen_contributes_nothing_in_any_order(text: str, at: float, order: int) -> None:
    assert number(print_program([differentiated(text, *"x" * order)]), {"x": at}) == 0.0


def test_a_genuine_product_of_zero_and_infinity_stays() -> None:
    assert isnan(number(print_program([differentiated("0*log(x)", "x")]), {"x": 0.0}))
    assert number(print_program([differentiated("sqrt(x)", "x")]), {"x": 0.0}) == inf


# --- Small and quick --------------------------------------------------------------------------------------------------


def network() -> str:
    hidden = [f"tanh({' + '.join(f'w{i}_{j}*x{j}' for j in range(3))} + b{i})" for i in range(4)]
    return f"(sigmoid({' + '.join(f'v{i}*{h}' for i, h in enumerate(hidden))} + c) - y)^2"


ROSENBROCK = " + ".join(f"100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2" for i in range(9))
MICROGRAD = (
    "c = a + b; d = a*b + b^3; c += c + 1; c += 1 + c - a; d += d*2 + relu(b + a); d += 3*d + relu(b - a);"
    "e = c - d; f = e^2; g = f/2; g += 10/f; g"
)
WORKLOADS = ["sigmoid(a*x + b) + a", MICROGRAD, "c = a + b; d = a*b + b^3; e = c - d; e^2/2", ROSENBROCK, network()]


@pytest.mark.parametrize("text", [*WORKLOADS, " + ".join(f"w{i}*sin(x{i}*b)" for i in range(1000))], ids=len)
def test_a_gradient_costs_at_most_five_times_its_function(text: str) -> None:
    graph = parse(text).graph
    assert size(*gradient(graph.outputs[0], graph.inputs, Algebra())) <= 5 * size(*graph.outputs) + 5


@pytest.mark.parametrize(
    ("text", "order", "most"),
    [("x^2", 50, 0), ("sin(x)^20", 10, 200), ("x^50", 49, 2), ("exp(-x^2)", 20, 300), ("tanh(x)", 20, 400)],
)
def test_shared_pieces_stay_shared_in_high_orders(text: str, order: int, most: int) -> None:
    assert size(differentiated(text, *"x" * order)) <= most


AS_CHECKED = [
    ("x^x", "xxx", {"x": 1.0}, 3.0),
    ("x^n", "xn", {"x": 2.0, "n": 0.0}, 0.5),
    ("x^2*(y and 2)", "xx", {"x": 2.0, "y": 3.0}, 2.0),
    ("exp(2)^(x^0) + x", "x", {"x": 2.0}, 1.0),
    ("where(1, pi, x)^2 + 3*x", "x", {"x": 2.0}, 3.0),
    ("log(2*(x/x)) + x", "x", {"x": 2.0}, 1.0),
]


@pytest.mark.parametrize(("text", "names", "point", "expected"), AS_CHECKED)
def test_corners_that_went_wrong_once(text: str, names: str, point: dict[str, float], expected: float) -> None:
    printed = print_program([differentiated(text, *names)], brief=True)
    given = {variable.name: point[variable.name] for variable in parse(printed).graph.inputs}
    assert number(printed, given) == pytest.approx(expected, rel=1e-14)


def test_too_large_a_derivative_is_refused() -> None:
    with pytest.raises(TooLarge, match="more than 20 nodes"):
        differentiated("tan(x)", *"x" * 10, max_nodes=20)
    with pytest.raises(TooLarge, match="steps of simplification"):
        differentiated("sin(cos(sin(cos(sin(cos(sin(cos(x))))))))", *"x" * 9)


@pytest.mark.parametrize(
    ("text", "order", "truth"),
    [
        ("sin(x)^20", 10, lambda x: mp.sin(x) ** 20),
        ("exp(-x^2)", 14, lambda x: mp.exp(-(x**2))),
        ("exp(x)*sin(x)", 9, lambda x: mp.exp(x) * mp.sin(x)),
        ("x*log(1 + x^2)", 9, lambda x: x * mp.log(1 + x**2)),
    ],
)
def test_high_orders_are_right(text: str, order: int, truth: Callable[[Any], Any]) -> None:
    ours = number(print_program([differentiated(text, *"x" * order)], brief=True), {"x": 0.7})
    with mp.workdps(80):
        assert ours == pytest.approx(float(mp.diff(truth, mpf(0.7), order)), rel=1e-9)


@pytest.mark.slow
def test_a_chain_of_many_operations_needs_no_recursion() -> None:
    output = differentiated("; ".join(["y = x", *["y = y*1.0001 + sin(y)"] * 3_000, "y"]), "x")
    assert size(output) > 3_000
