"""Graphs made so that the same expression is one node, and simplified as a person would while they are made."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from autodiff.engine.graph import Constant, Graph, Node
from autodiff.engine.symbolic.products import Product, TooLarge, short
from autodiff.engine.symbolic.simplify import SIMPLER, Sum
from autodiff.engine.symbolic.symbols import Symbol, Symbols
from autodiff.engine.table.operations import FLOATS, OPERATIONS

MAX_NODES = 10_000_000


class Flow(NamedTuple):
    """A local derivative that exists under a condition only."""

    condition: Any
    derivative: Any


class Algebra(Symbols):
    """The arithmetic of shared and simplified nodes."""

    def __init__(self, given: Mapping[Node, float] | None = None, max_nodes: int = MAX_NODES) -> None:
        """`given` are the values of inputs that are no variables here. TooLarge where there would be too many nodes."""
        self.given = given or {}
        self.max_nodes = max_nodes
        self.made: dict[Any, Symbol] = {}
        self.numbers: dict[Node, float] = {}
        self.products: dict[Node, Product] = {}
        self.sums: dict[Node, Sum] = {}
        self.expanded: dict[Node, Sum] = {}
        self.zero_unless: dict[Symbol, Any] = {}
        """Of a symbol that is 0 where a condition does not hold, the condition."""

    def apply(self, name: str, *operands: Any) -> Any:
        """The operation in its simplest form: a number, or the one symbol for it."""
        numbers = [self.number(operand) for operand in operands]
        if None not in numbers:
            result = getattr(FLOATS, name)(*numbers)
            if OPERATIONS[name].is_truth:
                return bool(result)
            if short(result) or (isfinite(result) and result % 1 == 0):
                return float(result)  # else 1/3 stays 1/3
        simplify = SIMPLER.get(name)
        simpler = simplify(self, *operands) if simplify else None
        return self.shared(name, operands) if simpler is None else simpler

    def shared(self, name: str, operands: tuple[Any, ...]) -> Symbol:
        """The one symbol for an operation on these operands."""
        key: tuple[Any, ...] = tuple(map(self.node, operands))
        if OPERATIONS[name].commutative and len(key) == 2 and key[0].age > key[1].age:
            key = key[::-1]
        key = (name, *key)
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= self.max_nodes:
                raise TooLarge(f"the derivative would have more than {self.max_nodes:,} nodes")
            found = self.made[key] = Symbol(Node(OPERATIONS[name], tuple(map(self.node, operands))), self)
            numbers = [self.number(operand) for operand in operands]
            if None not in numbers:
                self.numbers[found.node] = float(getattr(FLOATS, name)(*numbers))
        return found

    def number(self, operand: Any) -> float | None:
        """The value of a constant expression; None for what depends on an input."""
        return self.numbers.get(operand.node) if isinstance(operand, Symbol) else float(operand)

    def node(self, operand: Any) -> Node:
        """The node of a symbol, or the one node for a number."""
        if isinstance(operand, Symbol):
            return operand.node
        number = float(operand)
        key = repr(number)
        if key not in self.made:
            self.made[key] = Symbol(Constant(number), self)
        return self.made[key].node

    def known(self, x: Any) -> bool:
        return self.number(x) is not None

    def constant(self, node: Constant) -> Any:
        """A number; or a symbol for one that has a name, such as pi."""
        if node.label is None or not isfinite(node.number):
            return node.number
        found = self.made.setdefault(node.label, Symbol(node, self))
        self.numbers[found.node] = node.number
        return found

    def route(self, result: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(operands) == 2:
            (x, y), (weak, strict) = operands, result.node.operation.prefers
            return self.when(self.apply(weak, x, y), 1.0), self.when(self.apply(strict, y, x), 1.0)
        flows, free = [], 1.0
        for operand in operands:
            here = self.eq(operand, result)
            flows.append(self.when(self.apply("and", free, here), 1.0))
            free = self.apply("and", free, self.apply("not", here))
        return tuple(flows)

    def when(self, taken: Any, derivative: Any) -> Any:
        if isinstance(taken, Symbol) and taken.node not in self.numbers:
            return Flow(taken, derivative)
        return derivative if self.number(taken) else None

    def read(self, graph: Graph) -> list[Any]:
        """For every node of a graph its symbol, or a number."""
        read: list[Any] = []
        for node, operands in zip(graph.nodes, graph.operands, strict=True):
            if isinstance(node, Constant):
                read.append(self.constant(node))
            elif node.operation is None:
                read.append(self.given[node] if node in self.given else Symbol(node, self))
            else:
                symbol = self.apply(node.operation.name, *[read[j] for j in operands])
                symbol = float(symbol) if isinstance(symbol, bool) else symbol
                if node.label is not None and isinstance(symbol, Symbol) and symbol.node.label is None:
                    symbol.node.label = node.label
                read.append(symbol)
        return read
