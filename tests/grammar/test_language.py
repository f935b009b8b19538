"""Functions, choices, comparisons and vectors: what they mean, what their nodes are called, how large they may get."""

import math
import time

import pytest

from autodiff.engine.passes import backward, forward
from autodiff.grammar.errors import ProgramError, TooManyNodes
from autodiff.grammar.parser import parse
from autodiff.grammar.program import Program

Values = dict[str, float | list[float]]


def read(text: str, values: Values, **options: int) -> tuple[Program, dict[str, float]]:
    """A program for these values, and the values flat, an entry for each element of a vector."""
    lengths = {name: len(value) if isinstance(value, list) else None for name, value in values.items()}
    flat = {f"{name}[{i}]": x for name, v in values.items() if isinstance(v, list) for i, x in enumerate(v)}
    return parse(text, lengths, **options), flat | {n: v for n, v in values.items() if not isinstance(v, list)}


def evaluate(text: str, **values: float | list[float]) -> list[float]:
    program, flat = read(text, values)
    graph = program.graph
    computed = forward(graph, flat)
    return [computed[graph.position[output]] for output in graph.outputs]


def gradient(text: str, **values: float | list[float]) -> dict[str, float]:
    """The derivative of the first output by every scalar input."""
    program, flat = read(text, values)
    graph = program.graph
    adjoints = backward(graph, forward(graph, flat), graph.outputs[0])
    return {variable.name: adjoints[graph.position[variable]] or 0.0 for variable in graph.inputs}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 < 2, 2 < 1, 2 <= 2, 2 > 1, 2 >= 3, 2 == 2, 2 != 2", [1, 0, 1, 1, 0, 1, 0]),
        ("1 ≤ 2, 1 ≥ 2, 1 ≠ 2", [1, 0, 1]),
        ("0 < x < 4, 0 < x < 3, 4 > x >= 3 == 3", [1, 0, 1]),
        ("not 0, not 5, 1 and 0, 1 or 0, not 1 == 2", [1, 0, 0, 1, 1]),
        ("1 or 0 and 0, (1 or 0) and 0, not 0 and 0", [1, 0, 0]),
        ("where(x > 2, 10, 20), where(x > 3, 10, 20)", [10, 20]),
        ("1 if x > 3 else 2 if x > 2 else 3", [2]),
        ("(x > 2)*5 + (x < 2)", [5]),
        ("nan == nan, nan != nan, nan < 1, where(nan, 1, 2)", [0, 1, 0, 1]),
    ],
)
def test_truth_and_choice(text: str, expected: list[float]) -> None:
    assert evaluate(text, x=3.0) == expected


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("where(x > 0, log(x), 0)", 0.0, 0.0),
        ("where(x > 0, sqrt(x), 0)", 0.0, 0.0),
        ("where(x <= 0, 0, sqrt(x))", 0.0, 0.0),
        ("where(x == 0, 1, sin(x)/x)", 0.0, 0.0),
        ("where(x < 2000, x, exp(x))", 1000.0, 1.0),
        ("x if x < 2000 else exp(x)", 1000.0, 1.0),
        ("where(x != 0, where(x > 0, 1/x, -1/x), 5*x)", 0.0, 5.0),
        ("f(t) = where(t > 0, log(t), t); f(x) + f(2*x)", 0.0, 3.0),
        ("max([0, x*log(x)])", 1.0, 0.0),
        ("(x > 1)*x", 2.0, 1.0),
    ],
)
def test_what_was_not_chosen_gets_no_gradient(text: str, at: float, expected: float) -> None:
    assert gradient(text, x=at) == {"x": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w", [2, -3, 4]),
        ("w[0], w[2], w[-1], w[2 - 1]", [2, 4, 4, -3]),
        ("w + 1", [3, -2, 5]),
        ("2*w - w/2", [3, -4.5, 6]),
        ("-w^2", [-4, -9, -16]),
        ("w*w", [4, 9, 16]),
        ("abs(w), max(w, 0), w > 0", [2, 3, 4, 2, 0, 4, 1, 0, 1]),
        ("sum(w), prod(w), mean(w), min(w), max(w)", [3, -24, 1, -3, 4]),
        ("sum(1, 2, 3), prod(2, 3), mean(1, 2), max(1, 2)", [6, 6, 1.5, 2]),
        ("w @ [1, 2, 3], dot(w, w)", [8, 29]),
        ("norm([3, 4]), norm(3e300*[1, 1])", [5, 3e300 * math.sqrt(2)]),
        ("logsumexp([1000, 1000])", [1000 + math.log(2)]),
        ("sum(softmax(1000*w))", [1]),
        ("softmax([1e16, 1e16]), softmax([-1e300, 1e300])", [0.5, 0.5, 0, 1]),
        ("softmax([1000, 1000.5])[0]", [1 / (1 + math.exp(0.5))]),
        ("where(w > 0, w, 0)", [2, 0, 4]),
        ("[x, 2*x][1], [1, 2][0]", [6, 1]),
        ("y = w*2; y += 1; y", [5, -5, 9]),
        ("f(v, s) = s*sum(v); f(w, 2), f([1, x], 1)", [6, 4]),
        ("n(v) = v/norm(v); n([3, 4])", [0.6, 0.8]),
    ],
)
def test_vectors(text: str, expected: list[float]) -> None:
    assert evaluate(text, w=[2.0, -3.0, 4.0], x=3.0) == pytest.approx(expected, rel=1e-15)


def test_functions_capture_what_is_known_where_they_are_defined() -> None:
    assert evaluate("a = 5; g(x) = a*x; a = 7; g(2)") == [10]
    assert evaluate("g(x) = b*x; b = 7; g(2)", b=3.0) == [6]
    assert evaluate("f(x) = x + 1; g(x) = f(f(x)); f(x) = 100*x; g(1), f(1)") == [3, 100]
    assert evaluate("f(x) = x^2; x = 3; f(x + 1)") == [16]
    assert evaluate("dot = 2; dot*dot(w, w)", w=[1.0, 2.0]) == [10]
    assert evaluate("sigmoid(x) = 3*x; sigmoid(2)") == [6]
    assert evaluate("c() = 3; c() + c()") == [6]


def test_softmax_and_its_gradient_at_large_operands() -> None:
    assert gradient("softmax(w)[0]", w=[1e17, 1e17]) == {"w[0]": 0.25, "w[1]": -0.25}
    assert gradient("softmax(w)[0]", w=[800.0, 0.0])["w[1]"] == pytest.approx(0, abs=1e-300)


def test_cs231n_neuron() -> None:
    text = "sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])"
    values: Values = {"w": [2.0, -3.0, -3.0], "x": [-1.0, -2.0]}
    assert evaluate(text, **values) == [0.7310585786300049]
    by_w = [-0.19661193324148185, -0.3932238664829637, 0.19661193324148185]
    by_x = [0.3932238664829637, -0.5898357997244456]
    assert list(gradient(text, **values).values()) == pytest.approx([*by_w, *by_x], rel=1e-15)


def test_a_network_in_vectors_is_the_network_in_scalars() -> None:
    w = [[0.1 * (i + 1) - 0.07 * j * j for j in range(3)] for i in range(4)]
    b, v, x = [0.1, -0.2, 0.3, -0.4], [0.5, -0.6, 0.7, -0.8], [1.0, -2.0, 0.5]
    rows: Values = {f"w{i}": row for i, row in enumerate(w)}
    vectors: Values = {**rows, "b": b, "v": v, "x": x, "c": 0.2, "y": 1.0}
    in_vectors = "h = tanh([w0@x, w1@x, w2@x, w3@x] + b); (sigmoid(v@h + c) - y)^2"
    hidden = [f"tanh(w{i}_0*x_0 + w{i}_1*x_1 + w{i}_2*x_2 + b_{i})" for i in range(4)]
    in_scalars = f"(sigmoid({' + '.join(f'v_{i}*{h}' for i, h in enumerate(hidden))} + c) - y)^2"
    scalars = {f"{n}_{i}": e for n, value in vectors.items() if isinstance(value, list) for i, e in enumerate(value)}
    scalars |= {n: value for n, value in vectors.items() if not isinstance(value, list)}
    assert evaluate(in_vectors, **vectors) == evaluate(in_scalars, **scalars)
    expected = gradient(in_scalars, **scalars)
    by_vectors = {n.replace("[", "_").replace("]", ""): d for n, d in gradient(in_vectors, **vectors).items()}
    assert by_vectors == pytest.approx(expected, rel=1e-14)
    assert len(expected) == 12 + 4 + 4 + 3 + 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("w*2", ["w[0]", "w[1]", "2", "(w*2)[0]", "(w*2)[1]"]),
        ("y = w*2; y", ["w[0]", "w[1]", "2", "y[0]", "y[1]"]),
        ("c = x*x; c = c*c; c", ["x", "c", "c (2)"]),
        ("f(a) = exp(a)*a; f(x)", ["x", "f(x): exp(a)", "f(x)"]),
        ("f(a) = exp(a); g(a) = f(a)/f(-a); g(x)", ["x", "g(x): exp(a)", "g(x): -a", "g(x): exp(a) (2)", "g(x)"]),
        ("w @ w", ["w[0]", "w[1]", "w @ w: mul[0]", "w @ w: mul[1]", "w @ w"]),
    ],
)
def test_names_that_a_reader_recognises(text: str, names: list[str]) -> None:
    program, _ = read(text, {"w": [1.0, 2.0], "x": 1.0})
    assert program.names() == names


@pytest.mark.slow
def test_sizes_without_recursion() -> None:
    assert evaluate("x" + "+x" * 50_000, x=1.0) == [50_001]
    assert evaluate("(" * 30_000 + "x" + ")" * 30_000, x=3.0) == [3]
    assert evaluate("\n".join(f"a{i} = {f'a{i - 1}' if i else 'x'} + 1" for i in range(30_000)), x=0.0) == [30_000]
    assert evaluate("f0(x) = x + 1;" + ";".join(f"f{i}(x) = f{i - 1}(x)" for i in range(1, 5_000)) + "; f4999(1)") == [
        2
    ]


DOUBLING = "f1(x) = x*x + x;" + ";".join(f"f{i}(x) = f{i - 1}(f{i - 1}(x))" for i in range(2, 31))


NOTHING = "f1(x) = x;" + ";".join(f"f{i}(x) = f{i - 1}(f{i - 1}(x))" for i in range(2, 31))


@pytest.mark.parametrize(
    "text", [f"{DOUBLING}; f30(a)", f"{NOTHING}; f30(a)", f"{DOUBLING}; g(v) = f30(v) + 1; g([a, a])"]
)
def test_a_graph_that_doubles_thirty_times_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(TooManyNodes, match="more than 10,000,000 nodes"):
        parse(text)
    assert time.perf_counter() - start < 1


def test_the_limit_on_nodes_counts_elements_too() -> None:
    assert len(parse("f(x) = x + 1; f(a)", max_nodes=20).graph.nodes) == 3
    with pytest.raises(ProgramError, match="more than 20 nodes"):
        parse("v = [1, 2, 3, 4]; v = v*v; v = v*v; v = v*v; v = v*v; v", max_nodes=20)
