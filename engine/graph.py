"""The computational graph: scalar nodes, each an operation applied to earlier nodes."""

from collections.abc import Iterable, Sequence
from itertools import count
from operator import attrgetter

from autodiff.engine.table.operation import Operation

Span = tuple[int, int]
"""Where a node stands in the text it was read from: the offsets of its first character and of the one after it."""

MAX_NODES = 10_000_000
"""How many nodes a graph may have by default."""

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
    """A variable with its name."""

    __slots__ = ("name",)

    def __init__(self, name: str, span: Span | None = None) -> None:
        self.operation, self.operands, self.label, self.span = None, (), name, span  # three times as quick as super()
        self.age = _next_age()
        self.name = name


class Constant(Node):
    """A number, and the text that stands for it in a program, such as 1.2 or pi."""

    __slots__ = ("number", "written")

    def __init__(
        self, number: float, *, label: str | None = None, span: Span | None = None, written: str | None = None
    ) -> None:
        Node.__init__(self, None, (), label, span)
        self.number = number
        self.written = written


class Graph:
    """All nodes that some outputs depend on, in topological order: the inputs as given, then the rest by age.

    `operands[i]` holds the positions in `nodes` of the operands of `nodes[i]`. Inputs are there too that no output
    depends on, and so are the nodes `also` named and what they depend on.
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Input], also: Sequence[Node] = ()) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        computed = topological_order([*outputs, *also], inputs)
        self.nodes: list[Node] = [*inputs, *computed]
        self.position = dict(zip(self.nodes, range(len(self.nodes)), strict=True))
        place = self.position.__getitem__
        self.operands: list[tuple[int, ...]] = [()] * len(inputs)
        self.operands += [tuple(map(place, node.operands)) for node in computed]


def dependent(graph: Graph, positions: Iterable[int]) -> set[int]:
    """The positions of all nodes that depend on the given ones, and of these themselves."""
    varies = set(positions)
    for i, operands in enumerate(graph.operands):
        if not varies.isdisjoint(operands):
            varies.add(i)
    return varies


def topological_order(outputs: Iterable[Node], given: Iterable[Node] = ()) -> list[Node]:
    """The outputs and everything they are computed from but the given leaves, operands before their users."""
    found: set[Node] = set(given)
    pending = [node for node in dict.fromkeys(outputs) if node not in found]
    found.update(pending)
    order = []
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
