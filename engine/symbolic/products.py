"""Products and powers: what meets under one base adds its exponents up, exactly and no further than is right.

A rule may turn nan into a number (x/x is 1), but no number into another: sqrt(u)^4 is u^2, sqrt(x^2) stays.
"""

from collections.abc import Iterable
from typing import Any

from autodiff.engine.symbolic.expressions import Atom, Exponent, Expression, Number, Powers, Product, Store, Sum
from autodiff.engine.symbolic.numbers import (
    Exact,
    decimal,
    fraction,
    lowest,
    plus,
    primes,
    raised,
    ratio,
    root,
    rough,
    size,
    times,
)
from autodiff.engine.table.operations import FLOATS, OPERATIONS

Factors = tuple[Exact, Powers]

_WHERE_EVEN = {"abs": 2, "hypot": 2, "norm": 2, "cbrt": 3}
"""Operations of which some power is simpler, and which."""
_SPECIAL = {OPERATIONS[name]: power for name, power in _WHERE_EVEN.items()}
_SIGN = OPERATIONS["sign"]
_FEW = 4  # the greatest denominator of an exponent whose whole part leaves the root: 2*sqrt(2), but 1.7^1.3


def factors(x: Expression) -> Factors:
    """The number in front, and the powers."""
    if isinstance(x, Product):
        return x.number, x.powers
    if isinstance(x, Number):
        return x.number, {}
    opposite = x.m.older_opposite(x) if isinstance(x, Sum) else None
    return (1, {x: 1}) if opposite is None else (-1, {opposite: 1})


def multiply(m: Store, x: Expression, y: Expression, *, cancels: bool = False) -> Expression:
    """The product of two expressions.

    A long one is left as it is, for others to share; but not where factors cancel, since u/u without a value at 0 is
    another function.
    """
    (one, left), (two, right) = factors(x), factors(y)
    number = times(one, two)
    if not left or not right:
        return m.product(number, left or right)
    if len(left) + len(right) > m.most and not cancels and not right.keys() <= left.keys():
        return m.product(number, {m.atom("mul", (m.product(1, left), m.product(1, right))): 1})
    m.spend(1 + len(right))
    return _gathered(m, number, dict(left), right.items())


def power(m: Store, x: Expression, y: Expression) -> Expression:
    if not isinstance(y, Number):
        return m.one if x is m.one else m.product(1, {x: y})
    exponent = y.number
    if exponent == 0:
        return m.one
    if isinstance(exponent, float):
        return m.atom("pow", (x, y))
    return _gathered(m, 1, {}, [(x, exponent)])


def divide(m: Store, x: Expression, y: Expression) -> Expression:
    if isinstance(y, Number):
        number, powers = factors(x)
        if isinstance(x, Sum):
            number, powers = 1, {x: 1}
        return m.product(ratio(number, y.number), powers) if y.number else multiply(m, x, m.number(ratio(1, 0)))
    return multiply(m, x, power(m, y, m.number(-1)))


def _gathered(m: Store, number: Exact, powers: dict[Expression, Exponent], more: Iterable[Any]) -> Expression:
    """number * powers * more, where bases meet and the powers of more may be of any kind."""
    pending, alone = list(more)[::-1], bool(powers)
    while pending:
        base, exponent = pending.pop()
        met = base in powers
        if met:
            exponent = _added(m, powers.pop(base), exponent)
        if exponent == 0:
            continue
        simpler = None if alone and not met else simpler_power(m, base, exponent)
        if simpler is None:
            powers[base] = exponent
        else:
            number = times(number, simpler[0])
            pending += reversed(list(simpler[1].items()))
            alone = False
    return m.product(*_together(m, number, powers))


def _added(m: Store, one: Exponent, two: Exponent) -> Exponent:
    if isinstance(one, Expression) or isinstance(two, Expression):
        total = m.apply("add", *(x if isinstance(x, Expression) else m.number(x) for x in (one, two)))
        return total.number if isinstance(total, Number) else total
    return plus(one, two)


# --- One power --------------------------------------------------------------------------------------------------------


def simpler_power(m: Store, base: Expression, exponent: Exponent) -> Factors | None:
    """A power as a number and other powers, or None where it is in its simplest form."""
    if isinstance(exponent, Expression | float):
        return None
    if isinstance(base, Number):
        return _power_of_number(m, base, exponent)
    if isinstance(base, Product):
        return _whole_power(m, base, exponent) if isinstance(exponent, int) else _fractional_power(m, base, exponent)
    if isinstance(base, Sum) and isinstance(exponent, int):
        opposite = m.older_opposite(base)
        return None if opposite is None else (-1 if exponent % 2 else 1, {opposite: exponent})
    if isinstance(base, Atom) and base.operation in _SPECIAL and exponent % _SPECIAL[base.operation] == 0:
        inner = base.operands[0]
        if len(base.operands) > 1 or base.operation is OPERATIONS["norm"]:
            squares = [m.apply("mul", operand, operand) for operand in base.operands]
            return 1, {m.apply("sum", *squares): exponent // 2}
        return 1, {inner: exponent // 3 if base.operation is OPERATIONS["cbrt"] else exponent}
    return None


def _whole_power(m: Store, base: Product, exponent: int) -> Factors | None:
    number = raised(base.number, exponent)
    if number is None:
        return None
    return number, {each: _multiplied(m, power, exponent) for each, power in base.powers.items()}


def _multiplied(m: Store, power: Exponent, exponent: Any) -> Exponent:
    if isinstance(power, Expression):
        scaled = multiply(m, power, m.number(exponent))
        return scaled.number if isinstance(scaled, Number) else scaled
    return times(power, exponent)


def _fractional_power(m: Store, base: Product, exponent: Any) -> Factors | None:
    """What can be drawn out of a root: what is no less than 0, whatever the inputs are."""
    if base.number == 0 or isinstance(base.number, float):
        return None
    outside: dict[Expression, Exponent] = {}
    inside: dict[Expression, Exponent] = {}
    for each, power in base.powers.items():
        if isinstance(power, Expression):
            inside[each] = power
        elif (
            type(power) is not int
            or (each.value is not None and each.value > 0)
            or (power % 2 == 0 and times(power, exponent) % 2 == 0)
        ):
            outside[each] = times(power, exponent)
        else:
            inside[each] = power
    negative = base.number < 0
    if not negative and len(inside) == 1:
        ((each, power),) = inside.items()
        if not isinstance(power, Expression) and power % 2 == 1:
            outside[each], inside = times(power, exponent), {}
    front = size(base.number)
    if not outside and front == 1 and inside:
        return None
    if front != 1:
        root = m.number(front)  # beside which there may be another root of the same number: sqrt(2*sqrt(2))
        outside[root] = _added(m, outside.get(root, 0), exponent)
    if negative or inside:
        outside[m.product(-1 if negative else 1, inside)] = exponent
    return 1, outside


def _power_of_number(m: Store, base: Number, exponent: Any) -> Factors | None:
    number = base.number
    if type(exponent) is int:
        written = raised(number, exponent)
        return None if written is None else (written, {})
    if isinstance(number, float) or number == 0:
        return lowest(_plain(FLOATS.pow(rough(number), rough(exponent)))), {}
    if number < 0:
        return None
    if m.decimals and any(part > 1 and not root(part, exponent.denominator) for part in fraction(number)):
        upside_down = ratio(1, number)
        if decimal(number) is None and decimal(upside_down) is not None:
            return 1, {m.number(upside_down): times(-1, exponent)}
        if not isinstance(number, int):
            return None  # the root of a decimal stays, as the user wrote it
    found: dict[Expression, Exponent] = {}
    front: Exact = 1
    for part, sign in zip(fraction(number), (1, -1), strict=True):
        for prime, times_over in _roots(part, exponent.denominator).items():
            power = times(sign * times_over, exponent)
            above, below = fraction(power)
            whole = above // below if below <= _FEW else 0
            written = raised(prime, whole)
            if written is None:
                whole = 0
            else:
                front = times(front, written)
            if power != whole:
                found[m.number(prime)] = plus(power, -whole)
    return None if front == 1 and found == {base: exponent} else (front, found)


def _plain(number: float) -> Exact:
    return int(number) if number == number and abs(number) < 2**53 and number % 1 == 0 else number


def _roots(part: int, degree: int) -> dict[int, int]:
    """The powers of primes that a number is made of, or one large number without its root."""
    found = primes(part) if part > 1 else {}
    if found == {part: 1} and (exact_root := root(part, degree)):
        return {base: times_over * degree for base, times_over in _roots(exact_root, degree).items()}
    return found


# --- What else meets in a product -------------------------------------------------------------------------------------


def _together(m: Store, number: Exact, powers: dict[Expression, Exponent]) -> Factors:
    """sign(u) with abs(u), and a root of a product with its factors outside: L/g/sqrt(L/g) is sqrt(L/g)."""
    for base, exponent in list(powers.items()):
        if isinstance(base, Atom) and base.operation is _SIGN and exponent == 1 and base in powers:
            inner = base.operands[0]
            magnitude = m.apply("abs", inner)
            often = powers.get(magnitude)
            if often in (1, -1) and isinstance(often, int):
                del powers[base], powers[magnitude]
                return factors(multiply(m, m.product(number, powers), power(m, inner, m.number(often))))
        if isinstance(base, Product) and len(powers) > 1 and exponent.__class__ is not int:
            number = times(number, _absorbed(m, base, powers))
    return number, powers


def _absorbed(m: Store, root: Product, powers: dict[Expression, Exponent]) -> Exact:
    """Move a whole power of a root's base from outside into it, where that leaves fewer factors; the number left."""
    shared = [base for base in root.powers if base in powers]
    best, fewest = 0, len(shared)
    for base in shared:
        outside, inside = powers[base], root.powers[base]
        if isinstance(outside, Expression) or isinstance(inside, Expression) or outside % inside != 0:
            continue
        often = outside // inside
        left = sum(_added(m, powers.get(b, 0), _multiplied(m, e, -often)) != 0 for b, e in root.powers.items())
        if left < fewest:
            best, fewest = int(often), left
    left_over = raised(root.number, -best) if root.number else None
    if not best or left_over is None or isinstance(left_over, float):
        return 1
    for base, exponent in root.powers.items():
        rest = _added(m, powers.pop(base, 0), _multiplied(m, exponent, -best))
        if rest != 0:
            powers[base] = rest
    powers[root] = _added(m, powers[root], best)
    return left_over
