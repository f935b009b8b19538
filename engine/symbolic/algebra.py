"""The arithmetic of exact expressions: rules of the table run on it, and what comes out is simplified as it is made."""

from collections.abc import Callable, Mapping
from functools import partial, reduce
from math import isfinite, pi
from typing import Any, NamedTuple

from autodiff.engine.graph import MAX_NODES, Constant, Graph, Node
from autodiff.engine.symbolic import logic, products, sums
from autodiff.engine.symbolic.expressions import Atom, Expression, Number, Product, Store, Sum
from autodiff.engine.symbolic.numbers import exact, of_float, size, times
from autodiff.engine.table.constants import FORMULAS
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, GROUPS, OPERATIONS

BUDGET = 250_000
"""Steps of simplification, some seconds' worth."""
_A_NODE = 100
"""And so many more for each node of the graph that is differentiated."""

_FEW_HELPERS = 20

_ODD = frozenset("sin tan asin atan sinh tanh asinh atanh erf cbrt sign".split())
_EVEN = frozenset(("cos", "cosh", "abs"))
_STEPS = frozenset(("floor", "ceil", "round", "trunc", "sign"))
"""Operations that jump: of constants they are decided in doubles, as every other command decides them."""


class Flow(NamedTuple):
    """A local derivative that exists under a condition only."""

    condition: Any
    derivative: Any


class Algebra(Store):
    """The arithmetic of exact expressions."""

    def __init__(
        self, given: Mapping[Node, float] | None = None, max_nodes: int = MAX_NODES, budget: int = BUDGET
    ) -> None:
        """`given` are the values of inputs that are no variables here. TooLarge where there would be too much to do."""
        super().__init__(budget, max_nodes)
        self.given = given or {}
        self.zero_unless: dict[Expression, Expression] = {}
        """Of an expression that is 0 where a condition does not hold, the condition."""

    # --- The protocol of rules

    def __getattr__(self, name: str) -> Any:
        """An operation; or a constant, by its formula."""
        return FORMULAS[name](self) if name in FORMULAS else super().__getattr__(name)

    @property
    def pi(self) -> Expression:
        return self.leaf(Constant(pi, written="pi"), "pi")

    def decimal(self, text: str) -> Expression:
        """A long number that belongs to an operation stays as it is."""
        return self.leaf(Constant(float(text), written=text), text)

    def apply(self, name: str, *operands: Any) -> Expression:
        """The operation in its simplest form."""
        x = [self.of(operand) for operand in operands]
        rule = _RULES.get(name)
        simpler = rule(self, *x) if rule else None
        return self.atom(name, tuple(x)) if simpler is None else simpler

    def of(self, x: Any) -> Expression:
        """An expression for a number that a rule contains."""
        if isinstance(x, Expression):
            return x
        if isinstance(x, float):
            return self.number(of_float(x))
        return self.number(int(x) if isinstance(x, bool) else x)

    def known(self, x: Any) -> bool:
        return not isinstance(x, Expression) or x.value is not None

    def eq(self, x: Any, y: Any) -> Any:
        return self.apply("equal", x, y)

    def when(self, taken: Any, derivative: Any) -> Any:
        condition = self.of(taken)
        if condition.value is None:
            return Flow(condition, self.of(derivative))
        return self.of(derivative) if condition.value else None

    def route(self, result: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        chosen = isinstance(result, Atom) and result.operation is not None
        return self.routed(result.operation.prefers if chosen else None, result, operands)

    def local(self, operation: Operation, result: Any, *operands: Any) -> tuple[Any, ...]:
        if operation is OPERATIONS["pow"]:  # without the corners at 0^0, where a formula has the value that it has
            base, exponent = operands
            return exponent * self.pow(base, exponent - 1), result * self.log(base)
        found = operation.local(self, result, *operands)
        return tuple(x if x is None or isinstance(x, Flow) else self.of(x) for x in found)

    # --- From nodes

    def read(self, graph: Graph) -> list[Any]:
        """The expression for every node of a graph."""
        fresh = not self.nodes
        if fresh:
            self.budget += _A_NODE * len(graph.nodes)
        found: list[Expression] = []
        floats: list[float | None] = []
        for node, operands in zip(graph.nodes, graph.operands, strict=True):
            values = [floats[j] for j in operands]
            if node.operation is None:
                x, value = self._leaf(node), getattr(node, "number", self.given.get(node))
            else:
                value = None if None in values else float(getattr(FLOATS, node.operation.name)(*values))
                x = self._read(node, [found[j] for j in operands], value)
            found.append(x)
            floats.append(value)
        if fresh:
            self.users = next(self.ages)
            self.helpers = [x for x in self.labels if isinstance(x, Product) and len(x.powers) > 1][:_FEW_HELPERS]
        return found

    def _leaf(self, node: Node) -> Expression:
        if isinstance(node, Constant):
            return self.constant(node)
        if node in self.given:
            number = of_float(self.given[node])
            self.decimals |= type(number) is not int
            return self.number(number)
        self.shadowed.add(node.label)
        return self.leaf(node)

    def _read(self, node: Node, operands: list[Expression], value: float | None) -> Expression:
        if node in self.read_from:
            return self.read_from[node]
        assert node.operation is not None
        if value is not None and isfinite(value) and (node.operation.is_truth or node.operation.name in _STEPS):
            return self.number(int(value))
        x: Expression = self.apply(node.operation.name, *operands)
        if node.label is not None and not isinstance(x, Number) and not (isinstance(x, Atom) and x.leaf):
            self.labels.setdefault(x, node.label)
        return x

    def node(self, x: Any) -> Node:
        """The node for an expression, in its shortest form."""
        from autodiff.engine.symbolic.simplify import simplified
        from autodiff.engine.symbolic.writing import written

        return written(self, simplified(self, self.of(x)))

    def constant(self, node: Constant) -> Expression:
        """A number; or a symbol for one that has a name, such as pi."""
        name = node.written.removeprefix("-") if node.written else None
        if name in ("pi", "π", "tau"):
            key = "tau" if name == "tau" else "pi"
            if name == node.written:
                return self.leaf(node, key)
            return _neg(self, self.leaf(Constant(-node.number, written=name), key))
        number = exact(node.written) if node.written else of_float(node.number)
        if node.written:
            self.texts.setdefault(number, node.written)
        self.decimals |= not isinstance(number, (int, float))
        return self.number(number)


def _sum(m: Algebra, *x: Expression) -> Expression:
    return reduce(partial(sums.add, m), x)


def _prod(m: Algebra, *x: Expression) -> Expression:
    return reduce(partial(products.multiply, m), x)


def _mean(m: Algebra, *x: Expression) -> Expression:
    return products.divide(m, _sum(m, *x), m.number(len(x)))


def _neg(m: Algebra, x: Expression) -> Expression:
    return products.multiply(m, m.number(-1), x)


def _sqrt(m: Algebra, x: Expression) -> Expression:
    return products.power(m, x, products.divide(m, m.one, m.number(2)))


def _where(m: Algebra, condition: Expression, x: Expression, y: Expression) -> Expression | None:
    simpler = logic.where(m, condition, x, y)
    if simpler is None and y is m.zero:
        if m.zero_unless.get(x) is condition:
            return x
        simpler = m.atom("where", (condition, x, y))
        m.zero_unless[simpler] = condition
    return simpler


def _add(m: Algebra, x: Expression, y: Expression) -> Expression:
    total = sums.add(m, x, y)
    if x in m.zero_unless and y in m.zero_unless and total not in m.zero_unless:
        m.zero_unless[total] = m.apply("or", m.zero_unless[x], m.zero_unless[y])
    return total


def _function(name: str, m: Algebra, x: Expression, *rest: Expression) -> Expression | None:
    """f(0) and f(1) where they are whole numbers; and the sign of an operand before an odd or an even function."""
    if rest:
        return None
    if isinstance(x, Number):
        if x.number in (0, 1):
            value = float(getattr(FLOATS, name)(float(x.number)))
            if isfinite(value) and value % 1 == 0:
                return m.number(int(value))
        elif name == "abs":
            return m.number(size(x.number))
    if (name in _ODD or name in _EVEN) and _is_negative(x):
        positive: Expression = m.apply(name, _opposite(m, x))
        return positive if name in _EVEN else _neg(m, positive)
    return None


def _opposite(m: Algebra, x: Expression) -> Expression:
    """-x, for a sum with all its signs changed: a product of -1 and the sum would be negative again."""
    if isinstance(x, Sum):
        return m.sum({term: times(-1, number) for term, number in x.terms.items()})
    return _neg(m, x)


def _is_negative(x: Expression) -> bool:
    """Whether all that stands there has a minus sign."""
    if isinstance(x, Sum):
        return all(number < 0 for number in x.terms.values())
    return isinstance(x, Product | Number) and x.number < 0


_PLAIN = ("arithmetic", "choice and logic", "vectors")
_RULES: dict[str, Callable[..., Expression | None]] = {
    **{row.name: partial(_function, row.name) for group, rows in GROUPS.items() if group not in _PLAIN for row in rows},
    **{"add": _add, "sub": lambda m, x, y: sums.add(m, x, y, -1), "neg": _neg, "sqrt": _sqrt},
    **{"mul": products.multiply, "div": products.divide, "pow": products.power},
    **{"sum": _sum, "prod": _prod, "mean": _mean, **logic.RULES, "where": _where},
}
