"""The form in which a derivative is shortest: factors drawn out of its sums, or its products multiplied out.

Every sum is tried both ways, from the inside to the outside, and keeps the form that takes the fewest operations.
"""

from collections.abc import Iterable
from math import comb, gcd, lcm
from typing import Any

from autodiff.engine.symbolic import products, sums
from autodiff.engine.symbolic.expressions import (
    Atom,
    Exponent,
    Expression,
    Number,
    Product,
    Store,
    Sum,
    Terms,
    powers_of,
)
from autodiff.engine.symbolic.logic import is_a
from autodiff.engine.symbolic.numbers import Exact, fraction, ratio, times

_MOST_TERMS = 400
"""Of a sum that is multiplied out."""
_MOST_OPERATIONS = 5_000
"""No shorter form is looked for where it takes more."""


def simplified(m: Store, root: Expression) -> Expression:
    """The same expression with every sum in its shortest form, but for what stands in the program itself."""
    done = m.simplified
    pending = [root]
    while pending:
        x = pending[-1]
        inner = [] if x in done or x.age < m.users else [part for part in _inside(x) if part not in done]
        if inner:
            pending += inner
            continue
        pending.pop()
        if x not in done:
            done[x] = x if x.age < m.users else _shortest(m, _rebuilt(m, x))
    return done[root]


def _inside(x: Expression) -> Iterable[Expression]:
    """The parts that a derivative was put together from; operands of functions are the user's."""
    if isinstance(x, Sum):
        return x.terms
    if isinstance(x, Product):
        return x.powers
    if is_a(x, "where", "mul"):
        return x.operands[1:] if is_a(x, "where") else x.operands
    return ()


def _rebuilt(m: Store, x: Expression) -> Expression:
    parts = list(_inside(x))
    new = [m.simplified[part] for part in parts]
    if parts == new:
        return x
    if isinstance(x, Sum):
        total: Expression = m.zero
        for part, one in zip(parts, new, strict=True):
            total = sums.add(m, total, _scaled(m, x.terms[part], one))
        return total
    if isinstance(x, Product):
        total = m.number(x.number)
        for part, one in zip(parts, new, strict=True):
            exponent = x.powers[part]
            by = exponent if isinstance(exponent, Expression) else m.number(exponent)
            total = products.multiply(m, total, products.power(m, one, by))
        return total
    assert isinstance(x, Atom)
    assert x.operation is not None
    rebuilt: Expression = m.apply(x.operation.name, *(x.operands[:1] if is_a(x, "where") else ()), *new)
    return rebuilt


def _scaled(m: Store, number: Exact, x: Expression) -> Expression:
    return x if number == 1 else products.multiply(m, m.number(number), x)


def _shortest(m: Store, x: Expression) -> Expression:
    """The shortest form of a sum, or of a product of sums."""
    if x.cost > _MOST_OPERATIONS:
        return x
    if isinstance(x, Product):
        return _with_numbers_outside(m, x)
    if not isinstance(x, Sum):
        return x
    best: Expression = x
    for form, inner in _forms(m, _flattened(m, x), x.cost):
        if form.cost < best.cost:
            best = form
            m.unordered.add(inner)
    return _with_numbers_outside(m, best) if isinstance(best, Product) else best


def _with_numbers_outside(m: Store, x: Product) -> Expression:
    """(u/6 - v/4)*w as (2*u - 3*v)*w/12, and 1/(u^2*(1/f - 1/u)^2) as f^2/(u - f)^2."""
    best: Expression = x
    for base, exponent in x.powers.items():
        if not isinstance(base, Sum) or type(exponent) is not int:
            continue
        common, rest = _divided(m, base.terms) if exponent < 0 else (m.one, base.terms)
        content = _content(rest)
        if content != 0:
            common, rest = _scaled(m, content, common), {term: ratio(number, content) for term, number in rest.items()}
        inner = m.sum(rest)
        if inner is base:
            continue
        form = products.multiply(m, x, products.power(m, base, m.number(-exponent)), cancels=True)
        form = products.multiply(m, form, products.power(m, products.multiply(m, common, inner), m.number(exponent)))
        if form.cost < best.cost + (base.age >= m.users):
            best = form
            m.unordered.add(inner)
    return best


def _forms(m: Store, flat: Terms, cost: int) -> Iterable[tuple[Expression, Expression]]:
    """Products of a factor and a sum, and the sum."""
    common, rest = _divided(m, flat)
    shared, still = _divided(m, flat, fractions=False)
    choices = [(common, rest), (shared, still)] if shared is not common else [(common, rest)]
    for outside, inner in [*choices, (common, expanded(m, rest, 2 * cost))]:
        if inner is None:
            continue
        more, last = _divided(m, inner, fractions=inner is not still)
        factor = products.multiply(m, outside, more)
        total = m.sum(last)
        yield products.multiply(m, factor, total), total
        content = _content(last)
        if content not in (0, 1):
            total = m.sum({term: ratio(number, content) for term, number in last.items()})
            yield products.multiply(m, _scaled(m, content, factor), total), total
    if common is not m.one and (multiplied := expanded(m, flat, 2 * cost)) is not None:
        total = m.sum(multiplied)
        yield total, total


def _flattened(m: Store, x: Sum) -> Terms:
    """The terms, with those of long sums that are terms themselves."""
    total: dict[Expression, Exact] = {}
    pending: list[tuple[Expression, Exact]] = list(x.terms.items())[::-1]
    while pending:
        term, number = pending.pop()
        if isinstance(term, Sum) and len(total) + len(pending) < _MOST_TERMS:
            pending += [(inner, times(number, often)) for inner, often in reversed(term.terms.items())]  # type: ignore[call-overload]
        else:
            sums.include(m, total, term, number)
    return total


# --- Common factors ---------------------------------------------------------------------------------------------------


def _divided(m: Store, flat: Terms, *, fractions: bool = True) -> tuple[Expression, Terms]:
    """The factor that all terms share, with all that any is divided by, and what is left of each."""
    common = _common(flat, fractions)
    if not common or len(flat) < 2:
        return m.one, flat
    factor = m.product(1, common)
    inverse = products.power(m, factor, m.number(-1))
    rest: dict[Expression, Exact] = {}
    for term, number in flat.items():
        often, left = split(m, products.multiply(m, term, inverse, cancels=True))
        sums.include(m, rest, left, times(number, often))
    return factor, rest


def _common(flat: Terms, fractions: bool) -> dict[Expression, Exponent]:
    """For each base its least exponent."""
    least: dict[Expression, Exponent] = {}
    everywhere: dict[Expression, int] = {}
    for term in flat:
        for base, exponent in (powers_of(term) if not isinstance(term, Number) else {}).items():
            everywhere[base] = everywhere.get(base, 0) + 1
            before = least.get(base)
            if before is None:
                least[base] = exponent
            elif (found := _lesser(before, exponent)) is not None:
                least[base] = found
            else:
                everywhere[base] = -len(flat)
    common: dict[Expression, Exponent] = {}
    for base, exponent in least.items():
        missing = everywhere[base] != len(flat)
        if everywhere[base] < 0 or (missing and (isinstance(exponent, Expression) or exponent >= 0)):
            continue
        if missing and (isinstance(base, Number) or not fractions):
            continue
        common[base] = exponent
    return common


def _lesser(one: Exponent, two: Exponent) -> Exponent | None:
    """The lesser of two exponents, where they differ by a number."""
    if one == two:
        return one
    if not isinstance(one, Expression) and not isinstance(two, Expression):
        return min(one, two)
    m = one.m if isinstance(one, Expression) else two.m  # type: ignore[union-attr]
    difference = m.apply("sub", *(x if isinstance(x, Expression) else m.number(x) for x in (one, two)))
    return (one if difference.number < 0 else two) if isinstance(difference, Number) else None


def split(m: Store, x: Expression) -> tuple[Exact, Expression]:
    """The number in front, and the rest as a term."""
    number, powers = products.factors(x)
    return number, m.product(1, powers)


def _content(flat: Terms) -> Exact:
    """The greatest number that divides all in front of the terms."""
    numbers = list(flat.values())
    if any(isinstance(base, Number) for term in flat if isinstance(term, Product) for base in term.powers):
        return 0  # sqrt(2)/2 is 1/sqrt(2)
    if not numbers or any(isinstance(number, float) or number == 0 for number in numbers):
        return 0
    above, below = zip(*map(fraction, numbers), strict=True)
    content = ratio(gcd(*above), lcm(*below))
    return content if any(number > 0 for number in numbers) else times(-1, content)


# --- Multiplied out ---------------------------------------------------------------------------------------------------


def expanded(m: Store, flat: Terms, most: int) -> Terms | None:
    """The terms with no sum among their factors; None where no two of them meet, or more than `most` would come."""
    coming = sum(_expected(term) for term in flat)
    if coming == len(flat) or coming > min(most, 4 * _MOST_TERMS):
        return None
    done: dict[Expression, Exact] = {}
    pending = list(flat.items())
    work = met = 0
    while pending:
        term, number = pending.pop()
        base = _sum_in(term)
        if base is None:
            met += term in done
            sums.include(m, done, term, number)
            continue
        parts = _power_of_sum(m, base, powers_of(term)[base])
        if parts is None or work > 4 * most:
            return None
        work += len(parts)
        rest = m.product(1, {each: exponent for each, exponent in powers_of(term).items() if each is not base})
        for part, often in parts.items():
            front, left = split(m, products.multiply(m, rest, part))
            pending.append((left, times(number, times(front, often))))
    return done if met and len(done) <= _MOST_TERMS else None


def _expected(term: Expression) -> int:
    """At most so many terms come of one, but for sums within sums."""
    number = 1
    for base, exponent in powers_of(term).items():
        if isinstance(base, Sum) and type(exponent) is int and exponent > 0:
            length = len(base.terms)
            number *= min(length ** min(exponent, 20), comb(length + exponent - 1, exponent))
    return number


def _sum_in(term: Expression) -> Sum | None:
    for base, exponent in powers_of(term).items():
        if isinstance(base, Sum) and type(exponent) is int and exponent > 0:
            return base
    return None


def _power_of_sum(m: Store, base: Sum, exponent: Any) -> Terms | None:
    """The terms of a whole power of a sum."""
    if exponent > _MOST_TERMS:
        return None
    total: Terms = {m.one: 1}
    for _ in range(exponent):
        if len(total) * len(base.terms) > 4 * _MOST_TERMS:
            return None
        product: dict[Expression, Exact] = {}
        for one, a in total.items():
            for two, b in base.terms.items():
                front, term = split(m, products.multiply(m, one, two))
                sums.include(m, product, term, times(front, times(a, b)))
        total = product
    return total
