"""The arithmetic of graph nodes: the rules of the table run on symbols, and what comes out is a graph."""

from types import SimpleNamespace
from typing import Any

from .graph import Constant, Node
from .operation import Operation
from .operations import OPERATIONS


class Symbol:
    """A node with the operators that rules use; they are set below."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node


def apply(name: str, *operands: Any) -> Symbol:
    """An operation on symbols and numbers; a factor of 1 vanishes, and a term of 0."""
    if _NEUTRAL.get(name) in operands:
        return next(operand for operand in operands if isinstance(operand, Symbol))
    return Symbol(Node(OPERATIONS[name], tuple(map(_node, operands))))


def _node(operand: Any) -> Node:
    return operand.node if isinstance(operand, Symbol) else Constant(float(operand))


_NEUTRAL = {"mul": 1.0, "add": 0.0}
_OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "neg": "neg", "and": "and", "or": "or"}
_COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}

for _method, _name in (_OPERATORS | _COMPARISONS).items():
    setattr(Symbol, f"__{_method}__", lambda *operands, name=_name: apply(name, *operands))
    if _method in ("add", "sub", "mul"):
        setattr(Symbol, f"__r{_method}__", lambda right, left, name=_name: apply(name, left, right))


def _when(taken: Symbol, derivative: Any) -> Symbol:
    return apply("where", taken, derivative, 0.0)


def _route(result: Symbol, operands: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
    return tuple(_when(apply("equal", operand, result), 1.0) for operand in operands)


SYMBOLS = SimpleNamespace(
    when=_when,
    route=_route,
    eq=lambda x, y: apply("equal", x, y),
    # A graph shows the textbook: what floats do about their range and rounding is not part of it.
    scale=lambda *operands: 1.0,
    power_rule=lambda x, y: y * apply("pow", x, y - 1.0),
    damped=lambda x, tail: x * tail,
    inside=lambda result, derivative: derivative,
)
"""The arithmetic `m` of symbols: every operation makes a node of its own."""

for _name in OPERATIONS:
    setattr(SYMBOLS, _name, lambda *operands, name=_name: apply(name, *operands))


def local_derivatives(operation: Operation, operands: tuple[Node, ...]) -> tuple[Node | None, ...]:
    """The local derivative by each operand as a graph, None where no gradient ever flows."""
    result = Symbol(Node(operation, operands))
    derivatives = operation.local(SYMBOLS, result, *map(Symbol, operands))
    return tuple(None if derivative is None else _node(derivative) for derivative in derivatives)
