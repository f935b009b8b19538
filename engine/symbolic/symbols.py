"""The arithmetic of graph nodes: the rules of the table run on symbols, and what comes out is a graph."""

from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff.engine.arithmetic.operators import Operators
from autodiff.engine.graph import Constant, Node
from autodiff.engine.table.constants import DOUBLES
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS


class Symbol(Operators):
    """A node with the operators that rules use, and the arithmetic that they belong to."""

    __slots__ = ("m", "node")

    def __init__(self, node: Node, m: "Symbols") -> None:
        self.node = node
        self.m = m

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and other.node is self.node

    def __hash__(self) -> int:
        return hash(self.node)


class Symbols:
    """The arithmetic `m` of symbols: every operation makes a node of its own. A number stays a Python float."""

    def __getattr__(self, name: str) -> Any:
        if name in DOUBLES:
            return DOUBLES[name]
        if name not in OPERATIONS:
            raise AttributeError(name)
        function = partial(self.apply, name)
        setattr(self, name, function)
        return function

    def apply(self, name: str, *operands: Any) -> Any:
        """An operation on symbols and numbers; a factor of 1 vanishes, and a term of 0."""
        if _NEUTRAL.get(name) in operands:
            return next(operand for operand in operands if isinstance(operand, Symbol))
        return Symbol(Node(OPERATIONS[name], tuple(map(self.node, operands))), self)

    def node(self, operand: Any) -> Node:
        """The node of a symbol, or one for a number."""
        return operand.node if isinstance(operand, Symbol) else Constant(float(operand))

    def local(self, operation: Operation, result: Any, *operands: Any) -> tuple[Any, ...]:
        """The local derivative by each operand, None where no gradient ever flows."""
        return operation.local(self, result, *operands)

    def known(self, x: Any) -> bool:
        """Whether something depends on no input."""
        return not isinstance(x, Symbol)

    def eq(self, x: Any, y: Any) -> Any:
        return x == y if isinstance(x, float) and isinstance(y, float) else self.apply("equal", x, y)

    def when(self, taken: Any, derivative: Any) -> Any:
        return self.where(taken, derivative, 0.0)

    def route(self, result: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self.when(self.eq(operand, result), 1.0) for operand in operands)

    def routed(self, order: tuple[str, str] | None, result: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """All of the gradient to the first operand that is chosen, under conditions.

        `order` are the comparisons by which the first of two operands is chosen, and the second.
        """
        if len(operands) == 2 and order:
            (x, y), (weak, strict) = operands, order
            return self.when(self.apply(weak, x, y), 1.0), self.when(self.apply(strict, y, x), 1.0)
        flows, free = list[Any](), True
        for operand in operands:
            here = self.eq(operand, result)
            flows.append(self.when(self.apply("and", free, here), 1.0))
            free = self.apply("and", free, self.apply("not", here))
        return tuple(flows)

    # A graph shows the textbook: what floats do about their range and rounding is not part of it.

    def scale(self, *operands: Any) -> Any:
        return 1.0

    def exponent(self, x: Any) -> Any:
        return 0.0

    def ldexp(self, x: Any, exponent: Any) -> Any:
        return x

    def over_square(self, x: Any, y: Any) -> Any:
        return self.div(self.div(x, y), y)

    def carefully(self, formula: Callable[[], Any], textbook: Callable[[], Any]) -> Any:
        return textbook()

    def power_rule(self, x: Any, y: Any) -> Any:
        return y * self.pow(x, y - 1.0)

    def damped(self, x: Any, tail: Any) -> Any:
        return x * tail

    def by_root(self, x: Any, power: Any, root: Callable[[], Any]) -> Any:
        return x * power

    def inside(self, result: Any, derivative: Any) -> Any:
        return derivative


_NEUTRAL = {"mul": 1.0, "add": 0.0}

SYMBOLS = Symbols()
