"""The computational graph: scalar nodes, each an operation applied to earlier nodes."""

from collections.abc import Iterable, Sequence
from itertools import count
from operator import attrgetter

from .operation import Operation

Span = tuple[int, int]
"""Where a node stands in the text it was read from: the offsets of its first character and of the one after it."""

_next_age = count().__next__


class Node:
    """One scalar: an operation and its operands. A leaf, `Input` or `Constant`, has neither.

    A node never changes what it computes, so its operands are older than itself and age is a topological order.
    """

    __slots__ = ("age", "label", "operands", "operation", "span")

    def __init__(
        self,
        operation: Operation | None = None,
        operands: tuple["Node", ...] = (),
        label: str | None = None,
        span: Span | None = None,
    ) -> None:
        self.operation = operation
        self.operands = operands
        self.label = label
        self.span = span
        self.age = _next_age()


class Input(Node):
    """A variable, by its name."""

    __slots__ = ("name",)

    def __init__(self, name: str, span: Span | None = None) -> None:
        Node.__init__(self, None, (), name, span)
        self.name = name


class Constant(Node):
    """A number."""

    __slots__ = ("number",)

    def __init__(self, number: float, *, label: str | None = None, span: Span | None = None) -> None:
        Node.__init__(self, None, (), label, span)
        self.number = number


class Graph:
    """All that some outputs are computed from, in topological order.

    `operands[i]` holds the positions in `nodes` of the operands of `nodes[i]`; `inputs` keeps the given order, with
    those inputs too that no output depends on.
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Input]) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.nodes = topological_order([*inputs, *outputs])
        self.position = dict(zip(self.nodes, range(len(self.nodes)), strict=True))
        place = self.position.__getitem__
        self.operands = [tuple(map(place, operands)) if (operands := node.operands) else () for node in self.nodes]


def topological_order(outputs: Iterable[Node]) -> list[Node]:
    """The outputs and everything they are computed from, operands before the nodes that use them."""
    pending = list(dict.fromkeys(outputs))
    found, order = set(pending), []
    while pending:
        node = pending.pop()
        order.append(node)
        for operand in node.operands:
            if operand not in found:
                found.add(operand)
                pending.append(operand)
    order.reverse()  # which is nearly the order of age already, so that sorting takes one look at each
    order.sort(key=attrgetter("age"))
    return order
