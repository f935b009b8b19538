"""Functions that a target may not have, in so little of Python that `functions.py` can write them in any target.

They have numbers, comparisons, `if`, `while`, assignments and `return`, and call what every target has, or each other.
A name is first assigned outside of the block that it is used in. They run on Python's floats as they stand here.
"""

from math import fmod, inf

from autodiff.engine.arithmetic.floats import abs, div, exp2, floor, log, log1p, log2
from autodiff.engine.arithmetic.floats import acosh as raw_acosh
from autodiff.engine.arithmetic.floats import asinh as raw_asinh
from autodiff.engine.arithmetic.floats import pow as raw_pow


def sign(x: float) -> float:
    if x > 0.0:
        return 1.0
    if x < 0.0:
        return -1.0
    return x


def pow(x: float, y: float) -> float:
    """x to the power of y, as IEEE has it for a base of 1 or -1."""
    if x == 1.0 or (x == -1.0 and abs(y) == inf):
        return 1.0
    return raw_pow(x, y)


def mod(x: float, y: float) -> float:
    """x - y*floor(x/y), with the sign of y."""
    rest = fmod(x, y)
    # Not rest * y < 0.0, since the product may underflow.
    if rest < 0.0 < y or y < 0.0 < rest:
        return rest + y
    return rest


def asinh(x: float) -> float:
    """The inverse of sinh, for large numbers log(2*x), which does not overflow."""
    if abs(x) > 1e9:
        return sign(x) * (log(abs(x)) + 0.6931471805599453)
    return raw_asinh(x)


def acosh(x: float) -> float:
    """The inverse of cosh, for large numbers log(2*x), which does not overflow."""
    if x > 1e9:
        return log(x) + 0.6931471805599453
    return raw_acosh(x)


def atanh(x: float) -> float:
    """The inverse of tanh, with all digits near -1 as well."""
    size = abs(x)
    return 0.5 * sign(x) * log1p(div(2.0 * size, 1.0 - size))


def round(x: float) -> float:
    """The nearest integer, halves to the even one."""
    below = floor(x)
    rest = x - below
    if rest < 0.5 or x == below or (rest == 0.5 and fmod(below, 2.0) == 0.0):
        return below
    return below + 1.0


def scale(x: float) -> float:
    """A power of two near 1/x, with which a product neither overflows nor loses digits."""
    if not 0.0 < x < inf:
        return 1.0
    # Beyond these exponents the factor, or its reciprocal, would be subnormal.
    exponent = -floor(log2(x))
    if exponent > 1022.0:
        return exp2(1022.0)
    if exponent < -1022.0:
        return exp2(-1022.0)
    return exp2(exponent)


def damped(x: float, tail: float) -> float:
    """x*tail, and 0 where one of them is 0 and the other infinite: the tail decays faster than x grows."""
    product = x * tail
    if product != product and x == x and tail == tail:
        return 0.0
    return product


def power_rule(x: float, y: float) -> float:
    """y*x^(y-1) as if y-1 were exact: log(x), up to 745, magnifies its rounding."""
    less = y - 1.0
    power = pow(x, less)
    product = damped(y, power)
    # The power may overflow where its product with a small y does not.
    if power == inf and -1.0 < y < 1.0:
        root = pow(x, less / 2.0)
        product = y * root * root
    # What y - 1 has lost, exactly, by Knuth's two-sum.
    lost = (y - (less - (less - y))) - (1.0 + (less - y))
    if lost != 0.0 and product != 0.0 and abs(product) < inf and abs(x) < inf:
        return product + product * (lost * log(abs(x)))
    return product
