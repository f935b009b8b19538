"""The backward pass as a rewrite from graph to graph: derivatives of any order."""

from collections.abc import Sequence
from typing import Any

from autodiff.engine.graph import Graph, Input, Node, dependent
from autodiff.engine.symbolic.algebra import Algebra, Flow
from autodiff.engine.symbolic.expressions import MOST
from autodiff.engine.table.operation import Operation

_SHARED = 4
"""Factors of a product that is looked through where derivatives by several inputs shall share their pieces."""


def gradient(output: Node, wrt: Sequence[Input], m: Algebra) -> list[Node]:
    """The derivative of an output by some inputs, each as a node of a graph made by the algebra."""
    m.most = _SHARED if len(wrt) > 1 else MOST
    graph = Graph([output], wrt)
    adjoints = adjoint_flows(graph, m.read(graph), m, set(range(len(wrt))))
    return [m.node(guarded(m, adjoint)) for adjoint in adjoints[: len(wrt)]]


def local_derivative_nodes(operation: Operation, operands: Sequence[Input]) -> list[Node]:
    """The local derivative of an operation by each operand, each as a node."""
    m = Algebra()
    symbols = [m.leaf(operand) for operand in operands]
    found = m.local(operation, m.atom(operation.name, tuple(symbols)), *symbols)
    flows = [each if each is None or isinstance(each, Flow) else Flow(True, each) for each in found]
    return [m.node(guarded(m, flow)) for flow in flows]


def repeated(output: Node, wrt: Sequence[Input], m: Algebra) -> Node:
    """The derivative of an output by an input, then by the next and so on."""
    for variable in wrt:
        (output,) = gradient(output, [variable], m)
    return output


def adjoint_flows(
    graph: Graph, values: Sequence[Any], m: Any, wrt: set[int], output: int | None = None
) -> list[Flow | None]:
    """The adjoint of every node that depends on `wrt`, and the condition under which anything flows back to it.

    It is that of the node at the position `output`, or else of the first output.

    `values` are the nodes as symbols of `m`, or numbers where they turned out to be constant. An adjoint says nothing
    where its condition does not hold: see `guarded`.
    """
    varies = dependent(graph, wrt)
    last = graph.position[graph.outputs[0]] if output is None else output
    adjoints: list[Flow | None] = [None] * len(graph.nodes)
    if last in varies:
        adjoints[last] = Flow(True, 1.0)
    for i in range(last, -1, -1):
        adjoint, operation, operands = adjoints[i], graph.nodes[i].operation, graph.operands[i]
        if adjoint is None or operation is None or m.known(values[i]):
            continue
        local_derivatives = m.local(operation, values[i], *[values[j] for j in operands])
        for j, local in zip(operands, local_derivatives):
            if j in varies and local is not None:
                adjoints[j] = met(m, adjoints[j], passed(m, adjoint, local))
    return adjoints


def passed(m: Any, adjoint: Flow, local: Any) -> Flow:
    """What flows on to an operand; both conditions must hold."""
    if not isinstance(local, Flow):
        return Flow(adjoint.condition, adjoint.derivative * local)
    both = local.condition
    if adjoint.condition is not True:
        both = m.apply("and", adjoint.condition, local.condition)
    return Flow(both, adjoint.derivative * local.derivative)


def met(m: Any, before: Flow | None, flow: Flow) -> Flow:
    """Gradients add up over the uses of a node, the last first; there is one where any of them flows."""
    if before is None:
        return flow
    if before.condition == flow.condition:
        return Flow(flow.condition, flow.derivative + before.derivative)
    either: Any = True
    if before.condition is not True and flow.condition is not True:
        either = m.apply("or", before.condition, flow.condition)
    one, two = (each.derivative if each.condition == either else guarded(m, each) for each in (flow, before))
    return Flow(either, one + two)


def guarded(m: Any, flow: Flow | None) -> Any:
    """The adjoint, and 0 where nothing flows."""
    if flow is None:
        return 0.0
    if flow.condition is True:
        return flow.derivative
    return m.where(flow.condition, flow.derivative, 0.0)
