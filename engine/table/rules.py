"""The parts of rules that are longer than a line: what the table calls as `rules.NAME(m, ...)`."""

from collections.abc import Callable, Sequence
from functools import reduce
from math import inf
from operator import add, and_
from typing import Any

from autodiff.engine.arithmetic.protocol import Arithmetic, Local, N

# Of factors below 40 whose product is exact: a sum with this keeps 31 bits of one, and the other has 22, and a rest.
_SPLITTER, _ROOT_HALF_HEAD, _ROOT_HALF_REST = 1.5 * 2**27, 0.7071065902709961, 1.9091555143065085e-07

Scaled = tuple[Any, Any]  # of numbers of the arithmetic, or floats
"""A number and its exponent."""
_MOST_FRACTIONS = 256  # whose product with as many others is above 2^-512

# --- Local derivatives ------------------------------------------------------------------------------------------------


def clip_local(m: Arithmetic[N], x: N, low: N, high: N) -> tuple[Local, ...]:
    """All of the gradient to the one of three operands that was taken."""
    taken = (low <= x) & (x <= high), (x < low) & (low <= high), (x > high) | (low > high)
    return tuple(m.when(condition, 1.0) for condition in taken)


def pow_local(m: Arithmetic[N], out: N, base: N, exponent: N) -> tuple[Local, ...]:
    """0^0 is flat in its base, although 0 * 0^-1 is nan; and 0^y stays 0 as y > 0 moves, although log(0) is -inf."""
    by_base = m.where(m.eq(exponent, 0.0) & m.eq(base, 0.0), 0.0, m.power_rule(base, exponent))
    flow = m.by_root(m.log(base), out, lambda: m.pow(base, exponent * 0.5))
    by_exponent = m.where((exponent > 0.0) & m.eq(base, 0.0), 0.0, flow)
    return by_base, by_exponent


def wraps(m: Arithmetic[N], out: N, num: N, den: N) -> N:
    """-floor(num/den); a remainder of an infinite den is num, or as infinite as den."""
    rest = m.carefully(lambda: m.where(m.eq(out, den), 1.0, m.div(out, den)), lambda: m.div(out, den))
    return -m.round(m.div(num, den) - rest)


def unit(m: Arithmetic[N], length: Callable[..., N], x: Sequence[N]) -> tuple[N, ...]:
    """x/length(x), where the length alone might overflow or be subnormal; 0 where all are 0.

    Where some are infinite they are as good as 1 and the others as 0, as the C standard has it for complex numbers.
    """
    s = m.scale(*x)
    scaled = [each * s for each in x]
    total = length(*scaled)

    near = tuple(m.where(m.eq(total, 0.0), 0.0, m.div(each, total)) for each in scaled)

    def anywhere() -> tuple[N, ...]:
        signs = [m.where(m.abs(each) < inf, 0.0, m.sign(each)) for each in scaled]
        count = length(*signs)
        return tuple(m.where(m.eq(total, inf), m.div(sign, count), x) for sign, x in zip(signs, near))

    return m.carefully(anywhere, lambda: near)


def over_squares(m: Arithmetic[N], x: N | float, *y: N | float) -> N:
    """x over the sum of the squares, where these alone might overflow or underflow; 0 where one is infinite."""
    s = m.scale(*y)
    length = m.hypot(*[each * s for each in y])
    return m.div(m.damped(x * s, m.div(s, length)), length)


def exp_times(m: Arithmetic[N], factor: N | float, x: N) -> N:
    """factor*exp(x)"""
    return m.by_root(factor, m.exp(x), lambda: m.exp(x * 0.5))


def mish_local(m: Arithmetic[N], x: N) -> N:
    """By e = exp(x), so written that terms of both signs hardly cancel but where the derivative is 0."""

    def by_exponential() -> N:
        near = m.clip(x, -800.0, 30.0)
        e = m.exp(near)
        height = e * (e * (e + 4.0) + (6.0 + 4.0 * near)) + 4.0 * (1.0 + near)
        width = e * (e + 2.0) + 2.0
        return exp_times(m, m.div(m.div(height, width), width), near)

    def textbook() -> N:
        softplus = m.softplus(x)
        return m.tanh(softplus) + x * m.over_square(m.sigmoid(x), m.cosh(softplus))

    return m.carefully(by_exponential, textbook)


def scaled(m: Arithmetic[N], x: N) -> Scaled:
    """A number from 1/2 to 1 and an exponent, which products of any range can be made of."""
    exponent = m.exponent(x)
    return m.ldexp(x, -exponent), exponent


def running_products(m: Arithmetic[N], x: Sequence[Scaled]) -> list[Scaled]:
    """The product of the first, of the first two ... and of all."""
    products: list[Scaled] = list(x[:1])
    for fraction, exponent in x[1:]:
        product, before = products[-1]
        if len(products) % _MOST_FRACTIONS == 0:
            product, more = scaled(m, product)
            before = before + more
        products.append((product * fraction, before + exponent))
    return products


def products_of_the_others(m: Arithmetic[N], x: Sequence[N]) -> tuple[Local, ...]:
    """For each element the product of all others, without dividing by an element that may be 0."""
    factors = [scaled(m, each) for each in x]
    before: list[list[Scaled]] = [[], *([each] for each in running_products(m, factors[:-1]))]
    after: list[list[Scaled]] = [[], *([each] for each in running_products(m, factors[:0:-1]))]
    return tuple(total(m, p + q) for p, q in zip(before, reversed(after), strict=True))


def total(m: Arithmetic[N], x: Sequence[Scaled]) -> N | float:
    """The product of all."""
    if not x:
        return 1.0
    fraction, exponent = running_products(m, x)[-1]
    return m.ldexp(fraction, exponent)


def shares(m: Arithmetic[N], out: N, x: Sequence[N]) -> tuple[N, ...]:
    """exp(x - out), made to add up to 1, for they all share the error of a large logsumexp, by its rounding."""
    powers = [m.exp(each - out) for each in x]
    parts = m.carefully(  # 1 where both are infinite too
        lambda: [m.where(m.eq(each, out), 1.0, power) for each, power in zip(x, powers)], lambda: powers
    )
    total = reduce(add, parts)
    return tuple(m.div(part, total) for part in parts)


# --- Definitions ------------------------------------------------------------------------------------------------------


def root_of_squares(m: Arithmetic[N], *x: N) -> N:
    """The length of a vector; where all are 0 it is a number, through which nothing flows."""
    root = m.sqrt(reduce(add, [each * each for each in x]))
    return m.where(reduce(and_, [m.eq(each, 0.0) for each in x]), 0.0, root)


def asinh(m: Arithmetic[N], x: N) -> N:
    """The inverse of sinh on the right, where its formula does not cancel."""
    return m.log(x + m.sqrt(x * x + 1.0))


# --- Values that keep their digits in the tails -----------------------------------------------------------------------


def mean(m: Arithmetic[N], *x: N) -> N:
    """The sum over the count, or the sum of the shares where the sum overflows."""
    total, count = m.sum(*x), float(len(x))
    return m.where(m.abs(total) < inf, m.div(total, count), m.sum(*[m.div(each, count) for each in x]))


def product(m: Arithmetic[N], *x: N) -> N | float:
    """The product, where that of some elements may overflow or underflow."""
    return total(m, [scaled(m, each) for each in x])


def log_sum_exp(m: Arithmetic[N], top: N, x: Sequence[N]) -> N:
    """log(sum(exp(x))), shifted by the greatest element so that nothing overflows; an infinite one is the answer.

    The 1 that the greatest one adds is log1p's, which keeps the digits of the others.
    """
    greatest = reduce(add, [m.where(m.eq(each, top), 1.0, 0.0) for each in x])
    others = reduce(add, [m.where(m.eq(each, top), 0.0, m.exp(each - top)) for each in x])
    return m.where(m.abs(top) < inf, top + m.log1p(others + (greatest + -1.0)), top)


def logistic(m: Arithmetic[N], x: N, tail: N) -> N:
    """1/(1 + exp(-x)), where tail = exp(-|x|) never overflows."""
    return m.div(m.where(x < 0.0, tail, 1.0), 1.0 + tail)


def logit(m: Arithmetic[N], p: N) -> N:
    """log(p/(1 - p)), in the middle by atanh, which keeps the digits that a quotient near 1 loses."""
    return m.where(m.abs(p - 0.5) < 0.25, 2.0 * m.atanh(2.0 * p - 1.0), m.log(m.div(p, 1.0 - p)))


def softsign(m: Arithmetic[N], x: N) -> N:
    """x/(1 + |x|), which is 1 to the last bit long before 2^60, where an infinite x would make it inf/inf."""
    near = m.min(m.max(x, -(2.0**60)), 2.0**60)
    return m.div(near, 1.0 + m.abs(near))


def erfc_of_root_half(m: Arithmetic[N], x: N) -> N:
    """erfc(x*sqrt(1/2)), corrected by what the product loses: the tail of erfc magnifies that by x^2."""
    near = m.min(m.max(x, -40.0), 40.0)
    head = (near + _SPLITTER) - _SPLITTER
    rest = (near - head) * _ROOT_HALF_HEAD + near * _ROOT_HALF_REST
    u = head * _ROOT_HALF_HEAD + rest
    lost = (head * _ROOT_HALF_HEAD - u) + rest
    return m.erfc(u) - lost * m.two_over_root_pi * m.exp(-u * u)


def exp_of_half_square(m: Arithmetic[N], x: N) -> tuple[N, N]:
    """exp(-x^2/2) as a number and its share that is missing, since exp magnifies what the square loses."""
    near = m.min(m.max(x, -40.0), 40.0)
    head = (near + 32 * _SPLITTER) - 32 * _SPLITTER  # of 26 bits, whose square is exact
    return m.exp(-0.5 * head * head), m.expm1(0.5 * (head - near) * (head + near))


def normpdf(m: Arithmetic[N], x: N) -> N:
    """exp(-x^2/2)/sqrt(2*pi)"""
    power, lost = exp_of_half_square(m, x)
    factor = m.one_over_root_two_pi
    return power * (factor + factor * lost)


def gelu_tail(m: Arithmetic[N], x: N) -> N:
    """-normpdf(x)*(1 - 1/x^2*(1 - 3/x^2*(...))), where normcdf is subnormal and its product with x is not."""
    power, lost = exp_of_half_square(m, x)
    near = m.max(m.min(x, -37.0), -40.0)
    less: N | float = 0.0
    for k in (11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        less = m.div(k * (1.0 - less), near * near)
    factor = m.one_over_root_two_pi
    return -power * (factor + factor * (lost - less - lost * less))


def tail(m: Arithmetic[N], x: N, root: N) -> N:
    """x*exp(x) by root = exp(x/2), where exp(x) is subnormal."""
    return m.damped(x, root) * root


def mish(m: Arithmetic[N], x: N, e: N) -> N:
    """x*tanh(log(1 + e)), where tanh is n/(n + 2), or with fewer roundings e less a share of it."""
    n = e * (e + 2.0)
    below = m.damped(x, e) * (1.0 - m.div(e * (e + 1.0), n + 2.0))
    near = m.where(x < -1.0, below, x * m.div(n, n + 2.0))
    return m.where(x < -708.0, tail(m, x, m.exp(m.min(x, 0.0) * 0.5)), near)
