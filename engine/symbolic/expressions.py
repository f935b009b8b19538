"""Expressions in one form each: numbers, atoms, products of powers, and sums, made so that equal ones are identical."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from autodiff.engine.graph import Constant, Node
from autodiff.engine.symbolic.numbers import Exact, TooLarge, decimal, fraction, rough, size
from autodiff.engine.symbolic.symbols import Symbol, Symbols
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS

MOST = 40
"""Factors or terms that are looked through: a longer product or sum is one operand of the next."""

HUGE = 10**9
_LONGEST = 13_000  # bits of a number


class Expression(Symbol):
    """What is computed, in its one form."""

    __slots__ = ("age", "cost", "value")

    m: "Store"
    age: int
    cost: int
    """How many operations it takes, as one counts them on paper."""
    value: float | None
    """What it is where it depends on no input."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Number(Expression):
    __slots__ = ("number",)

    number: Exact


class Atom(Expression):
    """A leaf, or an operation that is neither a sum nor a product nor a power of a number."""

    __slots__ = ("leaf", "operands", "operation")

    leaf: Node | None
    operation: Operation | None
    operands: tuple[Expression, ...]


class Product(Expression):
    """A number times powers; the number may be 0, since what it multiplies may be infinite."""

    __slots__ = ("number", "powers")

    number: Exact
    powers: "Powers"


class Sum(Expression):
    """How often each term stands in it; a term has no number in front, and is 1 for the number itself."""

    __slots__ = ("terms",)

    terms: "Terms"


Exponent = Exact | Expression
Powers = Mapping[Expression, Exponent]
Terms = Mapping[Expression, Exact]


class Store(Symbols):
    """All expressions of one derivation, and how much work they took."""

    def __init__(self, budget: int, max_nodes: int) -> None:
        """TooLarge is raised where more work than the budget would be needed, or more nodes."""
        self.made: dict[Any, Expression] = {}
        self.ages = count()
        self.budget = budget
        self.max_nodes = max_nodes
        self.most = MOST
        self.work = 0
        self.decimals = False
        """Whether fractions are written as decimals where they have finitely many digits, since the user does so."""
        self.texts: dict[Exact, str] = {}
        """How the user wrote a number."""
        self.labels: dict[Expression, str] = {}
        self.helpers: list[Product] = []
        """Products that the user gave a name."""
        self.shadowed: set[str | None] = set()
        """The names of constants that are variables here."""
        self.users = 0
        """What is younger than this does not stand in the program itself; what does keeps its form."""
        self.unordered: set[Expression] = set()
        """Sums that were made in no order."""
        self.simplified: dict[Expression, Expression] = {}
        self.nodes: dict[Expression, Node] = {}
        self.begun: dict[tuple[Node, Node], Node] = {}
        self.read_from: dict[Node, Expression] = {}
        self.one = self.number(1)
        self.zero = self.number(0)

    def apply(self, name: str, *operands: Any) -> Expression:
        """An operation in its simplest form."""
        raise NotImplementedError

    def spend(self, work: int) -> None:
        self.work += work
        if self.work > self.budget:
            raise TooLarge(f"the derivative takes more than {self.budget:,} steps of simplification")

    def _new(self, kind: type[Any], key: Any, cost: int, value: float | None) -> Any:
        made = self.made[key] = object.__new__(kind)
        made.m, made.age, made.cost, made.value = self, next(self.ages), min(cost, HUGE), value
        self.spend(1)
        return made

    def number(self, number: Exact) -> Number:
        found = self.made.get(number)
        if found is None:
            if not isinstance(number, float) and max(part.bit_length() for part in fraction(number)) > _LONGEST:
                raise TooLarge("a number in the derivative has too many digits")
            found = self._new(Number, number, self.number_cost(number), rough(number))
            found.number = number
        return found  # type: ignore[return-value]

    def leaf(self, node: Node, key: Any = None) -> Atom:
        """An input; or a constant that has a name, which is its key."""
        found = self.made.get(key or node)
        if found is None:
            value = node.number if isinstance(node, Constant) else None
            found = self._new(Atom, key or node, 0, value)
            found.leaf, found.operation, found.operands = node, None, ()
        return found  # type: ignore[return-value]

    def atom(self, name: str, operands: tuple[Expression, ...]) -> Atom:
        operation = OPERATIONS[name]
        mirrored = operation.commutative and len(operands) == 2
        key = (name, frozenset(operands) if mirrored and operands[0] is not operands[1] else operands)
        found = self.made.get(key)
        if found is None:
            values = [operand.value for operand in operands]
            value = None if None in values else float(getattr(FLOATS, name)(*values))
            found = self._new(Atom, key, 1 + sum(operand.cost for operand in operands), value)
            found.leaf, found.operation, found.operands = None, operation, operands
        return found  # type: ignore[return-value]

    def product(self, number: Exact, powers: Powers) -> Expression:
        """number * powers, which are settled already."""
        if not powers:
            return self.number(number)
        if number == 1 and len(powers) == 1:
            ((base, exponent),) = powers.items()
            if exponent == 1:
                return base
        key = (number, frozenset(powers.items()))
        found = self.made.get(key)
        if found is None:
            found = self._new(Product, key, self.product_cost(number, powers), _product_value(number, powers))
            found.number, found.powers = number, powers
            self.spend(len(powers))
        return found

    def sum(self, terms: Terms) -> Expression:
        """The sum of terms, which have no number in front."""
        if len(terms) < 2:
            for term, number in terms.items():
                return self.number(number) if term is self.one else self.product(number, powers_of(term))
            return self.zero
        key = ("sum", frozenset(terms.items()))
        found = self.made.get(key)
        if found is None:
            cost = len(terms) - 1 + (not any(number > 0 for number in terms.values()))
            cost += sum(self.term_cost(term, number) for term, number in terms.items())
            found = self._new(Sum, key, cost, _sum_value(terms))
            found.terms = terms
            self.spend(len(terms))
        return found

    def older_opposite(self, sum: Sum) -> Sum | None:
        """The same sum with all signs changed, where that was made first."""
        self.spend(len(sum.terms) // 4)
        opposite = self.made.get(("sum", frozenset((term, -number) for term, number in sum.terms.items())))
        return opposite if isinstance(opposite, Sum) and opposite.age < sum.age else None

    def number_cost(self, number: Exact) -> int:
        whole = type(number) is int or isinstance(number, float) or (self.decimals and decimal(number) is not None)
        return (number < 0) + (not whole)

    def term_cost(self, term: Expression, number: Exact) -> int:
        return self.number_cost(size(number)) if term is self.one else self.product_cost(size(number), powers_of(term))

    def product_cost(self, number: Exact, powers: Powers) -> int:
        """Multiplications, divisions and powers, as one counts them on paper."""
        above = below = 0
        cost = int(number < 0)
        for base, exponent in powers.items():
            cost += base.cost
            if isinstance(exponent, Expression):
                above += 1
                cost += 1 + exponent.cost
                continue
            above, below = (above + 1, below) if exponent > 0 else (above, below + 1)
            if exponent not in (1, -1):
                cost += 1 + self.number_cost(size(exponent) * 2)
        if self.number_cost(size(number)):
            above, below = above + (size(number) * fraction(number)[1] != 1), below + 1
        else:
            above += number not in (1, -1)
        return cost + max(above - 1, 0) + below


def powers_of(x: Expression) -> Powers:
    """The powers of a term, which has no number in front."""
    return x.powers if isinstance(x, Product) else {x: 1}


def _product_value(number: Exact, powers: Powers) -> float | None:
    total = rough(number)
    for base, exponent in powers.items():
        power = exponent.value if isinstance(exponent, Expression) else rough(exponent)
        if base.value is None or power is None:
            return None
        total *= FLOATS.pow(base.value, power)
    return total


def _sum_value(terms: Terms) -> float | None:
    total = 0.0
    for term, number in terms.items():
        if term.value is None:
            return None
        total += term.value * rough(number)
    return total
