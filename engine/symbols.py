"""The arithmetic of graph nodes: the rules of the table run on symbols, and what comes out is a graph."""

from types import SimpleNamespace
from typing import Any

from .graph import Constant, Node
from .operation import Operation
from .operations import OPERATIONS


class Symbol:
    """A node with Python's operators."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __add__(self, other: Any) -> "Symbol":
        return apply("add", self, other)

    def __radd__(self, other: Any) -> "Symbol":
        return apply("add", other, self)

    def __sub__(self, other: Any) -> "Symbol":
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> "Symbol":
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> "Symbol":
        return self if other == 1.0 else apply("mul", self, other)

    def __rmul__(self, other: Any) -> "Symbol":
        return self if other == 1.0 else apply("mul", other, self)

    def __neg__(self) -> "Symbol":
        return apply("neg", self)

    def __lt__(self, other: Any) -> "Symbol":
        return apply("less", self, other)

    def __le__(self, other: Any) -> "Symbol":
        return apply("less_equal", self, other)

    def __gt__(self, other: Any) -> "Symbol":
        return apply("greater", self, other)

    def __ge__(self, other: Any) -> "Symbol":
        return apply("greater_equal", self, other)

    def __and__(self, other: Any) -> "Symbol":
        return apply("and", self, other)

    def __or__(self, other: Any) -> "Symbol":
        return apply("or", self, other)


def apply(name: str, *operands: Any) -> Symbol:
    """An operation on symbols and numbers."""
    return Symbol(Node(OPERATIONS[name], tuple(_node(operand) for operand in operands)))


def _node(operand: Any) -> Node:
    return operand.node if isinstance(operand, Symbol) else Constant(float(operand))


def _when(taken: Symbol, derivative: Any) -> Symbol:
    return apply("where", taken, derivative, 0.0)


def _route(result: Symbol, operands: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
    return tuple(_when(apply("equal", operand, result), 1.0) for operand in operands)


SYMBOLS = SimpleNamespace(when=_when, route=_route, eq=lambda x, y: apply("equal", x, y))
"""The arithmetic `m` of symbols: every operation makes a node of its own."""

for _name in OPERATIONS:
    setattr(SYMBOLS, _name, lambda *operands, name=_name: apply(name, *operands))


def local_derivatives(operation: Operation, operands: tuple[Node, ...]) -> tuple[Node | None, ...]:
    """The local derivative by each operand as a graph, None where no gradient ever flows."""
    result = Symbol(Node(operation, operands))
    derivatives = operation.local(SYMBOLS, result, *map(Symbol, operands))
    return tuple(None if derivative is None else _node(derivative) for derivative in derivatives)
