"""Expressions as graphs: in the order and the form in which a person would write them."""

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any

from autodiff.engine.graph import Constant, Node
from autodiff.engine.symbolic.expressions import (
    Atom,
    Exponent,
    Expression,
    Number,
    Powers,
    Product,
    Store,
    Sum,
    powers_of,
)
from autodiff.engine.symbolic.numbers import Exact, TooLarge, decimal, plus, raised, ratio, rough, size, times
from autodiff.engine.table.operations import OPERATIONS

_LARGEST, _LEAST = 10**308, 10**307  # of a number that is a double, and of the inverse of one
_LONGEST = 12
"""Digits of a decimal that is no longer than what it says."""
_MOST_TRIED = 20
"""Numbers of the user's that one is tried to be divided by: a program may hold thousands."""
_SIMPLE = (2, 4, 5, 8)
"""One divides by these, whatever else is a decimal."""


def written(m: Store, root: Expression) -> Node:
    """The node for an expression."""
    pending = [root]
    while pending:
        x = pending[-1]
        waiting = [part for part in _parts(x) if part not in m.nodes]
        if x in m.nodes or not waiting:
            pending.pop()
            if x not in m.nodes:
                if len(m.nodes) > m.max_nodes:
                    raise TooLarge(f"the derivative would have more than {m.max_nodes:,} nodes")
                m.nodes[x] = _node(m, x)
        else:
            pending += reversed(waiting)
    return m.nodes[root]


def _parts(x: Expression) -> Iterable[Expression]:
    if isinstance(x, Atom):
        return x.operands
    if isinstance(x, Product):
        return [*x.powers, *(power for power in x.powers.values() if isinstance(power, Expression))]
    if isinstance(x, Sum):
        return [part for term in x.terms for part in _parts_of_term(term)]
    return ()


def _parts_of_term(term: Expression) -> Iterable[Expression]:
    return _parts(term) if isinstance(term, Product) else (term,)


def _node(m: Store, x: Expression) -> Node:
    node = _made(m, x)
    m.read_from.setdefault(node, x)
    if x in m.labels and node.operation is not None:
        node.label = node.label or m.labels[x]
    return node


def _made(m: Store, x: Expression) -> Node:
    if isinstance(x, Number):
        return _number(m, x.number)
    if isinstance(x, Product):
        return _product(m, x.number, x.powers)
    if isinstance(x, Sum):
        return _sum(m, x)
    assert isinstance(x, Atom)
    if x.operation is not None:
        return Node(x.operation, tuple(m.nodes[operand] for operand in x.operands))
    assert x.leaf is not None
    if isinstance(x.leaf, Constant) and x.leaf.written in m.shadowed:
        return _apply("acos", Constant(-1.0, written="-1"))  # pi, where a variable has that name
    return x.leaf


def _apply(name: str, *operands: Node) -> Node:
    return Node(OPERATIONS[name], operands)


# --- Numbers ----------------------------------------------------------------------------------------------------------


def _constant(m: Store, number: Exact, text: str | None = None) -> Node:
    """A leaf for a number that is no less than 0."""
    return Constant(rough(number), written=m.texts.get(number) or text or decimal(number))


def _number(m: Store, number: Exact) -> Node:
    node = _quotient(m, *_above_and_below(m, size(number)))
    return node if number >= 0 or number != number else _negative(node)


def _negative(node: Node) -> Node:
    if isinstance(node, Constant):
        return Constant(-node.number, written=f"-{node.written}" if node.written else None)
    return _apply("neg", node)


def _quotient(m: Store, above: Exact, below: Exact) -> Node:
    factors = _in_range(m, above)
    node = _times(m, factors) if factors else Constant(1.0, written="1")
    return node if below == 1 else _apply("div", node, _constant(m, below))


def _above_and_below(m: Store, number: Exact) -> tuple[Exact, Exact]:
    """A number as what stands above the line and below: with the fewest numbers that the user did not write."""
    if isinstance(number, int | float) or number in m.texts:
        return number, 1
    above, below = number.numerator, number.denominator
    if not m.decimals or (above == 1 and below in _SIMPLE):
        return above, below
    rest = below
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1 and _is_short(number):
        return number, 1
    own = (number for number in m.texts if not isinstance(number, float) and number > 0)
    divisors = [rest, *islice(own, _MOST_TRIED)]
    choices = [(above, below), *((times(number, divisor), divisor) for divisor in divisors)]
    return min((choice for choice in choices if _is_short(choice[0])), key=partial(_strangeness, m))


def _is_short(number: Exact) -> bool:
    """Whether a number has finitely many decimal digits, and not too many."""
    text = decimal(number)
    return text is not None and (isinstance(number, int) or len(text.partition("e")[0]) <= _LONGEST)


def _strangeness(m: Store, choice: tuple[Exact, Exact]) -> tuple[int, int]:
    """How many of two numbers the user did not write, and how long they are."""
    shown = [number for number in choice if number != 1]
    texts = [m.texts.get(number) or decimal(number) or "" for number in shown]
    return sum(number not in m.texts for number in shown), sum(map(len, texts))


def _in_range(m: Store, number: Exact) -> list[Node]:
    """Factors for a number that is no less than 0: two where doubles do not reach it, and none for 1."""
    if number == 1:
        return []
    if isinstance(number, float) or number == 0 or (number <= _LARGEST and number * _LEAST >= 1):
        return [_constant(m, number)]
    digits = len(str(number.numerator)) - len(str(number.denominator))
    half = raised(10, digits // 2)
    return [_constant(m, ratio(number, half or 1)), *_in_range(m, half or 1)]


# --- Products ---------------------------------------------------------------------------------------------------------


def _times(m: Store, nodes: list[Node]) -> Node:
    """A product, which shares its beginning with others."""
    node = nodes[0]
    for other in nodes[1:]:
        if (node, other) not in m.begun:
            m.begun[node, other] = _apply("mul", node, other)
        node = m.begun[node, other]
    return node


def _order(m: Store, base: Expression, exponent: Exponent) -> tuple[int, int]:
    """Roots of numbers, pi, then inputs as they first appeared, sums of these, functions, and other sums last."""
    if isinstance(exponent, Expression):
        return 3, base.age
    if isinstance(base, Number):
        return 0, base.age
    if isinstance(base, Atom):
        return (5, base.age) if base.leaf is None else (1 if isinstance(base.leaf, Constant) else 2, base.leaf.age)
    if isinstance(base, Product) and base in m.labels:
        return 3, base.age
    if isinstance(base, Sum):
        return (4 if all(map(_is_plain, base.terms)) else 7), base.age
    return 6, base.age


def _is_plain(term: Expression) -> bool:
    return all(_is_leaf(base) for base in powers_of(term)) or isinstance(term, Number)


def _product(m: Store, number: Exact, powers: Powers) -> Node:
    """The factors in order; what the user wrote, in the user's."""
    as_it_is = m.product(number, powers).age < m.users or m.product(1, powers).age < m.users
    number, powers = _with_helpers(m, number, powers)
    front, powers = _roots_below(size(number), powers)
    powers, drawn = _joined_roots(m, powers)
    negative = number < 0
    if not as_it_is:
        for sum in _sums_to_flip(powers, negative):
            drawn[sum] = _flipped(m, sum)
            negative = not negative
    above: list[Node] = []
    below: list[Node] = []
    for base in powers if as_it_is else sorted(powers, key=lambda base: _order(m, base, powers[base])):
        exponent, node = powers[base], drawn.get(base) or m.nodes[base]
        if not isinstance(exponent, Expression) and exponent < 0:
            below.append(_power(m, node, times(-1, exponent)))
        else:
            above.append(_power(m, node, exponent))
    over, under = _above_and_below(m, front)
    numbers = _in_range(m, over)
    above = [*numbers[:1], *above] or [_constant(m, 1)]
    below = [*_in_range(m, under), *below]
    node = _times(m, above)
    if below:
        node = _apply("div", node, _times(m, below))
    node = _times(m, [node, *numbers[1:]])  # from either side, what two factors keep within the doubles
    return _negative(node) if negative else node


def _with_helpers(m: Store, number: Exact, powers: Powers) -> tuple[Exact, Powers]:
    """The names that the user gave to products, or powers of them, in place of their factors."""
    for helper in m.helpers:
        (base, exponent), *rest = helper.powers.items()
        often = _ratio_of(powers.get(base, 0), exponent)
        if not often or any(_ratio_of(powers.get(other, 0), power) != often for other, power in rest):
            continue
        if len(powers) == len(rest) + 1 and often == 1:
            continue  # the helper itself
        front = raised(helper.number, often)
        if front:
            left = {other: power for other, power in powers.items() if other not in helper.powers}
            m.nodes.setdefault(helper, _node(m, helper))
            number, powers = ratio(number, front), {helper: often, **left}
    return number, powers


def _ratio_of(one: Exponent, two: Exponent) -> int:
    """How often an exponent goes into another, 0 where it does not."""
    if isinstance(one, Expression) or isinstance(two, Expression):
        return int(one is two)
    often = ratio(one, two)
    return often if type(often) is int else 0


def _roots_below(number: Exact, powers: Powers) -> tuple[Exact, Powers]:
    """sqrt(2)/2 as 1/sqrt(2)."""
    below = dict(powers)
    for base, exponent in powers.items():
        if not isinstance(base, Number) or isinstance(exponent, Expression | int) or isinstance(number, float):
            continue
        if 0 < exponent < 1 and number.denominator % base.number == 0:
            below[base] = plus(exponent, -1)
            number = times(number, base.number)
    return number, below


def _power(m: Store, base: Node, exponent: Exponent) -> Node:
    if isinstance(exponent, Expression):
        return _apply("pow", base, m.nodes[exponent])
    if exponent == 1:
        return base
    if exponent * 2 == 1:
        return _apply("sqrt", base)
    text = decimal(exponent) if m.decimals else None
    return _apply("pow", base, Constant(rough(exponent), written=text) if text else _number(m, exponent))


def _sums_to_flip(powers: Powers, negative: bool) -> Iterable[Sum]:
    """Factors that take a minus sign in, -2*(a - b) as 2*(b - a), or give theirs away."""
    sums = [base for base, exponent in powers.items() if isinstance(base, Sum) and exponent == 1]
    for base in sums:
        if all(number < 0 for number in base.terms.values()):
            negative = not negative
            yield base
    for base in sums if negative else ():
        signs = {number < 0 for number in base.terms.values()}
        if len(signs) == 2:
            yield base
            break


def _joined_roots(m: Store, powers: Powers) -> tuple[Powers, dict[Expression, Node]]:
    """Roots of numbers under one sign, and with them that of a variable: sqrt(2)*sqrt(x) as sqrt(2*x)."""
    by_degree: dict[Exact, list[tuple[Expression, Exact]]] = {}
    for base, exponent in powers.items():
        if not isinstance(exponent, Expression | int):
            by_degree.setdefault(size(exponent), []).append((base, exponent))
    joined, drawn = dict(powers), dict[Expression, Node]()
    for roots in by_degree.values():
        constant = [root for root in roots if isinstance(root[0], Number) or (_is_leaf(root[0]) and root[0].value)]
        variable = [root for root in roots if root not in constant][:1]
        if not constant or len(constant) + len(variable) < 2:
            continue
        head, exponent = variable[0] if variable else max(constant, key=lambda root: root[1])
        for base, _ in constant:
            del joined[base]
        joined[head] = exponent
        drawn[head] = _under_one_root(m, variable, constant, 1 if exponent > 0 else -1)
    return joined, drawn


def _under_one_root(
    m: Store, variable: list[tuple[Expression, Exact]], constant: list[tuple[Expression, Exact]], upright: int
) -> Node:
    """What stands under the root; upside down, where this is below the line."""
    number: Exact = 1
    inside: dict[Expression, Exponent] = {}
    for base, _ in variable:
        inside = {base: 1}
        if isinstance(base, Product):
            number, inside = base.number, dict(base.powers)
    for base, exponent in constant:
        sign = upright if exponent > 0 else -upright
        if isinstance(base, Number):
            number = times(number, raised(base.number, sign) or 1)
        else:
            inside[base] = sign
    return _product(m, number, inside)


def _is_leaf(x: Expression) -> bool:
    return isinstance(x, Atom) and x.leaf is not None


# --- Sums -------------------------------------------------------------------------------------------------------------


def _flipped(m: Store, x: Any) -> Node:
    return _sum_of(m, [(term, times(-1, number)) for term, number in x.terms.items()])


def _sum(m: Store, x: Sum) -> Node:
    order = sorted(x.terms, key=partial(_rank, m)) if x in m.unordered else x.terms
    return _sum_of(m, [(term, x.terms[term]) for term in order])


def _rank(m: Store, term: Expression) -> tuple[Any, ...]:
    """High powers first, and a number last."""
    if isinstance(term, Number):
        return (1,)
    powers = {base: 0 if isinstance(power, Expression) else power for base, power in powers_of(term).items()}
    ranks = sorted((_order(m, base, power), -power) for base, power in powers.items())
    return 0, -sum(powers.values()), ranks


def _sum_of(m: Store, terms: list[tuple[Expression, Exact]]) -> Node:
    """The terms in their order, but one with a plus sign first."""
    first = next((i for i, (_, number) in enumerate(terms) if not number < 0), 0)
    node: Node | None = None
    for term, number in [terms[first], *terms[:first], *terms[first + 1 :]]:
        front = size(number)
        if term is m.one:
            part = _number(m, front)
        elif front == 1:
            part = _one_term(m, term)
        else:
            part = _product(m, front, powers_of(term))
        if node is None:
            node = _negative(part) if number < 0 else part
        else:
            node = _apply("sub" if number < 0 else "add", node, part)
    assert node is not None
    return node


def _one_term(m: Store, term: Expression) -> Node:
    if term not in m.nodes:
        m.nodes[term] = _node(m, term)
    return m.nodes[term]
