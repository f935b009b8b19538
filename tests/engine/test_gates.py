"""Gates taken apart and put together: the graphs that come out, and that the numbers stay."""

from collections.abc import Iterator
from itertools import product
from math import isfinite, isnan, nan
from random import Random

import pytest

from autodiff.engine.gates import GATES, parts
from autodiff.engine.graph import Constant, Node, topological_order
from autodiff.engine.passes import backward, forward
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse
from autodiff.grammar.print.text import print_program
from autodiff.grammar.program import Program

FUSED = [
    ("1/(1 + exp(-u))", "sigmoid(u)"),
    ("1/(exp(-u) + 1)", "sigmoid(u)"),
    ("1/(1 + exp(u*2))", "sigmoid(-(u*2))"),
    ("exp(u)/(1 + exp(u))", "sigmoid(u)"),
    ("log(1 + exp(u))", "softplus(u)"),
    ("log(exp(u) + 1)", "softplus(u)"),
    ("log(sigmoid(u))", "logsigmoid(u)"),
    ("log(1/(1 + exp(-u)))", "logsigmoid(u)"),
    ("exp(u) - 1", "expm1(u)"),
    ("log(1 + u)", "log1p(u)"),
    ("sqrt(u^2 + v^2)", "hypot(u, v)"),
    ("sqrt(u*u + v*v)", "hypot(u, v)"),
    ("sqrt((u + v)^2 + (u - v)**2)", "hypot(u + v, u - v)"),
    ("1 - sigmoid(u)", "sigmoid(-u)"),
    ("1 - sigmoid(-u)", "sigmoid(u)"),
    ("(exp(u) - exp(-u))/(exp(u) + exp(-u))", "tanh(u)"),
    ("(exp(u) - exp(-u))/(exp(-u) + exp(u))", "tanh(u)"),
    ("log(exp(u) + exp(v))", "logsumexp(u, v)"),
    ("log(exp(u) + exp(v) + exp(w))", "logsumexp(u, v, w)"),
    ("log(sum(exp([u, v, w])))", "logsumexp(u, v, w)"),
]
KEPT = ["1/(2 + exp(-u))", "exp(u)/(1 + exp(v))", "(exp(u) - exp(-v))/(exp(u) + exp(-v))", "1 - exp(u)", "log(u)"]


def rewritten(program: Program, form: str) -> str:
    return print_program(program.with_gates(form).graph.outputs)


@pytest.mark.parametrize(("written", "stable"), FUSED)
def test_known_patterns_become_stable_gates(written: str, stable: str) -> None:
    assert rewritten(parse(written), "fused") == stable


@pytest.mark.parametrize("written", KEPT)
def test_what_only_looks_like_a_pattern_stays(written: str) -> None:
    assert rewritten(parse(written), "fused") == written


def test_a_piece_that_is_used_elsewhere_stays_too() -> None:
    program = parse("den = 1 + exp(-u); 1/den + den").with_gates("fused")
    assert print_program(program.graph.outputs) == "sigmoid(u) + (1 + exp(-u))"


SPECIAL = (nan, 0.0, -0.0, 0.1, -0.1, 1.0, -1.0, 2.5, -3.0)


def points_of(row: Operation, names: list[str]) -> Iterator[dict[str, float]]:
    """Moderate points of the domain, and corners: zeros, nan, where a careless formula would lose digits."""
    random = Random(row.name)
    for _ in range(100):
        bounds = [row.bounds(i) for i in range(len(names))]
        yield {name: random.uniform(max(low, -3), min(high, 3)) for name, (low, high) in zip(names, bounds)}
    corners = list(product((*SPECIAL, *row.hard), repeat=len(names)))
    for point in random.sample(corners, min(len(corners), 150)):
        yield dict(zip(names, point))


@pytest.mark.parametrize("row", [row for row in OPERATIONS.values() if parts(row)], ids=lambda row: row.name)
def test_no_compound_gate_is_left_and_the_numbers_stay(row: Operation) -> None:
    """Every compound operation, by value and by each local derivative."""
    _, most = row.arity
    names = [f"x{i}" for i in range(3 if row.variadic else int(most))]
    written = parse(f"{row.name}({', '.join(names)})" if row.symbol is None else "x0 - x1")
    basic = written.with_gates("basic")
    assert all(n.operation is None or parts(n.operation) is None for n in topological_order(basic.graph.outputs))
    compared = 0
    for point in points_of(row, names):
        expected, found = _numbers(written, point), _numbers(basic, point)
        assert isnan(expected[0]) == isnan(found[0]), point
        for ours, theirs in zip(expected, found, strict=True):
            if isfinite(ours) and isfinite(expected[0]):
                compared += 1
                assert theirs == pytest.approx(ours, rel=1e-9, abs=1e-12), point
    assert compared > 100


@pytest.mark.parametrize(
    ("text", "point", "value"),
    [
        ("abs(x)*y", {"x": nan, "y": 2.0}, nan),
        ("x % y", {"x": 1.0, "y": 0.1}, 1.0 % 0.1),  # 1/0.1 is rounded to 10
        ("asinh(x)", {"x": -1e9}, -21.416413017506358),  # -log(2e9)
        ("acosh(x)", {"x": -1e20}, nan),
        ("sign(x)", {"x": nan}, nan),
    ],
)
def test_basic_gates_are_the_same_function(text: str, point: dict[str, float], value: float) -> None:
    assert _numbers(parse(text).with_gates("basic"), point)[0] == pytest.approx(value, rel=1e-14, nan_ok=True)


def test_basic_gates_pass_gradients_at_corners_as_the_written_one_does() -> None:
    for text, point in (("hypot(x, y)", [0.0, 0.0]), ("atanh(x)", [1.0]), ("logit(x)", [0.0]), ("abs(x)", [0.0])):
        program = parse(text)
        numbers = dict(zip(program.inputs, point))
        assert _numbers(program.with_gates("basic"), numbers)[1:] == _numbers(program, numbers)[1:], text


def _numbers(program: Program, point: dict[str, float]) -> list[float]:
    graph = program.graph
    values = forward(graph, point)
    adjoints = backward(graph, values, graph.outputs[0])
    return [values[-1], *[adjoints[i] or 0.0 for i in range(len(graph.inputs))]]


@pytest.mark.parametrize("form", GATES)
def test_labels_and_vectors_survive(form: str) -> None:
    program = parse("y = tanh(x)*[1, 2]; z = y[1] + 1; z/y[0], softmax(y)").with_gates(form)
    labels = {node.label for node in program.graph.nodes}
    assert {"x", "y[0]", "y[1]", "z"} <= labels
    names = [n for n, node in zip(program.names(), program.graph.nodes, strict=True) if not isinstance(node, Constant)]
    assert len(names) == len(set(names))


@pytest.mark.slow
def test_taking_apart_does_not_recurse() -> None:
    total: Node = parse("x").graph.outputs[0]
    for _ in range(5_000):
        total = Node(OPERATIONS["tanh"], (total,))
    for form in ("basic", "fused"):
        for rewriting in GATES[form]([total]):
            total = rewriting.new[total]
    order = topological_order([total])
    assert len(order) > 50_000
    assert not any(node.operation is OPERATIONS["tanh"] for node in order)
