"""What is printed parses back to the same graph."""

import pytest
from hypothesis import given

from autodiff.engine.graph import Constant, Graph, Input, Node, topological_order
from autodiff.engine.passes import forward
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse
from autodiff.grammar.print.text import print_expression, print_program

from ..support.random_graphs import graphs


def shape(outputs: list[Node]) -> list[object]:
    """A graph without names and places: equal where operations, operands, numbers and sharing are."""
    nodes = topological_order(outputs)
    numbering: dict[Node, int] = {}
    seen: list[object] = []

    def visit(output: Node) -> int:
        pending = [output]
        while pending:
            node = pending[-1]
            waiting = [operand for operand in node.operands if operand not in numbering]
            if node in numbering or not waiting:
                pending.pop()
                if node not in numbering:
                    numbering[node] = len(seen)
                    leaf = node.name if isinstance(node, Input) else repr(getattr(node, "number", ""))
                    name = node.operation.name if node.operation else leaf
                    seen.append((name, *[numbering[operand] for operand in node.operands]))
            else:
                pending.extend(reversed(waiting))
        return numbering[output]

    return [*[visit(output) for output in outputs], *seen, len(nodes)]


@given(graphs())
def test_what_is_printed_parses_back_to_the_same_graph(outputs: list[Node]) -> None:
    text = print_program(outputs)
    back = parse(text, {"w": 2, "t1": None}).graph
    leaves = {node: None for node in topological_order(outputs) if isinstance(node, Constant)}
    if not leaves:  # a number in two places of a text is two nodes
        assert shape(list(back.outputs)) == shape(outputs)
    assert print_program(list(back.outputs)) == text


@pytest.mark.parametrize(
    "text",
    [
        "-x^2",
        "(-x)^2",
        "x^-y",
        "(x^y)^z",
        "x^y^z",
        "x - (y - z)",
        "x - y - z",
        "x/(y*z)",
        "x/y*z",
        "--x",
        "-(x + y)",
        "(x + y)*z",
        "x % y",
        "x < y and y < z",
        "(x < y) < z",
        "not x == y",
        "(not x)*y",
        "(x or y) and z",
        "x or y and z",
        "not (x and y)",
        "where(x > 0, x, -x)",
        "max(x, y, z)",
        "leaky_relu(x)",
        "leaky_relu(x, 0.2)",
        "t1 = sin(x); t1*t1",
        "t1 = exp(x); t2 = t1 + 1; t1/t2, t2",
        "1e+300*x",
        "inf*x",
    ],
)
def test_text_that_stays_as_it_is(text: str) -> None:
    assert print_program(list(parse(text).graph.outputs)) == text


@pytest.mark.parametrize("first", ["(m % n)", "(-m)", "(m + n)", "m/n"])
@pytest.mark.parametrize("sign", ["*", "/", "+", "-"])
def test_long_chains_keep_the_parentheses_that_they_need(first: str, sign: str) -> None:
    """In a brief text too, which drops those that only group."""
    inner = sign.join([first, *(f"a{i}" for i in range(25))])
    for text in (f"b*({inner})", f"b - ({inner})", f"b/({inner})"):
        graph = parse(text).graph
        back = parse(print_program(list(graph.outputs), brief=True)).graph
        point = {variable.name: 1.0 + 0.37 * i for i, variable in enumerate(graph.inputs)}
        ours, theirs = (forward(each, point)[each.position[each.outputs[0]]] for each in (back, graph))
        assert ours == pytest.approx(theirs, rel=1e-13), text


def test_long_and_deep_graphs_are_printed_without_recursion() -> None:
    x = Input("x")
    node: Node = x
    for _ in range(100_000):
        node = Node(OPERATIONS["neg"], (node,))
    assert print_expression(node) == "-" * 100_000 + "x"
    assert Graph([node], [x]).nodes[0] is x
