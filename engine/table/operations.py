"""The table of operations: the single source of truth for values, derivatives, names and kinks.

Read a row as: name, meaning, value, local derivatives by each operand. `m` is the arithmetic that the rule runs on and
`out` the operation's own result (see `Operation`). A row without a value is a primitive of every arithmetic. The
formulas are chosen to keep their digits in the tails: `1 - tanh(x)^2` has none left at x = 20, `1/cosh(x)^2` has all.
"""

from functools import reduce
from itertools import accumulate
from math import inf, nan, pi
from operator import add, and_, mul
from typing import Any

from autodiff.engine.arithmetic import floats
from autodiff.engine.table.operation import Operation, arithmetic

# Of factors below 40 whose product is exact: a sum with this keeps 31 bits of one, and the other has 22, and a rest.
SPLITTER, ROOT_HALF_HEAD, ROOT_HALF_REST = 1.5 * 2**27, 0.7071065902709961, 1.9091555143065085e-07

POSITIVE, UNIT, BEYOND_ONE = (0.0, inf), (-1.0, 1.0), (1.0, inf)


def _clip_local(m: Any, x: Any, low: Any, high: Any) -> tuple[Any, ...]:
    taken = (low <= x) & (x <= high), (x < low) & (low <= high), (x > high) | (low > high)
    return tuple(m.when(condition, 1.0) for condition in taken)


def _pow_local(m: Any, out: Any, base: Any, exponent: Any) -> tuple[Any, ...]:
    # 0^0 is flat in its base, although 0 * 0^-1 is nan; and 0^y stays 0 as y > 0 moves, although log(0) is -inf.
    by_base = m.where(m.eq(exponent, 0.0) & m.eq(base, 0.0), 0.0, m.power_rule(base, exponent))
    by_exponent = m.where((exponent > 0.0) & m.eq(base, 0.0), 0.0, out * m.log(base))
    return by_base, by_exponent


def _ratio(m: Any, x: Any, length: Any) -> Any:
    """x/length with 0 for 0/0: the derivative of a length by a coordinate."""
    return m.where(m.eq(length, 0.0), 0.0, m.div(x, length))


def _unit(m: Any, length: Any, x: tuple[Any, ...]) -> tuple[Any, ...]:
    """x/length(x), where the length alone might overflow or be subnormal."""
    s = m.scale(*x)
    scaled = [each * s for each in x]
    return tuple(_ratio(m, each, length(*scaled)) for each in scaled)


def _root_of_squares(m: Any, *x: Any) -> Any:
    """The length by its definition; where all are 0 it is a number, through which nothing flows."""
    root = m.sqrt(reduce(add, [each * each for each in x]))
    return m.where(reduce(and_, [m.eq(each, 0.0) for each in x]), 0.0, root)


def _asinh(m: Any, x: Any) -> Any:
    """The definition, which would cancel below 0."""
    return m.log(x + m.sqrt(x * x + 1.0))


def _over_square(m: Any, x: Any, *y: Any) -> Any:
    """x/y^2, or over the sum of the squares, where these alone might overflow or underflow."""
    s = m.scale(*y)
    scaled = [each * s for each in y]
    length = m.hypot(*scaled) if len(y) > 1 else scaled[0]
    return m.div(m.div(x * s * s, length), length)


def _products_of_the_others(x: tuple[Any, ...]) -> tuple[Any, ...]:
    """For each element the product of all others, without dividing by an element that may be 0."""
    before = list(accumulate(x[:-1], mul, initial=1.0))
    after = list(accumulate(reversed(x[1:]), mul, initial=1.0))
    return tuple(map(mul, before, reversed(after)))


def _log_sum_exp(m: Any, top: Any, x: tuple[Any, ...]) -> Any:
    """log(sum(exp(x))), shifted by the greatest element so that nothing overflows; an infinite one is the answer.

    The 1 that the greatest one adds is log1p's, which keeps the digits of the others.
    """
    greatest = reduce(add, [m.where(m.eq(each, top), 1.0, 0.0) for each in x])
    others = reduce(add, [m.where(m.eq(each, top), 0.0, m.exp(each - top)) for each in x])
    return m.where(m.abs(top) < inf, top + m.log1p(others + (greatest + -1.0)), top)


def _logistic(m: Any, x: Any, tail: Any) -> Any:
    """1/(1 + exp(-x)), where tail = exp(-|x|) never overflows."""
    return m.div(m.where(x < 0.0, tail, 1.0), 1.0 + tail)


def _erfc_of_root_half(m: Any, x: Any) -> Any:
    """erfc(x*sqrt(1/2)), corrected by what the product loses: the tail of erfc magnifies that by x^2."""
    near = m.min(m.max(x, -40.0), 40.0)
    head = (near + SPLITTER) - SPLITTER
    rest = (near - head) * ROOT_HALF_HEAD + near * ROOT_HALF_REST
    u = head * ROOT_HALF_HEAD + rest
    lost = (head * ROOT_HALF_HEAD - u) + rest
    return m.erfc(u) - lost * m.two_over_root_pi * m.exp(-u * u)


def _gelu_tail(m: Any, x: Any) -> Any:
    """-exp(-x^2/2)/sqrt(2*pi)*(1 - 1/x^2*(1 - 3/x^2*(...))), where erfc is subnormal and its product with x is not."""
    near = m.max(m.min(x, -37.0), -40.0)
    head = (near + 32 * SPLITTER) - 32 * SPLITTER  # of 26 bits, whose square is exact
    lost = m.expm1(0.5 * (head - near) * (head + near))
    less = reduce(lambda rest, k: m.div(k * (1.0 - rest), near * near), (11.0, 9.0, 7.0, 5.0, 3.0, 1.0), 0.0)
    factor = m.one_over_root_two_pi
    return -m.exp(-0.5 * head * head) * (factor + factor * (lost - less - lost * less))


def _tail(m: Any, x: Any, root: Any) -> Any:
    """x*exp(x) by root = exp(x/2), where exp(x) is subnormal."""
    return m.damped(x, root) * root


def _mish(m: Any, x: Any, e: Any) -> Any:
    """x*tanh(log(1 + e)), where tanh is n/(n + 2), or with fewer roundings e less a share of it."""
    n = e * (e + 2.0)
    below = m.damped(x, e) * (1.0 - m.div(e * (e + 1.0), n + 2.0))
    near = m.where(x < -1.0, below, x * m.div(n, n + 2.0))
    return m.where(x < -708.0, _tail(m, x, m.exp(m.min(x, 0.0) * 0.5)), near)


def _shares(m: Any, parts: list[Any]) -> tuple[Any, ...]:
    """Parts of 1, made to add up to 1: the error of a large logsumexp, by its rounding, is one that they all share."""
    total = reduce(add, parts)
    return tuple(m.div(part, total) for part in parts)


# fmt: off
GROUPS: dict[str, list[Operation]] = {
    "arithmetic": [
        Operation("add", "sum", symbol="+", commutative=True,
            local=lambda m, out, x, y: (1.0, 1.0)),
        Operation("sub", "difference", symbol="-",
            definition=lambda m, left, right: left + -right,
            local=lambda m, out, left, right: (1.0, -1.0)),
        Operation("mul", "product", symbol="*", commutative=True,
            local=lambda m, out, x, y: (y, x)),
        Operation("div", "quotient", symbol="/", hard=(0,),
            local=lambda m, out, num, den: (m.div(1.0, den), _over_square(m, -num, den))),
        Operation("mod", "remainder of num/den, with the sign of den", symbol="%", kinks="by den: -floor(num/den)",
            local=lambda m, out, num, den: (1.0, -m.round(m.div(num, den) - m.div(out, den)))),
        Operation("pow", "base to the power of exponent", symbol="^", aliases=("power",), domain=(POSITIVE,),
            hard=(0, 1), kinks="0^y, y > 0: 0 by y",
            local=_pow_local),
        Operation("neg", "the opposite number", symbol="-",
            local=lambda m, out, x: (-1.0,)),
    ],
    "powers and logarithms": [
        Operation("exp", "e to the power of x",
            local=lambda m, out, x: (out,)),
        Operation("exp2", "2 to the power of x",
            definition=lambda m, x: m.exp(x * m.ln2),
            local=lambda m, out, x: (out * m.ln2,)),
        Operation("expm1", "exp(x) - 1, exact near 0", hard=(0,),
            definition=lambda m, x: m.exp(x) + -1.0,
            local=lambda m, out, x: (m.exp(x),)),
        Operation("log", "natural logarithm", aliases=("ln",), domain=(POSITIVE,), hard=(0, 1),
            local=lambda m, out, x: (m.inside(out, m.div(1.0, x)),)),
        Operation("log2", "logarithm to base 2", domain=(POSITIVE,), hard=(0, 1),
            definition=lambda m, x: m.log(x) * m.log2e,
            local=lambda m, out, x: (m.inside(out, m.div(m.log2e, x)),)),
        Operation("log10", "logarithm to base 10", domain=(POSITIVE,), hard=(0, 1),
            definition=lambda m, x: m.log(x) * m.log10e,
            local=lambda m, out, x: (m.inside(out, m.div(m.log10e, x)),)),
        Operation("log1p", "log(1 + x), exact near 0", domain=((-1.0, inf),), hard=(-1, 0),
            definition=lambda m, x: m.log(1.0 + x),
            local=lambda m, out, x: (m.inside(out, m.div(1.0, 1.0 + x)),)),
        Operation("sqrt", "square root", domain=(POSITIVE,), hard=(0,), kinks="inf at 0",
            local=lambda m, out, x: (m.div(0.5, out + 0.0),)),
        Operation("cbrt", "cube root, of negative numbers too", hard=(0,), kinks="inf at 0",
            definition=lambda m, x: m.where(x < 0.0, -m.pow(-x, m.div(1.0, 3.0)), m.pow(x, m.div(1.0, 3.0))),
            local=lambda m, out, x: (m.div(1.0, 3.0 * out * out),)),
        Operation("hypot", "sqrt(x^2 + y^2)", commutative=True, hard=(0,), kinks="0 at (0, 0)",
            definition=lambda m, x, y: _root_of_squares(m, x, y),
            local=lambda m, out, x, y: _unit(m, m.hypot, (x, y))),
    ],
    "trigonometry": [
        Operation("sin", "sine of x radians", hard=(0, pi),
            local=lambda m, out, x: (m.cos(x),)),
        Operation("cos", "cosine of x radians", hard=(0, pi / 2),
            local=lambda m, out, x: (-m.sin(x),)),
        Operation("tan", "tangent of x radians", hard=(0, pi / 2),
            definition=lambda m, x: m.div(m.sin(x), m.cos(x)),
            local=lambda m, out, x: (1.0 + out * out,)),
        Operation("asin", "inverse sine, in radians", aliases=("arcsin",), domain=(UNIT,), hard=(-1, 0, 1),
            local=lambda m, out, x: (m.div(1.0, m.sqrt((1.0 - x) * (1.0 + x))),)),
        Operation("acos", "inverse cosine, in radians", aliases=("arccos",), domain=(UNIT,), hard=(-1, 0, 1),
            local=lambda m, out, x: (m.div(-1.0, m.sqrt((1.0 - x) * (1.0 + x))),)),
        Operation("atan", "inverse tangent, in radians", aliases=("arctan",), hard=(0,),
            local=lambda m, out, x: (_over_square(m, 1.0, 1.0, x),)),
        Operation("atan2", "angle of the point (x, y), in radians", aliases=("arctan2",), hard=(0,),
            kinks="nan at (0, 0)",
            local=lambda m, out, y, x: (_over_square(m, x, x, y), _over_square(m, -y, x, y))),
        Operation("deg", "degrees of x radians", aliases=("degrees", "rad2deg"),
            value=lambda m, x: x * m.radian,
            local=lambda m, out, x: (m.radian,)),
        Operation("rad", "radians of x degrees", aliases=("radians", "deg2rad"),
            value=lambda m, x: x * m.degree,
            local=lambda m, out, x: (m.degree,)),
    ],
    "hyperbolic": [
        Operation("sinh", "hyperbolic sine", hard=(0,),
            definition=lambda m, x: 0.5 * (m.exp(x) - m.exp(-x)),
            local=lambda m, out, x: (m.cosh(x),)),
        Operation("cosh", "hyperbolic cosine", hard=(0,),
            definition=lambda m, x: 0.5 * (m.exp(x) + m.exp(-x)),
            local=lambda m, out, x: (m.sinh(x),)),
        Operation("tanh", "hyperbolic tangent", hard=(0, 20),
            definition=lambda m, x: m.div(m.exp(x) - m.exp(-x), m.exp(x) + m.exp(-x)),
            local=lambda m, out, x: (_over_square(m, 1.0, m.cosh(x)),)),
        Operation("asinh", "inverse hyperbolic sine", aliases=("arcsinh",), hard=(0,),
            definition=lambda m, x: m.where(x < 0.0, -_asinh(m, -x), _asinh(m, x)),
            local=lambda m, out, x: (m.div(1.0, m.hypot(1.0, x)),)),
        Operation("acosh", "inverse hyperbolic cosine", aliases=("arccosh",), domain=(BEYOND_ONE,), hard=(1,),
            definition=lambda m, x: m.log(x + m.sqrt(x - 1.0) * m.sqrt(x + 1.0)),
            local=lambda m, out, x: (m.div(m.div(1.0, m.sqrt(x - 1.0)), m.sqrt(x + 1.0)),)),
        Operation("atanh", "inverse hyperbolic tangent", aliases=("arctanh",), domain=(UNIT,), hard=(-1, 0, 1),
            definition=lambda m, x: 0.5 * (m.log(1.0 + x) - m.log(1.0 - x)),
            local=lambda m, out, x: (m.inside(out, m.div(1.0, (1.0 - x) * (1.0 + x))),)),
    ],
    "rounding and choice": [
        Operation("abs", "absolute value", hard=(0,), kinks="0 at 0",
            definition=lambda m, x: x * m.sign(x),
            local=lambda m, out, x: (m.sign(x),)),
        Operation("sign", "-1, 0 or 1", hard=(0,), kinks="0 everywhere",
            definition=lambda m, x: m.where(x > 0.0, 1.0, m.where(x < 0.0, -1.0, m.floor(x))),  # 0, or nan of nan
            local=lambda m, out, x: (None,)),
        Operation("floor", "greatest integer not above x", kinks="0 everywhere",
            local=lambda m, out, x: (None,)),
        Operation("ceil", "least integer not below x", kinks="0 everywhere",
            local=lambda m, out, x: (None,)),
        Operation("round", "nearest integer, halves to the even one", kinks="0 everywhere",
            local=lambda m, out, x: (None,)),
        Operation("trunc", "x without its fraction", kinks="0 everywhere",
            local=lambda m, out, x: (None,)),
        Operation("min", "least of the operands", aliases=("minimum",), commutative=True,
            kinks="a tie goes to the first",
            definition=lambda m, *x: -m.max(*[-each for each in x]),
            local=lambda m, out, *x: m.route(out, x)),
        Operation("max", "greatest of the operands", aliases=("maximum",), commutative=True,
            kinks="a tie goes to the first",
            local=lambda m, out, *x: m.route(out, x)),
        Operation("clip", "x kept between low and high", aliases=("clamp",), kinks="1 at the edges",
            value=lambda m, x, low, high: m.min(m.max(x, low), high),
            local=lambda m, out, x, low, high: _clip_local(m, x, low, high)),
    ],
    "choice and logic": [
        Operation("where", "yes where the condition holds, else no", kinks="what was not chosen gets no gradient",
            local=lambda m, out, condition, yes, no: (None, m.when(condition, 1.0), m.when(m.eq(condition, 0.0), 1.0))),
        Operation("less", "1 where left < right, else 0", symbol="<", kinks="0 everywhere",
            value=lambda m, left, right: m.where(left < right, 1.0, 0.0),
            local=lambda m, out, left, right: (None, None)),
        Operation("less_equal", "1 where left <= right, else 0", symbol="<=", kinks="0 everywhere",
            value=lambda m, left, right: m.where(left <= right, 1.0, 0.0),
            local=lambda m, out, left, right: (None, None)),
        Operation("greater", "1 where left > right, else 0", symbol=">", kinks="0 everywhere",
            value=lambda m, left, right: m.where(left > right, 1.0, 0.0),
            local=lambda m, out, left, right: (None, None)),
        Operation("greater_equal", "1 where left >= right, else 0", symbol=">=", kinks="0 everywhere",
            value=lambda m, left, right: m.where(left >= right, 1.0, 0.0),
            local=lambda m, out, left, right: (None, None)),
        Operation("equal", "1 where x is y, else 0", symbol="==", commutative=True, kinks="0 everywhere",
            value=lambda m, x, y: m.where(m.eq(x, y), 1.0, 0.0),
            local=lambda m, out, x, y: (None, None)),
        Operation("not_equal", "1 where x is not y, else 0", symbol="!=", commutative=True, kinks="0 everywhere",
            value=lambda m, x, y: m.where(m.eq(x, y), 0.0, 1.0),
            local=lambda m, out, x, y: (None, None)),
        Operation("and", "1 where neither is 0, else 0", symbol="and", commutative=True, kinks="0 everywhere",
            value=lambda m, x, y: m.where(m.eq(x, 0.0) | m.eq(y, 0.0), 0.0, 1.0),
            local=lambda m, out, x, y: (None, None)),
        Operation("or", "1 where one is not 0, else 0", symbol="or", commutative=True, kinks="0 everywhere",
            value=lambda m, x, y: m.where(m.eq(x, 0.0) & m.eq(y, 0.0), 0.0, 1.0),
            local=lambda m, out, x, y: (None, None)),
        Operation("not", "1 where x is 0, else 0", symbol="not", kinks="0 everywhere",
            value=lambda m, x: m.where(m.eq(x, 0.0), 1.0, 0.0),
            local=lambda m, out, x: (None,)),
    ],
    "vectors": [
        Operation("sum", "sum of the elements", commutative=True,
            value=lambda m, *x: reduce(add, x),
            local=lambda m, out, *x: (1.0,) * len(x)),
        Operation("prod", "product of the elements", commutative=True,
            value=lambda m, *x: reduce(mul, x),
            local=lambda m, out, *x: _products_of_the_others(x)),
        Operation("mean", "mean of the elements", commutative=True,
            value=lambda m, *x: m.div(reduce(add, x), float(len(x))),
            local=lambda m, out, *x: (m.div(1.0, float(len(x))),) * len(x)),
        Operation("norm", "square root of the sum of the squares", commutative=True, hard=(0,), kinks="0 at zero",
            definition=lambda m, *x: _root_of_squares(m, *x),
            local=lambda m, out, *x: _unit(m, m.norm, x)),
        Operation("logsumexp", "log of the sum of exp of the elements", commutative=True, hard=(0,),
            value=lambda m, *x: _log_sum_exp(m, m.max(*x), x),
            local=lambda m, out, *x: _shares(m, [m.exp(each - out) for each in x]),
            definition=lambda m, *x: m.log(reduce(add, map(m.exp, x)))),
    ],
    "activations": [
        Operation("sigmoid", "logistic function 1/(1 + exp(-x))", aliases=("logistic", "expit"), hard=(0, -40, 40),
            value=lambda m, x: _logistic(m, x, m.exp(-m.abs(x))),
            local=lambda m, out, x: (out * m.sigmoid(-x),),
            definition=lambda m, x: m.div(1.0, 1.0 + m.exp(-x))),
        Operation("logit", "log(p/(1 - p)), the inverse of sigmoid", domain=((0.0, 1.0),), hard=(0, 0.5, 1),
            value=lambda m, p: m.where(m.abs(p - 0.5) < 0.25, 2.0 * m.atanh(2.0 * p - 1.0), m.log(m.div(p, 1.0 - p))),
            local=lambda m, out, p: (m.inside(out, m.div(1.0, p * (1.0 - p))),),
            definition=lambda m, p: m.log(p) - m.log(1.0 - p)),
        Operation("softplus", "log(1 + exp(x))", hard=(0, -40, 40),
            value=lambda m, x: m.max(x, 0.0) + m.log1p(m.exp(-m.abs(x))),
            local=lambda m, out, x: (m.sigmoid(x),),
            definition=lambda m, x: m.log(1.0 + m.exp(x))),
        Operation("logsigmoid", "log(sigmoid(x))", aliases=("log_sigmoid",), hard=(0, -40, 40),
            value=lambda m, x: m.min(x, 0.0) - m.log1p(m.exp(-m.abs(x))),
            local=lambda m, out, x: (m.sigmoid(-x),),
            definition=lambda m, x: m.log(m.div(1.0, 1.0 + m.exp(-x)))),
        Operation("relu", "max(x, 0)", hard=(0,), kinks="0 at 0",
            value=lambda m, x: m.max(0.0, x),
            local=lambda m, out, x: (m.when(x > 0.0, 1.0),)),
        Operation("leaky_relu", "x above 0, slope*x below", hard=(0,), kinks="slope at 0",
            value=lambda m, x, slope=0.01: m.where(x > 0.0, x, slope * x),
            local=lambda m, out, x, slope=0.01: (m.where(x > 0.0, 1.0, slope), m.when(x <= 0.0, x))),
        Operation("elu", "x above 0, alpha*(exp(x) - 1) below", hard=(0,), kinks="alpha at 0",
            value=lambda m, x, alpha=1.0: m.where(x > 0.0, x, alpha * m.expm1(x)),
            local=lambda m, out, x, alpha=1.0: (m.where(x > 0.0, 1.0, alpha * m.exp(x)), m.when(x <= 0.0, m.expm1(x)))),
        Operation("selu", "self-normalising elu", hard=(0,), kinks="1.7581 at 0",
            value=lambda m, x: m.where(x > 0.0, m.selu_scale * x, m.selu_slope * m.expm1(x)),
            local=lambda m, out, x: (m.where(x > 0.0, m.selu_scale, m.selu_slope * m.exp(x)),)),
        Operation("gelu", "x*(1 + erf(x/sqrt(2)))/2, the exact one", hard=(0, -1, -10, -38),
            value=lambda m, x: m.where(x < -37.53, _gelu_tail(m, x), m.damped(0.5 * x, _erfc_of_root_half(m, -x))),
            local=lambda m, out, x: (m.erfc(-x * m.root_half) * 0.5
                                     + m.damped(x, m.exp(-0.5 * x * x)) * m.one_over_root_two_pi,),
            definition=lambda m, x: x * (1.0 + m.erf(m.div(x, m.sqrt(2.0)))) * 0.5),
        Operation("silu", "x*sigmoid(x)", aliases=("swish",), hard=(0, -40, 40),
            value=lambda m, x: m.where(x < -708.0, _tail(m, x, m.exp(x * 0.5)), m.div(x, 1.0 + m.exp(-x))),
            local=lambda m, out, x: (m.damped(m.sigmoid(x), 1.0 + m.damped(x, m.sigmoid(-x))),),
            definition=lambda m, x: x * m.sigmoid(x)),
        Operation("mish", "x*tanh(softplus(x))", hard=(0, -40, 40),
            value=lambda m, x: _mish(m, x, m.exp(m.min(x, 30.0))),
            local=lambda m, out, x: (m.tanh(m.softplus(x))
                                     + m.damped(x, _over_square(m, m.sigmoid(x), m.cosh(m.softplus(x)))),),
            definition=lambda m, x: x * m.tanh(m.softplus(x))),
        Operation("softsign", "x/(1 + abs(x))", hard=(0,),
            value=lambda m, x: m.div(x, 1.0 + m.abs(x)),
            local=lambda m, out, x: (_over_square(m, 1.0, 1.0 + m.abs(x)),)),
        Operation("hardtanh", "x kept between low and high", hard=(-1, 1), kinks="1 at the edges",
            value=lambda m, x, low=-1.0, high=1.0: m.clip(x, low, high),
            local=lambda m, out, x, low=-1.0, high=1.0: _clip_local(m, x, low, high)),
    ],
    "special": [
        Operation("erf", "error function", hard=(0, 6),
            local=lambda m, out, x: (m.two_over_root_pi * m.exp(-x * x),)),
        Operation("erfc", "1 - erf(x), exact in the tail", hard=(0, 6, 26),
            local=lambda m, out, x: (-m.two_over_root_pi * m.exp(-x * x),)),
        Operation("gamma", "gamma function, (x - 1)! at a positive integer", hard=(1, 2),
            local=lambda m, out, x: (out * m.digamma(x),)),
        Operation("lgamma", "log(abs(gamma(x)))", aliases=("gammaln",), hard=(1, 2),
            local=lambda m, out, x: (m.digamma(x),)),
        Operation("digamma", "derivative of lgamma", aliases=("psi",), hard=(1.4616321449683623,),
            local=lambda m, out, x: (m.polygamma(1.0, x),)),
        Operation("polygamma", "derivative of digamma, n times", hard=(1,), kinks="nan by n",
            local=lambda m, out, n, x: (n * nan, m.polygamma(n + 1.0, x))),
    ],
}
# fmt: on

OPERATIONS: dict[str, Operation] = {row.name: row for rows in GROUPS.values() for row in rows}
"""Every operation by its name, in the order of the table."""

SPELLINGS: dict[str, Operation] = {alias: row for row in OPERATIONS.values() for alias in (row.name, *row.aliases)}
"""Every operation by its name and by its aliases."""

FLOATS = arithmetic(OPERATIONS, vars(floats))
"""The arithmetic of one evaluation: every operation as a function of floats that never raises."""
