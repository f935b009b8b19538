"""How the algebra of nodes simplifies: as a person would, and by no rule that changes a value but by rounding.

A quotient cancels where the denominator keeps a power of what cancels, so that x/x stays nan at 0; a product with a
number that happens to be 0 stays, since it may be 0*inf.
"""

from collections.abc import Callable
from math import gcd
from typing import Any, NamedTuple

from .graph import Constant
from .operations import GROUPS, OPERATIONS
from .symbols import Symbol

SHORT = 8  # characters: a number that one would write instead of the operation that gives it
_MOST = 8  # factors or terms that are looked through

Powers = dict[Symbol, float]


class Product(NamedTuple):
    """number/divisor times powers above, over powers below the line."""

    number: float
    divisor: float
    above: Powers
    below: Powers


def product(x: Any) -> Product:
    """What a symbol or a number is a product of."""
    if isinstance(x, float):
        return Product(x, 1.0, {}, {})
    known = x.m.products
    if x.node not in known:
        known[x.node] = _product(x)
    found: Product = known[x.node]
    return found


def _product(x: Symbol) -> Product:
    name = x.node.operation.name if x.node.operation else ""
    whole = Product(1.0, 1.0, {x: 1.0}, {})
    if name not in ("mul", "div", "neg", "pow"):
        return whole
    left, *others = operands(x)
    if name == "neg":
        return product(left)._replace(number=-product(left).number)
    (right,) = others
    if name == "pow":
        return Product(1.0, 1.0, {left: right}, {}) if _plain_power(left, right) else whole
    one, two = product(left), product(right)
    if name == "div":
        two = Product(two.divisor, two.number, two.below, two.above)
    if two.divisor == 0.0 or len(one.above) + len(two.above) + len(one.below) + len(two.below) > _MOST:
        return whole
    return _times(one, two)


def _plain_power(base: Any, exponent: Any) -> bool:
    return isinstance(base, Symbol) and isinstance(exponent, float) and exponent > 0


def _times(one: Product, two: Product) -> Product:
    above, below = _united(one.above, two.above), _united(one.below, two.below)
    for base in [base for base in above if base in below]:
        if below[base] > above[base]:
            below[base] -= above.pop(base)
    return Product(*_lowest(one.number * two.number, one.divisor * two.divisor), above, below)


def _united(one: Powers, two: Powers) -> Powers:
    return {base: one.get(base, 0.0) + two.get(base, 0.0) for base in {**one, **two}}


def _lowest(number: float, divisor: float) -> tuple[float, float]:
    """A fraction in its lowest terms, or as one number where that is short."""
    if divisor == 1.0 or len(repr(number / divisor)) <= SHORT:
        return number / divisor, 1.0
    if number % 1 == 0 and divisor % 1 == 0 and max(abs(number), abs(divisor)) < 2**53:
        common = gcd(int(number), int(divisor))
        return number / common, divisor / common
    return number, divisor


def operands(x: Symbol) -> list[Any]:
    """The operands of a symbol, numbers as floats."""
    return [node.number if isinstance(node, Constant) else Symbol(node, x.m) for node in x.node.operands]


def _is(x: Any, name: str) -> bool:
    return isinstance(x, Symbol) and x.node.operation is OPERATIONS[name]


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
        power = m.pow(base, powers[base])
        written = power if written is None else m.shared("mul", (written, power))
    return written


def _scaled(m: Any, number: float, x: Any) -> Any:
    """number*x, where x has no number in front."""
    if number == 1.0:
        return x
    if number != -1.0:
        return m.shared("mul", (number, x))
    return m.sub(*reversed(operands(x))) if _is(x, "sub") else m.shared("neg", (x,))


def _mul(m: Any, x: Any, y: Any) -> Any:
    one, two = product(x), product(y)
    both = _times(one, two)
    if _merges(one, two, both):
        return _written(m, both)
    u, v = _rest(m, x), _rest(m, y)
    if both.number != 1.0 or both.divisor != 1.0:
        return _written(m, Product(both.number, both.divisor, *_whole(m.mul(u, v))))
    if u == 1.0 or v == 1.0:
        return v if u == 1.0 else u
    for one, other in ((u, v), (v, u)):
        if _is(one, "div") and operands(one)[0] == 1.0:
            return m.shared("div", (other, operands(one)[1]))
    return m.shared("mul", (v, u) if u.node.operands and not v.node.operands else (u, v))


def _rest(m: Any, x: Any) -> Any:
    """What is left of a product without the number in front, as it stands."""
    p = product(x)
    if isinstance(x, float) or (p.number == 1.0 and p.divisor == 1.0):
        return 1.0 if isinstance(x, float) else x
    left, *right = operands(x)
    if _is(x, "neg") or (_is(x, "div") and isinstance(right[0], float)):
        return _rest(m, left)
    if _is(x, "mul") and isinstance(left, float):
        return right[0]
    return _written(m, p._replace(number=1.0, divisor=1.0))


def _merges(one: Product, two: Product, both: Product) -> bool:
    """Whether a base stands in both."""
    return sum(map(len, (one.above, one.below, two.above, two.below))) > len(both.above) + len(both.below)


def _whole(x: Any) -> tuple[Powers, Powers]:
    """A quotient or anything else as powers above and below the line."""
    if _is(x, "div"):
        above, below = operands(x)
        return ({} if above == 1.0 else {above: 1.0}), {below: 1.0}
    return ({} if x == 1.0 else {x: 1.0}), {}


def _div(m: Any, x: Any, y: Any) -> Any:
    one, two = product(x), product(y)
    if two.number == 0.0:
        return None
    two = Product(two.divisor, two.number, two.below, two.above)
    both = _times(one, two)
    if _merges(one, two, both) or both.number not in (one.number, 1.0) or both.divisor != 1.0 or one.below:
        return _written(m, both)
    return x if y == 1.0 else None


def _pow(m: Any, x: Any, y: Any) -> Any:
    if y == 0.0:
        return 1.0
    if y == 1.0:
        return x
    if y == 2.0 and _is(x, "hypot"):
        left, right = operands(x)
        return m.pow(left, 2.0) + m.pow(right, 2.0)
    if _is(x, "pow") and isinstance(y, float) and y > 0 and y % 1 == 0:
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
    known = x.m.sums
    if x.node not in known:
        known[x.node] = _terms(x)
    found: Sum = known[x.node]
    return found


def _terms(x: Symbol) -> Sum:
    if _is(x, "add") or _is(x, "sub"):
        left, right = operands(x)
        one, two = terms(left), terms(right)
        if len(one) + len(two) <= _MOST:
            return _added(one, two, 1.0 if _is(x, "add") else -1.0)
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
    if len(both) < len(one) + len(two) and 0.0 not in both.values():
        return _sum(m, both)
    if isinstance(x, Symbol) and (product(x).number < 0.0 and sign > 0.0):
        return m.sub(y, m.neg(x))
    if (y < 0.0) if isinstance(y, float) else product(y).number < 0.0:
        return m.shared("add" if sign < 0.0 else "sub", (x, m.neg(y)))
    return _fraction(m, x, y, sign)


def _sub(m: Any, x: Any, y: Any) -> Any:
    return _add(m, x, y, -1.0)


def _sum(m: Any, sum: Sum) -> Any:
    """The expression for a sum, a positive term first."""
    written = None
    for term in sorted(sum, key=lambda term: sum[term] < 0.0):
        number = abs(sum[term])
        scaled = number if term == 1.0 else m.mul(number, term)
        if written is None:
            written = scaled if sum[term] > 0.0 else m.neg(scaled)
        else:
            written = m.shared("add" if sum[term] > 0.0 else "sub", (written, scaled))
    return written


def _fraction(m: Any, x: Any, y: Any, sign: float) -> Any:
    """p/q + n of numbers as (p + n*q)/q."""
    if _is(x, "div") and isinstance(y, float):
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
    if _is(condition, "not"):
        return m.where(operands(condition)[0], y, x)
    if _is(x, "where") and operands(x)[0] == condition:
        return m.where(condition, operands(x)[1], y)
    return x if x == y else None


def _or(m: Any, x: Any, y: Any) -> Any:
    for one, two in ((x, y), (y, x)):
        if m.number(one) is not None:
            return two if m.number(one) == 0.0 else 1.0
        if _is(two, "not") and operands(two)[0] == one:
            return 1.0
        if _is(one, "or") and two in operands(one):
            return one
    return x if x == y else None


def _and(m: Any, x: Any, y: Any) -> Any:
    for one, two in ((x, y), (y, x)):
        if m.number(one) is not None:
            return 0.0 if m.number(one) == 0.0 else two
        if _is(one, "and") and two in operands(one):
            return one
        if (_is(one, "greater") or _is(one, "less")) and _is(two, "equal") and operands(one) == operands(two):
            return 0.0
    return x if x == y else None


def _equal(m: Any, x: Any, y: Any) -> Any:
    if y == 0.0 and isinstance(x, Symbol) and x.node.operation in TRUTHS:
        return m.apply("not_equal", *operands(x)) if _is(x, "equal") else m.apply("not", x)
    return None


TRUTHS = [row for row in GROUPS["choice and logic"] if row.name != "where"]

SIMPLER: dict[str, Callable[..., Any]] = {
    **{"add": _add, "sub": _sub, "neg": _neg, "mul": _mul, "div": _div, "pow": _pow},
    **{"where": _where, "and": _and, "or": _or, "equal": _equal},
}
"""How operations on symbols are simplified: from their operands to what they become, or None."""
