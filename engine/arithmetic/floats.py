"""Arithmetic on Python floats as IEEE 754 has it: overflow gives `inf`, a bad argument `nan`, nothing raises.

Python's own operators and `math` raise instead (`1/0`, `math.log(0)`, `math.exp(1000)`). These functions are what the
rules in `operations.py` call as `m.NAME` when they run on floats; `+ - *` and unary `-` never raise and stay operators.
"""

import builtins
import math
import operator
from collections.abc import Callable, Mapping
from math import copysign, fabs, inf, isfinite, isnan, nan
from typing import TypeVar

T = TypeVar("T")
Unary = Callable[[float], float]

TINY = 1e-289
"""Well above the subnormal numbers, which have lost digits."""


RAW: dict[str, Callable[..., float]] = {
    "abs": builtins.abs,
    "pow": math.pow,
    "gamma": math.gamma,
    "lgamma": math.lgamma,
}
"""Python's own functions that give the same results wherever they do not raise."""


def _guarded(function: Unary, poles: Mapping[float, float] | None = None, odd: bool = False) -> Unary:
    """`function` without exceptions: its limit at the `poles`, `nan` off its domain, a signed `inf` on overflow."""
    limits = poles or {}
    RAW[function.__name__] = function

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return limits.get(x, nan)
        except OverflowError:
            return copysign(inf, x) if odd else inf

    return total


exp = _guarded(math.exp)
exp2 = _guarded(math.exp2)
expm1 = _guarded(math.expm1)
log = _guarded(math.log, {0.0: -inf})
log2 = _guarded(math.log2, {0.0: -inf})
log10 = _guarded(math.log10, {0.0: -inf})
log1p = _guarded(math.log1p, {-1.0: -inf})
sqrt = _guarded(math.sqrt)
sin, cos, tan = _guarded(math.sin), _guarded(math.cos), _guarded(math.tan)
asin, acos, atan, atan2 = _guarded(math.asin), _guarded(math.acos), math.atan, math.atan2
sinh, cosh, tanh = _guarded(math.sinh, odd=True), _guarded(math.cosh), math.tanh
asinh, acosh = math.asinh, _guarded(math.acosh)
atanh = _guarded(math.atanh, {1.0: inf, -1.0: -inf})
erf, hypot, norm = math.erf, math.hypot, math.hypot
abs = math.fabs
add, sub, mul, neg = operator.add, operator.sub, operator.mul, operator.neg


def div(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or isnan(x) else copysign(inf, x) * copysign(1, y)


def mod(x: float, y: float) -> float:
    try:
        return x % y
    except ZeroDivisionError:
        return nan


def pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:  # a negative power of zero, or a fractional power of a negative number
        if x == 0:
            return copysign(inf, x) if y % 2 == 1 else inf
        return nan


def cbrt(x: float) -> float:
    root = math.cbrt(x)  # of some libraries 3 ulp off: one step of Newton's is left to do
    return root - (root - x / (root * root)) / 3 if x and isfinite(x) else root


def sign(x: float) -> float:
    return x if x == 0 or isnan(x) else copysign(1, x)


def _rounding(to_integer: Callable[[float], int]) -> Unary:
    # The result keeps the sign of x where it is zero, as C and NumPy have it: ceil(-0.5) is -0.0.
    def rounded(x: float) -> float:
        return copysign(to_integer(x), x) if isfinite(x) else x

    return rounded


floor, ceil, trunc = _rounding(math.floor), _rounding(math.ceil), _rounding(math.trunc)
round = _rounding(builtins.round)


def gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return copysign(inf, x)
    except ValueError:
        return copysign(inf, x) if x == 0 else nan


def lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):  # too large, or a pole: 0, -1, -2 ...
        return inf


def erfc(x: float) -> float:
    if not 0.5 < x < 28.0:  # libm's erfc is 3.6 ulp off at 1.23, and 2.4 in the tail, but good to 1 on the left
        return math.erfc(x)
    from autodiff.engine.arithmetic import special  # 40 ms, and only few functions need it

    return special.nearest(special.erfc, x)


def polygamma(order: float, x: float) -> float:
    # The time grows with the order, and no one differentiates ten thousand times.
    if not 0 <= order <= 10_000 or order % 1 != 0 or isnan(x) or (x <= 0 and (x == -inf or x % 1 == 0)):
        return nan
    if x == inf:
        return inf if order == 0 else 0.0
    from autodiff.engine.arithmetic import special

    return special.nearest(lambda y: special.polygamma(int(order), y), x)


def digamma(x: float) -> float:
    return polygamma(0, x)


def max(*operands: float) -> float:
    return _chosen(builtins.max, operands)


def min(*operands: float) -> float:
    return _chosen(builtins.min, operands)


def sum(*operands: float) -> float:
    """The sum, rounded once, however its terms cancel."""
    try:
        return math.fsum(operands)
    except ValueError:  # inf - inf
        return nan
    except OverflowError:  # of what was added up so far, or of the sum
        infinite = [x for x in operands if not isfinite(x)]
        return math.fsum(infinite) if infinite else ldexp(math.fsum(ldexp(x, -64.0) for x in operands), 64.0)


def _chosen(choose: Callable[[tuple[float, ...]], float], operands: tuple[float, ...]) -> float:
    """The first of the chosen operands, or `nan` where any is `nan` (Python's own `max` depends on the order then)."""
    for operand in operands:
        if operand != operand:
            return nan
    return choose(operands)


# The constants of rules, each the nearest double to its formula in `table/constants.py`.
pi, ln2, ln10 = math.pi, 0.6931471805599453, 2.302585092994046
log2e, log10e = 1.4426950408889634, 0.4342944819032518
degree, radian = 0.017453292519943295, 57.29577951308232
root_half, two_over_root_pi, one_over_root_two_pi = 0.7071067811865476, 1.1283791670955126, 0.3989422804014327
selu_scale, selu_slope = 1.0507009873554805, 1.7580993408473768


# What rules need beyond operations: comparisons, choices, care at the ends, and whether anything flows back.


def eq(x: float, y: float) -> bool:
    return x == y


def where(condition: bool, x: float, y: float) -> float:
    return x if condition else y


def when(taken: bool, derivative: float) -> float | None:
    """A local derivative along a path that may not be taken: None is *no flow*, which is not a flow of zero."""
    return derivative if taken else None


def route(result: float, operands: tuple[float, ...]) -> tuple[float | None, ...]:
    """All of the gradient to the first operand equal to the result, no flow to the others."""
    winner = next((i for i, x in enumerate(operands) if x == result), None)
    return tuple(1.0 if i == winner else None for i in range(len(operands)))


def scale(*operands: float) -> float:
    """A power of two that brings the greatest operand near 1, so that a rule neither overflows nor loses digits."""
    greatest = builtins.max(map(math.fabs, operands))
    exponent = -math.frexp(greatest)[1] if greatest < inf else 0
    return math.ldexp(1.0, builtins.max(-1022, builtins.min(exponent, 1022)))


def exponent(x: float) -> float:
    return float(math.frexp(x)[1])


def ldexp(x: float, exponent: float) -> float:
    try:
        return math.ldexp(x, int(exponent))
    except OverflowError:
        return copysign(inf, x)


def over_square(x: float, y: float) -> float:
    quotient = div(x, y)
    if fabs(quotient) > TINY or fabs(y) > 1.0:
        return div(quotient, y)
    return ldexp(div(div(ldexp(x, 200.0), y), y), -200.0)


def carefully(formula: Callable[[], T], textbook: Callable[[], T]) -> T:
    return formula()


def power_rule(x: float, y: float) -> float:
    """y*x^(y-1) as if y-1 were exact: log(x), up to 745, magnifies its rounding."""
    less = y - 1.0
    power = pow(x, less)
    if power == inf and -1.0 < y < 1.0:  # the product may be in range
        root = pow(x, less / 2)
        product = y * root * root
    else:
        product = damped(y, power)  # with y at infinity the power has vanished or does not exist
    lost = (y - (less - (less - y))) - (1.0 + (less - y))
    if lost and product and isfinite(product) and isfinite(x):
        product += product * (lost * math.log(math.fabs(x)))
    return product


def damped(x: float, tail: float) -> float:
    """x*tail, and 0 where one of them is 0 and the other infinite: the tail decays faster than x grows."""
    product = x * tail
    return product if product == product or isnan(x) or isnan(tail) else copysign(0.0, x) * copysign(1.0, tail)


def by_root(x: float, power: float, root: Callable[[], float]) -> float:
    """x*power, by its square root where that is out of range: x may bring the product back, or magnify lost digits."""
    if TINY < power < inf:
        return x * power
    half = root()
    return damped(damped(x, half), half)


def inside(result: float, derivative: float) -> float:
    """The derivative where there is a result to derive: 1/x at -1 is a number, and log(-1) none."""
    return nan if isnan(result) else derivative
