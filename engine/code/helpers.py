"""Functions that a target may not have, in so little of Python that `functions.py` can write them in any target.

They have numbers, comparisons, `if`, `while`, assignments and `return`, and call what every target has, or each other.
A name is first assigned outside of the block that it is used in. They run on Python's floats as they stand here.
"""

from math import fmod, inf, nan

from autodiff.engine.arithmetic.floats import (
    abs,
    ceil,
    div,
    exp,
    exp2,
    expm1,
    floor,
    log,
    log1p,
    log2,
    sin,
    sqrt,
    tan,
)
from autodiff.engine.arithmetic.floats import acosh as raw_acosh
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
    # The one of Rust 1.63, which Debian has, loses digits near 0.
    square = x * x
    return sign(x) * log1p(abs(x) + square / (1.0 + sqrt(1.0 + square)))


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
    power = -floor(log2(x))
    if power > 1022.0:
        return exp2(1022.0)
    if power < -1022.0:
        return exp2(-1022.0)
    return exp2(power)


def exponent(x: float) -> float:
    """A whole number near log2(abs(x))."""
    if not 0.0 < abs(x) < inf:
        return 0.0
    return floor(log2(abs(x))) + 1.0


def ldexp(x: float, power: float) -> float:
    """x*2^power."""
    while power > 1000.0:
        x = x * exp2(1000.0)
        power = power - 1000.0
    while power < -1000.0:
        x = x * exp2(-1000.0)
        power = power + 1000.0
    return x * exp2(power)


def over_square(x: float, y: float) -> float:
    """x/y^2, where x/y may be so small that it has lost digits."""
    quotient = div(x, y)
    # All digits are there, or lost where the result is smaller still.
    if abs(quotient) > 1e-289 or abs(y) > 1.0:
        return div(quotient, y)
    power = 1.6069380442589903e60  # 2^200
    return div(div(x * power, y), y) / power


def lost_in_sum(x: float, y: float) -> float:
    """What rounding takes from x + y, exactly."""
    total = x + y
    if not abs(total) < inf:
        return 0.0
    added = total - x
    return (x - (total - added)) + (y - added)


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


def erf_near(x: float) -> float:
    """erf(x) below 1, by its series of positive terms."""
    total = 1.0
    term = 1.0
    n = 1.0
    while term > 1e-17:
        term = term * (2.0 * x * x / (2.0 * n + 1.0))
        total = total + term
        n = n + 1.0
    return 1.1283791670955126 * x * (total * exp(-x * x))


def erf(x: float) -> float:
    """By its series, and by erfc where that is small."""
    if abs(x) >= 1.0:
        return sign(x) * (1.0 - erfc(abs(x)))
    return erf_near(x)


def erfc(x: float) -> float:
    """By the trapezoidal rule on an integral, whose error is below exp(-39)."""
    if x <= -0.5:
        return 2.0 - erfc(-x)
    if not x >= 0.5:
        return 1.0 - erf_near(x)
    if x > 30.0:
        return 0.0
    total = 0.5 / (x * x)
    n = 1.0
    while n < 13.0:
        total = total + exp(-0.25 * n * n) / (x * x + 0.25 * n * n)
        n = n + 1.0
    tail = exp(-x * x) * (x * total * 0.3183098861837907)
    # What a pole of the integrand near the path adds.
    if x < 6.0:
        return tail - 2.0 / expm1(12.566370614359172 * x)
    return tail


def gamma_excess(x: float) -> float:
    """1/gamma(x) - 1 between 1 and 2, with all digits where it is 0."""
    u = x - 1.5
    q = 1.6778603058396754e-08 * u - 9.012739607939643e-08
    q = (q * u + 6.229866073406079e-08) * u + 2.134120888728099e-06
    q = (q * u - 1.3881273890084828e-05) * u + 2.5888626790451793e-05
    q = (q * u + 0.00014888730884314388) * u - 0.0011042580831579273
    q = (q * u + 0.0021579532692078862) * u + 0.00633683330492446
    q = (q * u - 0.041615681051206305) * u + 0.052551068573979204
    q = (q * u + 0.1646981057811324) * u - 0.5135166683820503
    return (x - 1.0) * (x - 2.0) * q


def gamma(x: float) -> float:
    """By 1/gamma between 1 and 2, and from there by gamma(x + 1) = x*gamma(x)."""
    if x == 0.0:
        return div(1.0, x)
    if x > 172.0:
        return inf
    if x < 0.0 and x == floor(x):
        return nan
    if x < -200.0:
        return 0.0
    steps = floor(x) - 1.0
    result = 1.0 / (1.0 + gamma_excess(x - steps))
    while steps > 0.0:
        result = result * (x - steps)
        steps = steps - 1.0
    while steps < 0.0:
        steps = steps + 1.0
        result = result / (x - steps)
    return result


def lgamma(x: float) -> float:
    """By gamma where that is small, by Stirling's series for large numbers, and by reflection below 0."""
    if x <= 0.0:
        if x == floor(x):
            return inf
        turn = x - round(x)
        return log(3.141592653589793 / abs(sin(3.141592653589793 * turn))) - lgamma(1.0 - x)
    if x < 1.0:
        return -log(x) - log1p(gamma_excess(x + 1.0))
    if x < 13.0:
        product = 1.0
        y = x
        while y > 2.0:
            y = y - 1.0
            product = product * y
        return log(product) - log1p(gamma_excess(y))
    if x == inf:
        return inf
    z = 1.0 / (x * x)
    series = 0.0007936507936507937 + z * (
        -0.0005952380952380953 + z * (0.0008417508417508417 - z * 0.0019175269175269176)
    )
    series = 0.08333333333333333 + z * (-0.002777777777777778 + z * series)
    return x * (log(x) - 1.0) - 0.5 * log(x) + (0.9189385332046727 + series / x)


def digamma_series(z: float) -> float:
    """log(z) - 1/(2*z) - digamma(z) for a large number."""
    w = 1.0 / (z * z)
    series = -0.004166666666666667 + w * (0.007575757575757576 + w * (-0.021092796092796094 + w * 0.08333333333333333))
    return w * (0.08333333333333333 + w * (-0.008333333333333333 + w * (0.003968253968253968 + w * series)))


def digamma(x: float) -> float:
    """By the sum of its differences to its root, by its series for large numbers, and by reflection below 0."""
    if x <= 0.0:
        if x == floor(x):
            return nan
        return digamma(1.0 - x) - 3.141592653589793 / tan(3.141592653589793 * (x - round(x)))
    if x >= 10.0:
        return log(x) - 0.5 / x - digamma_series(x)
    distance = (x - 1.4616321449683622) - 9.549995429965697e-17
    total = 0.0
    k = 0.0
    while k < 10.0:
        total = total + 1.0 / ((k + x) * (k + 1.4616321449683622))
        k = k + 1.0
    total = total + 0.5 / ((k + x) * 11.461632144968362)
    rest = log1p(distance / 11.461632144968362) - (digamma_series(k + x) - digamma_series(11.461632144968362))
    return distance * total + rest


def polygamma(order: float, x: float) -> float:
    """order!*(1/x^(order + 1) + 1/(x + 1)^(order + 1) + ...), the rest by Euler and Maclaurin."""
    if order == 0.0:
        return digamma(x)
    if not (order > 0.0 and order == floor(order) and order <= 10000.0) or (x <= 0.0 and x == floor(x)):
        return nan
    odd = fmod(order, 2.0)
    if x < 0.0:
        # What the poles add has period 1.
        far = polygamma(order, 1.0 - x) - polygamma(order, ceil(x) - x)
        return polygamma(order, x - floor(x)) + (1.0 - 2.0 * odd) * far
    if x == inf:
        return 0.0
    leading = 1.0 / x
    k = 1.0
    while k < order:
        leading = leading * (k / x)
        k = k + 1.0
    # The other terms do not show beside the first.
    if x < 1e-17:
        return (2.0 * odd - 1.0) * leading * (order / x)
    total = 0.0
    a = x
    while a < 12.0 + 2.0 * order:
        total = total + pow(x / a, order + 1.0)
        a = a + 1.0
    s = order + 1.0
    z = 1.0 / (a * a)
    rest = 2.08767569878681e-08 - z * (s + 9.0) * (s + 10.0) * 5.284190138687493e-10
    rest = -8.267195767195768e-07 + z * (s + 7.0) * (s + 8.0) * rest
    rest = -0.001388888888888889 + z * (s + 3.0) * (s + 4.0) * (
        3.306878306878307e-05 + z * (s + 5.0) * (s + 6.0) * rest
    )
    rest = s / a * (0.08333333333333333 + z * (s + 1.0) * (s + 2.0) * rest)
    # The last factor of order!/x^(order + 1) comes last, so that nothing underflows before the answer does.
    total = order / x * total + pow(x / a, s) * (a / x + order / x * (0.5 + rest))
    return (2.0 * odd - 1.0) * leading * total
