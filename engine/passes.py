"""The two passes over a graph: values forward, adjoints backward. Neither recurses."""

from collections.abc import Mapping

from .graph import Constant, Graph, Input, Node
from .operations import FLOATS, OPERATIONS

_FUNCTIONS = {operation: getattr(FLOATS, name) for name, operation in OPERATIONS.items()}


def forward(graph: Graph, inputs: Mapping[str, float]) -> list[float]:
    """The value of every node, given the value of every input by its name. KeyError where one is missing."""
    values: list[float] = []
    for node, operands in zip(graph.nodes, graph.operands, strict=True):
        if node.operation is not None:
            values.append(_FUNCTIONS[node.operation](*[values[i] for i in operands]))
        elif isinstance(node, Input):
            values.append(inputs[node.name])
        elif isinstance(node, Constant):
            values.append(node.number)
    return values


def backward(graph: Graph, values: list[float], output: Node) -> list[float | None]:
    """The adjoint of every node: the derivative of the output by it, or None where nothing flowed back to it."""
    last = graph.position[output]
    adjoints: list[float | None] = [None] * len(values)
    adjoints[last] = 1.0
    for i in range(last, -1, -1):
        adjoint, operation = adjoints[i], graph.nodes[i].operation
        if adjoint is None or operation is None:
            continue
        operands = graph.operands[i]
        local_derivatives = operation.local(FLOATS, values[i], *[values[j] for j in operands])
        for j, local in zip(operands, local_derivatives, strict=False):  # a default operand is no node
            if local is not None:
                before, flow = adjoints[j], adjoint * local
                adjoints[j] = flow if before is None else before + flow  # gradients add up over the uses of a node
    return adjoints
