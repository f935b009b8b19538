"""Arithmetic on balls, by Arb: a number of any precision and a proved bound of its error.

A comparison of balls that overlap is `UNDECIDED`, and what is chosen by it is the union of both answers: more precision
decides, or the answer is as wide as the doubt. There is no infinity: what may be infinite, or is not real, is `nan`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from math import isfinite
from operator import add
from typing import Any, Final, TypeVar

from flint import arb, ctx, fmpq, fmpz

from autodiff.engine.arithmetic import special
from autodiff.engine.graph import Constant
from autodiff.engine.table.operation import Operation, TableArithmetic
from autodiff.engine.table.operations import OPERATIONS

T = TypeVar("T")

MOST_BITS = 6400
_LONGEST = 4096  # bits of an exact fraction, or as many as other numbers have
_LARGEST_WHOLE_POWER = 2**62


class Undecided:
    """A truth value that is not known at this precision."""

    def __and__(self, other: Truth) -> Truth:
        return False if other is False else self

    def __or__(self, other: Truth) -> Truth:
        return True if other is True else self

    __rand__, __ror__ = __and__, __or__

    def __bool__(self) -> bool:
        raise TypeError("an undecided truth is neither")


Truth = bool | Undecided
UNDECIDED: Final = Undecided()


class Ball:
    """A number that is known to lie in an interval, or an exact fraction, with the operators that rules use."""

    __slots__ = ("number",)

    def __init__(self, number: arb | fmpq) -> None:
        self.number = number

    def __add__(self, other: Ball | float) -> Ball:
        x, y = _alike(self, other)
        return Ball(x + y)

    def __sub__(self, other: Ball | float) -> Ball:
        x, y = _alike(self, other)
        return Ball(x - y)

    def __mul__(self, other: Ball | float) -> Ball:
        x, y = _alike(self, other)
        return Ball(x * y)

    def __neg__(self) -> Ball:
        return Ball(-self.number)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: float) -> Ball:
        return -self + other

    def __lt__(self, other: Ball | float) -> Truth:
        x, y = _alike(self, other)
        return True if x < y else False if x >= y else UNDECIDED

    def __le__(self, other: Ball | float) -> Truth:
        x, y = _alike(self, other)
        return True if x <= y else False if x > y else UNDECIDED

    def __gt__(self, other: Ball | float) -> Truth:
        x, y = _alike(self, other)
        return True if x > y else False if x <= y else UNDECIDED

    def __ge__(self, other: Ball | float) -> Truth:
        x, y = _alike(self, other)
        return True if x >= y else False if x < y else UNDECIDED

    def double(self) -> float | None:
        """The double nearest to every number in the ball, where there is one."""
        x = arb_of(self)
        low, high = float(x.lower()), float(x.upper())
        return (low or 0.0) if low == high else None


Number = Ball | float


def number(x: Number) -> Ball:
    """A double, or a ball that is one already."""
    return x if isinstance(x, Ball) else Ball(arb(x))


def decimal(text: str) -> Ball:
    """The exact number that a decimal text means."""
    digits, _, exponent = text.replace("_", "").lower().partition("e")
    whole, _, fraction = digits.partition(".")
    # Python reads no integers of more than 4,300 digits, FLINT does.
    power = fmpz(exponent.removeprefix("+") or 0) - len(fraction)
    mantissa = fmpz((whole + fraction).removeprefix("+"))
    if abs(power) > _longest():
        return Ball(arb(mantissa) * arb(10) ** power)
    return Ball(fmpq(mantissa * 10**power) if power >= 0 else fmpq(mantissa, fmpz(10) ** -power))


def exact(constant: Constant) -> Ball:
    """The number that a constant was written for: 0.1 is a tenth."""
    text = constant.written
    if text is None or (not isfinite(constant.number) and text.lstrip("+-")[0] not in ".0123456789"):
        return number(constant.number)
    if text in ("pi", "π", "tau"):
        return BALLS.pi * (2.0 if text == "tau" else 1.0)
    return decimal(text)


def arb_of(x: Number) -> arb:
    """A number as an `arb` of FLINT."""
    known = x.number if isinstance(x, Ball) else x
    return known if type(known) is arb else arb(known)


def _alike(x: Number, y: Number) -> tuple[Any, Any]:
    """Two numbers that FLINT takes together: both fractions while these are short."""
    one = x.number if type(x) is Ball else x
    other = y.number if type(y) is Ball else y
    if type(one) is arb and type(other) is not fmpq:
        return one, other
    if type(one) is fmpq or type(other) is fmpq:
        p, q = _short(one), _short(other)
        if p is not None and q is not None:
            return p, q
    return arb_of(x), arb_of(y)


def _short(x: Any) -> fmpq | None:
    """A short fraction, and a double beside one, as a fraction."""
    if isinstance(x, float) and isfinite(x):
        return fmpq(*x.as_integer_ratio())
    return x if type(x) is fmpq and x.height_bits() < _longest() else None


def _longest() -> int:
    return _LONGEST if ctx.prec < _LONGEST else ctx.prec


# --- Operations that Arb brings ---------------------------------------------------------------------------------------


def _by_arb(method: Callable[[arb], arb]) -> Callable[[Number], Ball]:
    return lambda x: Ball(method(arb_of(x)))


def _exactly(method: Callable[[arb], arb], exact: Callable[[fmpq], Any]) -> Callable[[Number], Ball]:
    """The same for an operation that a fraction does not leave."""

    def function(x: Number) -> Ball:
        known = x.number if type(x) is Ball else x
        return Ball(fmpq(exact(known))) if type(known) is fmpq else Ball(method(arb_of(x)))

    return function


def div(x: Number, y: Number) -> Ball:
    one, other = _alike(x, y)
    return Ball(arb.nan() if other == 0 else one / other)


def mod(x: Number, y: Number) -> Ball:
    whole: Ball = BALLS.floor(div(x, y))
    return number(x) - whole * y


def pow(x: Number, y: Number) -> Ball:
    base, exponent = arb_of(x), arb_of(y)
    if not (exponent.is_exact() and exponent.is_integer()):
        return Ball(base**exponent)
    if not abs(exponent) < _LARGEST_WHOLE_POWER:  # never written out; so large a double is even
        return Ball((abs(base) if (exponent * 0.5).is_integer() else base) ** exponent)
    whole: Any = exponent.unique_fmpz()
    known = x.number if type(x) is Ball else x
    if isinstance(known, fmpq) and abs(whole) * known.height_bits() < _longest() and (known != 0 or whole >= 0):
        return Ball(known ** int(whole))
    return Ball(base**whole)


def cbrt(x: Number) -> Ball:
    base = arb_of(x)
    if base > 0:
        return Ball(base.root(3))
    if base < 0:
        return Ball(-(-base).root(3))
    return Ball(base if base.is_zero() else arb(0, abs(base).upper().root(3).upper()))


def round(x: Number) -> Ball:
    y = arb_of(x)
    low, high = (_half_even(end) for end in (y.lower(), y.upper()))
    return Ball(low.union(high) if low != high else low)


def _half_even(x: arb) -> arb:
    down = (x + 0.5).floor()
    return down - 1 if down - x == 0.5 and not (down / 2).is_integer() else down


def trunc(x: Number) -> Ball:
    y = arb_of(x)
    low, high = (end.floor() if end > 0 else end.ceil() for end in (y.lower(), y.upper()))
    return Ball(low.union(high) if low != high else low)


def min(*operands: Number) -> Ball:
    return reduce(lambda x, y: where(x <= y, x, y, arb.min), map(number, operands))


def max(*operands: Number) -> Ball:
    return reduce(lambda x, y: where(x >= y, x, y, arb.max), map(number, operands))


def lgamma(x: Number) -> Ball:
    return Ball(special.lgamma(arb_of(x)))


def polygamma(order: Number, x: Number) -> Ball:
    known = arb_of(order)
    n = known.unique_fmpz() if known.is_exact() else None
    return Ball(arb.nan() if n is None or not 0 <= n <= 10_000 else special.polygamma(int(n), arb_of(x)))


def _sum_of_squares(*operands: Number) -> Ball:
    return reduce(add, (x * x for x in map(number, operands)))


# --- What rules need beyond operations --------------------------------------------------------------------------------


def eq(x: Number, y: Number) -> Truth:
    if x is y:  # an inexact ball is the same number as itself
        return True
    one, other = _alike(x, y)
    return True if one == other else False if one != other else UNDECIDED


def truth(condition: Truth | Number) -> Truth:
    """Whether a condition holds; a number does where it is not 0."""
    if type(condition) is bool or type(condition) is Undecided:
        return condition
    zero = eq(condition, 0.0)  # type: ignore[arg-type]
    return zero if zero is UNDECIDED else not zero


def where(condition: Truth | Number, x: Number, y: Number, united: Callable[[arb, arb], arb] = arb.union) -> Any:
    known = truth(condition)
    if known is UNDECIDED:
        return Ball(united(arb_of(x), arb_of(y)))
    return x if known else y


def when(taken: Truth | Number, derivative: Number) -> Number | None:
    known = truth(taken)
    if known is UNDECIDED:
        return Ball(arb_of(derivative).union(arb(0)))
    return derivative if known else None


def route(result: Ball, operands: tuple[Ball, ...]) -> tuple[Number | None, ...]:
    flows: list[Number | None] = []
    earlier: Truth = False
    for x in operands:
        here = eq(x, result)
        flows.append(None if earlier is True else when(here if earlier is False else here & earlier, 1.0))
        earlier = earlier | here
    return tuple(flows)


def scale(*operands: Number) -> float:
    return 1.0  # nothing overflows


def exponent(x: Number) -> float:
    return 0.0


def ldexp(x: Number, exponent: Number) -> Number:
    return x  # whose exponents are all 0


def over_square(x: Number, y: Number) -> Ball:
    return div(div(x, y), y)


def carefully(formula: Callable[[], T], textbook: Callable[[], T]) -> T:
    return textbook()


def power_rule(x: Number, y: Number) -> Ball:
    return number(y) * pow(x, number(y) - 1.0)


def damped(x: Number, tail: Number) -> Ball:
    return number(x) * tail


def by_root(x: Number, power: Number, root: Callable[[], Number]) -> Ball:
    return damped(x, power)


def inside(result: Number, derivative: Number) -> Number:
    return number(result) if arb_of(result).is_nan() else derivative


def sqrt(x: Number) -> Ball:
    known = x.number if type(x) is Ball else x
    if type(known) is fmpq and known > 0:
        (p, rest), (q, more) = known.p.sqrtrem(), known.q.sqrtrem()
        if rest == more == 0:
            return Ball(fmpq(p, q))
    return Ball(arb_of(x).sqrt())


def logsumexp(*operands: Number) -> Ball:
    """By the greatest, so that the digits of the others are kept; which one that is need not be sure."""
    x = sorted(map(arb_of, operands), key=lambda each: float(each.mid()))
    return Ball(x[-1] + sum(((each - x[-1]).exp() for each in x[:-1]), arb(0)).log1p())


def gelu(x: Number) -> Ball:
    y = arb_of(x)
    return Ball(y * (-y / arb(2).sqrt()).erfc() / 2)


class Balls(TableArithmetic):
    """The arithmetic of balls at the precision of the moment: primitives, and the other rows by their rules."""

    def __init__(self, **primitives: Any) -> None:
        super().__init__(**primitives)
        for row in OPERATIONS.values():
            # The textbook formula where there is one: a value rule may be an approximation, good to a double.
            rule = row.value if row.name in _EXACT_VALUES else row.definition or row.value
            if rule is not None and row.name not in primitives:
                setattr(self, row.name, partial(rule, self))

    @property
    def pi(self) -> Ball:
        return Ball(arb.pi())

    @property
    def functions(self) -> dict[Operation | None, Callable[..., Any]]:
        """The functions of all operations, for the forward pass."""
        return {row: getattr(self, name) for name, row in OPERATIONS.items()}


# Exact as well, and unlike the textbook formula they keep their digits in the tail.
_EXACT_VALUES = ("softplus", "logsigmoid")
_NAMES = "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc gamma digamma"

PRIMITIVES: dict[str, Any] = dict(
    **{name: _by_arb(getattr(arb, name)) for name in _NAMES.split()},
    **{each.__name__: each for each in (div, mod, pow, sqrt, cbrt, round, trunc, min, max, lgamma, polygamma)},
    **{each.__name__: each for each in (decimal, eq, where, when, route, scale, exponent, ldexp, over_square)},
    **{each.__name__: each for each in (carefully, power_rule, damped, by_root, inside)},
    add=lambda x, y: number(x) + y,
    sub=lambda x, y: number(x) - y,
    mul=lambda x, y: number(x) * y,
    neg=lambda x: -number(x),
    abs=_exactly(abs, abs),
    sign=_exactly(arb.sgn, lambda x: (x > 0) - (x < 0)),
    floor=_exactly(arb.floor, fmpq.floor),
    ceil=_exactly(arb.ceil, fmpq.ceil),
    log2=lambda x: Ball(arb_of(x).log() / arb.const_log2()),
    log10=lambda x: Ball(arb_of(x).log() / arb.const_log10()),
    exp2=lambda x: pow(2.0, x),
    atan2=lambda y, x: Ball(arb.atan2(arb_of(y), arb_of(x))),
    hypot=lambda *x: sqrt(_sum_of_squares(*x)),
    norm=lambda *x: sqrt(_sum_of_squares(*x)),
    logsumexp=logsumexp,
    gelu=gelu,
)
"""What balls bring themselves."""

BALLS = Balls(**PRIMITIVES)
FUNCTIONS = BALLS.functions
"""The functions of all operations on balls, for the forward pass."""
