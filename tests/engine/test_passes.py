"""The passes on graphs made by hand: order, sharing, no flow, and depth."""

import pytest

from autodiff.engine.graph import Constant, Graph, Input, Node, topological_order
from autodiff.engine.passes import backward, forward
from autodiff.engine.table.operations import OPERATIONS


def node(name: str, *operands: Node) -> Node:
    return Node(OPERATIONS[name], operands)


def gradient(output: Node, **inputs: float) -> dict[str, float | None]:
    variables = [n for n in topological_order([output]) if isinstance(n, Input)]
    graph = Graph([output], variables)
    adjoints = backward(graph, forward(graph, inputs), output)
    return {variable.name: adjoints[graph.position[variable]] for variable in variables}


def test_gradients_add_up_over_every_use() -> None:
    x = Input("x")
    assert gradient(node("mul", x, x), x=3.0) == {"x": 6.0}
    square = node("mul", x, x)
    assert gradient(node("add", square, node("mul", square, x)), x=3.0) == {"x": 6.0 + 27.0}


def test_operands_come_before_the_nodes_that_use_them() -> None:
    x, y = Input("x"), Input("y")
    late, early = node("sin", y), node("cos", x)
    output = node("mul", node("add", late, early), late)
    order = topological_order([output])
    assert len(order) == 6
    for i, n in enumerate(order):
        assert all(order.index(operand) < i for operand in n.operands)


def test_nodes_that_no_output_depends_on_stay_out_of_the_graph() -> None:
    x, y = Input("x"), Input("y")
    node("log", y)
    output = node("exp", x)
    graph = Graph([output], [x, y])
    assert len(graph.nodes) == 3
    assert backward(graph, forward(graph, {"x": 0.0, "y": 1.0}), output)[graph.position[y]] is None


def test_no_flow_is_not_zero_flow() -> None:
    """What max did not take gets nothing, so an infinite local derivative behind it cannot make a nan of it."""
    x = Input("x")
    assert gradient(node("max", Constant(1.0), node("sqrt", x)), x=0.0) == {"x": None}
    assert gradient(node("relu", node("sub", node("sqrt", x), Constant(1.0))), x=0.0) == {"x": None}


def test_zero_times_infinity_on_a_path_that_was_taken_is_nan() -> None:
    x = Input("x")
    (derivative,) = gradient(node("mul", Constant(0.0), node("log", x)), x=0.0).values()
    assert derivative is not None
    assert derivative != derivative


def test_each_of_several_outputs_has_its_own_backward_pass() -> None:
    x, y = Input("x"), Input("y")
    product, total = node("mul", x, y), node("add", x, y)
    graph = Graph([product, total], [x, y])
    values = forward(graph, {"x": 2.0, "y": 3.0})
    assert backward(graph, values, product)[:2] == [3.0, 2.0]
    assert backward(graph, values, total)[:2] == [1.0, 1.0]


def test_a_default_operand_is_no_node() -> None:
    x, slope = Input("x"), Input("slope")
    assert gradient(node("leaky_relu", x), x=-2.0) == {"x": 0.01}
    assert gradient(node("leaky_relu", x, slope), x=-2.0, slope=0.5) == {"x": 0.5, "slope": -2.0}


def test_a_missing_input_is_a_key_error() -> None:
    x = Input("x")
    with pytest.raises(KeyError):
        forward(Graph([x], [x]), {})


def test_a_million_nodes_deep_is_as_good_as_ten() -> None:
    x = Input("x")
    output: Node = x
    for _ in range(1_000_000):
        output = node("neg", output)
    assert gradient(output, x=3.0) == {"x": 1.0}
