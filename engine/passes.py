"""The two passes over a graph: values forward, adjoints backward. Neither recurses."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from autodiff.engine.arithmetic.protocol import Arithmetic, N
from autodiff.engine.graph import Constant, Graph, Node
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS

T = TypeVar("T")

_floats: Any = FLOATS  # of no type, since a default must fit every type of number

_FUNCTIONS: dict[Operation | None, Callable[..., float]] = {
    operation: getattr(FLOATS, name) for name, operation in OPERATIONS.items()
}


def forward(graph: Graph, inputs: Mapping[str, float]) -> list[float]:
    """The value of every node, given the value of every input by its name. KeyError where one is missing."""
    return evaluate(graph, inputs, _FUNCTIONS, attrgetter("number"))


def evaluate(
    graph: Graph,
    inputs: Mapping[str, T],
    functions: Mapping[Operation | None, Callable[..., T]],
    constant: Callable[[Constant], T],
) -> list[T]:
    """The forward pass in any arithmetic, by the functions of its operations."""
    values = [inputs[variable.name] for variable in graph.inputs]
    value_of, first = values.__getitem__, len(values)
    for node, operands in zip(graph.nodes[first:], graph.operands[first:]):
        if operands:
            values.append(functions[node.operation](*map(value_of, operands)))
        elif isinstance(node, Constant):
            values.append(constant(node))
        else:
            raise KeyError(node.label)  # an input that the graph was not told of
    return values


def local_derivatives(graph: Graph, values: Sequence[float], i: int) -> tuple[float | None, ...]:
    """The derivatives of a gate by each of its operands, None where no gradient flows; () for a leaf."""
    operation, operands = graph.nodes[i].operation, graph.operands[i]
    if operation is None:
        return ()
    # A rule gives derivatives by default operands too, which the node does not have.
    return operation.local(FLOATS, values[i], *[values[j] for j in operands])[: len(operands)]


def backward(graph: Graph, values: list[N], output: Node, m: Arithmetic[N] = _floats) -> list[N | float | None]:
    """The adjoint of every node, the derivative of the output by it, or None where nothing flowed back to it.

    `m` is the arithmetic that the values are numbers of.
    """
    value_of = values.__getitem__
    nodes, operands_of, last = graph.nodes, graph.operands, graph.position[output]
    adjoints: list[N | float | None] = [None] * len(values)
    adjoints[last] = 1.0
    for i in range(last, -1, -1):
        adjoint, operation, operands = adjoints[i], nodes[i].operation, operands_of[i]
        if adjoint is None or operation is None:
            continue
        local_derivatives = operation.local(m, values[i], *map(value_of, operands))
        for j, local in zip(operands, local_derivatives):  # shorter, where an operand has its default
            if local is not None:
                before, flow = adjoints[j], adjoint * local
                adjoints[j] = flow if before is None else before + flow  # gradients add up over the uses of a node
    return adjoints
