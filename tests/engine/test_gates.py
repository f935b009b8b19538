"""Gates taken apart and put together: the graphs that come out, and that the numbers stay."""

from math import isfinite
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


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_no_compound_gate_is_left_and_the_numbers_stay(row: Operation) -> None:
    """Every operation at moderate points of its domain, by value and by each local derivative."""
    _, most = row.arity
    count = 3 if row.variadic else int(most)
    names = [f"x{i}" for i in range(count)]
    if row.symbol is None:
        text = f"{row.name}({', '.join(names)})"
    else:
        text = row.symbol.join([*([""] if count == 1 else []), *[f" {name} " for name in names]])
    program = parse(text)
    basic = program.with_gates("basic")
    assert all(n.operation is None or parts(n.operation) is None for n in topological_order(basic.graph.outputs))
    random, compared = Random(row.name), 0
    for _ in range(200):
        point = {}
        for i, name in enumerate(names):
            low, high = row.bounds(i)
            point[name] = random.uniform(max(low, -3), min(high, 3))
        if row.name == "polygamma":
            point["x0"] = 1.0
        numbers = [_numbers(each, point) for each in (program, basic)]
        for written, taken_apart in zip(*numbers, strict=True):
            if isfinite(written):
                compared += 1
                assert taken_apart == pytest.approx(written, rel=1e-9, abs=1e-12), point
    assert compared > 100


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
