"""How the algebra of nodes simplifies: as a person would, and by no rule that changes a value but by rounding.

What cancels may change a nan into a number: x/x is 1, and so at 0. But a product with a number that happens to be 0
stays, since it may be 0*inf.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

from autodiff.engine.symbolic.products import MOST, Powers, Product, is_a, neat, operands, product, remembered, times
from autodiff.engine.symbolic.symbols import Symbol


def _written(m: Any, p: Product) -> Any:
    """The expression for a product."""
    above, below = _powers(m, p.above), _powers(m, p.below)
    if p.divisor != 1.0:
        below = p.divisor if below is None else _scaled(m, p.divisor, below)
    above = p.number if above is None else _scaled(m, p.number, above)
    return above if below is None else m.shared("div", (above, below))


def _powers(m: Any, powers: Powers) -> Any:
    """A product of powers, inputs first."""
    written = None
    for base in sorted(powers, key=lambda base: bool(base.node.operands)):
        power = m.sqrt(base) if powers[base] == 0.5 else m.pow(base, powers[base])
        written = power if written is None else m.shared("mul", (written, power))
    return written


def _scaled(m: Any, number: float, x: Any) -> Any:
    """number*x, where x has no number in front."""
    if number == 1.0:
        return x
    if number != -1.0:
        return m.shared("mul", (number, x))
    return m.sub(*reversed(operands(x))) if is_a(x, "sub") else m.shared("neg", (x,))


def _mul(m: Any, x: Any, y: Any) -> Any:
    one, two = product(x), product(y)
    both = times(one, two)
    if not (isfinite(both.number) and isfinite(both.divisor)):
        return None
    if _merges(one, two, both):
        return _written(m, both)
    u, v = _rest(m, x), _rest(m, y)
    if both.number != 1.0 or both.divisor != 1.0:
        rest = m.mul(u, v)
        if isinstance(rest, float) and rest != 1.0:
            return both.number * rest / both.divisor
        return _written(m, Product(both.number, both.divisor, *_whole(rest)))
    if u == 1.0 or v == 1.0:
        return v if u == 1.0 else u
    for one, other in ((u, v), (v, u)):
        if is_a(one, "pow") and operands(one)[0] == other and is_a(operands(one)[1], "sub"):
            base, exponent = operands(one)
            return m.pow(base, exponent + 1.0)
        if is_a(one, "div") and operands(one)[0] == 1.0:
            return m.shared("div", (other, operands(one)[1]))
    return m.shared("mul", (v, u) if u.node.operands and not v.node.operands else (u, v))


def _rest(m: Any, x: Any) -> Any:
    """What is left of a product without the number in front, as it stands."""
    p = product(x)
    if isinstance(x, float) or (p.number == 1.0 and p.divisor == 1.0):
        return 1.0 if isinstance(x, float) else x
    left, *right = operands(x)
    if is_a(x, "neg") or (is_a(x, "div") and isinstance(right[0], float)):
        return _rest(m, left)
    if is_a(x, "mul") and isinstance(left, float):
        return right[0]
    return _written(m, p._replace(number=1.0, divisor=1.0))


def _merges(one: Product, two: Product, both: Product) -> bool:
    """Whether a base stands in both."""
    return sum(map(len, (one.above, one.below, two.above, two.below))) > len(both.above) + len(both.below)


def _whole(x: Any) -> tuple[Powers, Powers]:
    """A quotient or anything else as powers above and below the line."""
    if is_a(x, "div"):
        above, below = operands(x)
        if isinstance(below, Symbol) and (above == 1.0 or isinstance(above, Symbol)):
            return ({} if above == 1.0 else {above: 1.0}), {below: 1.0}
    return ({} if x == 1.0 else {x: 1.0}), {}


def _div(m: Any, x: Any, y: Any) -> Any:
    one, two = product(x), product(y)
    if two.number == 0.0:
        return None
    two = two.inverse()
    both = times(one, two)
    if not (isfinite(both.number) and isfinite(both.divisor)):
        return None
    if _merges(one, two, both) or both.number not in (one.number, 1.0) or both.divisor != 1.0 or one.below:
        return _written(m, both)
    return x if y == 1.0 else None


def _pow(m: Any, x: Any, y: Any) -> Any:
    if y == 0.0:
        return 1.0
    if y == 1.0:
        return x
    if y == 2.0 and is_a(x, "hypot"):
        left, right = operands(x)
        return m.pow(left, 2.0) + m.pow(right, 2.0)
    if is_a(x, "pow") and isinstance(y, float) and y > 0 and y % 1 == 0:
        base, exponent = operands(x)
        if isinstance(exponent, float) and exponent > 0 and exponent % 1 == 0:
            return m.pow(base, exponent * y)
    return None


Sum = dict[Symbol | float, float]
"""How often each term stands in a sum; a number is a term of its own."""


def terms(x: Any) -> Sum:
    """What a symbol or a number is a sum of."""
    if isinstance(x, float):
        return {1.0: x} if x else {}
    return remembered(x.m.sums, x, _terms)


def _terms(x: Symbol) -> Sum:
    if is_a(x, "add") or is_a(x, "sub"):
        left, right = operands(x)
        one, two = terms(left), terms(right)
        if len(one) + len(two) <= MOST:
            return _added(one, two, 1.0 if is_a(x, "add") else -1.0)
    p = product(x)
    if p.divisor != 1.0 or p.number == 1.0:
        return {x: 1.0}
    rest = _written(x.m, p._replace(number=1.0))
    return {rest: p.number} if isinstance(rest, Symbol) else {x: 1.0}


def _added(one: Sum, two: Sum, sign: float) -> Sum:
    return {term: one.get(term, 0.0) + sign * two.get(term, 0.0) for term in {**one, **two}}


def _add(m: Any, x: Any, y: Any, sign: float = 1.0) -> Any:
    if 0.0 in (x, y):
        return m.neg(y) if y != 0.0 and sign < 0.0 else x if y == 0.0 else y
    one, two = terms(x), terms(y)
    both = _added(one, two, sign)
    if len(both) < len(one) + len(two):
        return _sum(m, both)
    if (factored := _factored(m, x, y, sign)) is not None:
        return factored
    if len(both) <= MOST and (collected := _collected(x, y, sign)) is not None and len(collected) <= len(both):
        return _sum(m, collected)
    if isinstance(x, Symbol) and (product(x).number < 0.0 and sign > 0.0):
        return m.sub(y, m.neg(x))
    if (y < 0.0) if isinstance(y, float) else product(y).number < 0.0:
        return m.shared("add" if sign < 0.0 else "sub", (x, m.neg(y)))
    if isinstance(x, Symbol) and sign > 0.0 and (is_a(y, "add") or is_a(y, "sub")):
        number, rest = operands(y)
        if isinstance(number, float):  # numbers last
            return (x + rest if is_a(y, "add") else x - rest) + number
    choice = _choice(m, x, y, sign)
    return _fraction(m, x, y, sign) if choice is None else choice


def _collected(x: Any, y: Any, sign: float) -> Sum | None:
    """The terms of a sum of products of sums, where some of them meet: 8*x^2 + 4*(x^2 - 1) as 12*x^2 - 4."""
    one, two = expanded(x), expanded(y)
    both = _added(one, two, sign)
    return {term: number for term, number in both.items() if number} if len(both) < len(one) + len(two) else None


def expanded(x: Any) -> Sum:
    """What a symbol or a number is a sum of, where a sum times something is a sum too."""
    if isinstance(x, float):
        return terms(x)
    return remembered(x.m.expanded, x, _expanded)


def _expanded(x: Symbol) -> Sum:
    total: Sum = {}
    for term, number in terms(x).items():
        parts = _distributed(term) if isinstance(term, Symbol) else {term: 1.0}
        total = _added(total, {part: number * factor for part, factor in parts.items()}, 1.0)
    return total


def _distributed(term: Symbol) -> Sum:
    """The terms of a sum times something else."""
    p = product(term)
    sums = [base for base, power in p.above.items() if power == 1.0 and (is_a(base, "add") or is_a(base, "sub"))]
    if len(sums) != 1 or p.divisor != 1.0 or p.below:
        return {term: 1.0}
    rest = _written(term.m, p._replace(number=1.0, above={b: n for b, n in p.above.items() if b != sums[0]}))
    total: Sum = {}
    for inner, number in terms(sums[0]).items():
        total = _added(total, {term.m.mul(rest, inner): number * p.number}, 1.0)
    return total


def _choice(m: Any, x: Any, y: Any, sign: float) -> Any:
    """Two choices by one condition as one; and when the sum of two is 0."""
    if is_a(x, "where") and is_a(y, "add") and is_a(operands(y)[0], "where") and sign > 0.0:
        first, rest = operands(y)
        return x + first + rest if operands(first)[0] == operands(x)[0] else None
    if not (is_a(x, "where") and is_a(y, "where")):
        return None
    (condition, *one), (other, *two) = operands(x), operands(y)
    if condition == other:
        return m.where(condition, *(a + b if sign > 0.0 else a - b for a, b in zip(one, two, strict=True)))
    result = m.shared("add" if sign > 0.0 else "sub", (x, y))
    if x in m.zero_unless and y in m.zero_unless:
        m.zero_unless[result] = m.apply("or", m.zero_unless[x], m.zero_unless[y])
    return result


def _factored(m: Any, x: Any, y: Any, sign: float) -> Any:
    """u + (2 + v)*u as (3 + v)*u."""
    for one, two in ((x, y), (y, x)):
        if is_a(two, "mul"):
            for sum, rest in (operands(two), operands(two)[::-1]):
                if is_a(sum, "add") and 1.0 in terms(sum) and rest == _rest(m, one):
                    number = product(one).number if product(one).divisor == 1.0 else 0.0
                    if number:
                        return m.mul(number + sum if sign > 0.0 else number - sum if two is y else sum - number, rest)
    return None


def _sub(m: Any, x: Any, y: Any) -> Any:
    return _add(m, x, y, -1.0)


def _sum(m: Any, sum: Sum) -> Any:
    """The expression for a sum, a positive term first."""
    sum, written = {term: neat(number) for term, number in sum.items() if number}, None
    for term in sorted(sum, key=lambda term: sum[term] < 0.0):
        number = abs(sum[term])
        scaled = number if term == 1.0 else m.mul(number, term)
        if written is None:
            written = scaled if sum[term] > 0.0 else m.neg(scaled)
        else:
            written = m.shared("add" if sum[term] > 0.0 else "sub", (written, scaled))
    return 0.0 if written is None else written


def _fraction(m: Any, x: Any, y: Any, sign: float) -> Any:
    """p/q + n of numbers as (p + n*q)/q."""
    if is_a(x, "div") and isinstance(y, float):
        p, q = operands(x)
        if isinstance(p, float) and isinstance(q, float):
            return m.div(p + sign * y * q, q)
    return None


def _neg(m: Any, x: Any) -> Any:
    p = product(x)
    return _written(m, p._replace(number=-p.number))


def _where(m: Any, condition: Any, x: Any, y: Any) -> Any:
    number = m.number(condition)
    if number is not None:
        return x if number else y
    if is_a(condition, "not"):
        return m.where(operands(condition)[0], y, x)
    if is_a(x, "where") and operands(x)[0] == condition:
        return m.where(condition, operands(x)[1], y)
    if x == y or (y == 0.0 and m.zero_unless.get(x) == condition):
        return x
    if y == 0.0:
        result = m.shared("where", (condition, x, y))
        m.zero_unless[result] = condition
        return result
    return None


def _or(m: Any, x: Any, y: Any) -> Any:
    for one, two in ((x, y), (y, x)):
        number = m.number(one)
        if number is not None:
            return _truth(m, two) if number == 0.0 else True
        if is_a(two, "not") and operands(two)[0] == one:
            return True
        if is_a(one, "or") and two in operands(one):
            return one
    return _truth(m, x) if x == y else None


def _and(m: Any, x: Any, y: Any) -> Any:
    for one, two in ((x, y), (y, x)):
        number = m.number(one)
        if number is not None:
            return False if number == 0.0 else _truth(m, two)
        if is_a(one, "and") and two in operands(one):
            return one
        if (is_a(one, "greater") or is_a(one, "less")) and is_a(two, "equal") and operands(one) == operands(two):
            return False
    return _truth(m, x) if x == y else None


def _is_truth(x: Any) -> bool:
    return isinstance(x, Symbol) and x.node.operation is not None and x.node.operation.is_truth


def _truth(m: Any, x: Any) -> Any:
    """1 or 0 for a number."""
    return x if _is_truth(x) else m.apply("not_equal", x, 0.0)


def _equal(m: Any, x: Any, y: Any) -> Any:
    if y == 0.0 and _is_truth(x):
        return m.apply("not_equal", *operands(x)) if is_a(x, "equal") else m.apply("not", x)
    return None


SIMPLER: dict[str, Callable[..., Any]] = {
    **{"add": _add, "sub": _sub, "neg": _neg, "mul": _mul, "div": _div, "pow": _pow},
    **{"where": _where, "and": _and, "or": _or, "equal": _equal},
}
"""How operations on symbols are simplified: from their operands to what they become, or None."""
