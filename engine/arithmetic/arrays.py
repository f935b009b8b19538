"""Arithmetic on NumPy arrays of doubles, step by step as `floats.py` has it: for many rows at once.

Most steps are ufuncs, which write their result where they are told to; the others make a new array.
"""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff.engine.arithmetic import floats

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]

where = np.where

_SHORT = 2**12  # rows, of which a few arrays stay near the processor


def sign(x: Array) -> Array:
    return np.copysign(np.sign(x), x)  # NumPy's has 0.0 for -0.0


def pow(x: Array, y: Array) -> Array:
    power = np.power(x, y)
    root = np.equal(y, 0.5)  # for which NumPy may take the square root: nan of -inf, -0.0 of -0.0
    return np.where(root & (x == x + x), np.abs(x), power) if root.any() else power


def norm(*operands: Array) -> Array:
    greatest = _greatest(operands)
    # Scaling by a power of two is exact.
    s = _power_of_two(greatest)
    total = reduce(np.add, [np.square(np.abs(x) * s) for x in operands])
    length = np.sqrt(total) / s
    return np.where(np.isinf(greatest), np.inf, length)


def sum(*operands: Array) -> Array:
    """The sum as if it was computed with twice the digits and then rounded."""
    operands = tuple(np.broadcast_arrays(*operands))
    result = np.empty(operands[0].shape)
    rows = [x.reshape(-1) for x in operands]
    for start in range(0, result.size, _SHORT):
        here = slice(start, start + _SHORT)
        _sum([x[here] for x in rows], result.reshape(-1)[here])
    bad = ~np.isfinite(result)
    if bad.any():
        result = _mended(result, ~bad, floats.sum, *operands)
    return result


def _sum(operands: list[Array], result: Array) -> None:
    """Write the sums to the result, by Knuth's two-sum: exactly what an addition loses is added in the end."""
    total, lost = operands[0].copy(), np.zeros(result.size)
    after, added, rest = np.empty((3, result.size))
    for x in operands[1:]:
        np.add(total, x, out=after)
        np.subtract(after, total, out=added)
        np.subtract(after, added, out=rest)
        np.subtract(total, rest, out=rest)
        np.subtract(x, added, out=added)
        np.add(rest, added, out=added)
        np.add(lost, added, out=lost)
        total, after = after, total
    np.add(total, lost, out=result)


def lost_in_sum(x: Array, y: Array) -> Array:
    """What rounding takes from x + y, exactly."""
    total = x + y
    added = total - x
    return np.where(np.isfinite(total), (x - (total - added)) + (y - added), 0.0)


def _greatest(operands: tuple[Array, ...]) -> Array:
    """The greatest of the absolute values, apart from nan."""
    greatest = np.abs(operands[0])
    for x in operands[1:]:
        greatest = np.fmax(greatest, np.abs(x))
    return greatest


def _power_of_two(greatest: Array) -> Array:
    exponent = np.where(greatest < np.inf, -np.frexp(greatest)[1], 0)
    # Beyond these exponents the factor, or its reciprocal, would be subnormal.
    return np.asarray(np.ldexp(1.0, np.clip(exponent, -1022, 1022)))


def scale(*operands: Array) -> Array:
    return _power_of_two(_greatest(operands))


def exponent(x: Array) -> Array:
    return np.frexp(x)[1] * 1.0


def ldexp(x: Array, exponent: Array) -> Array:
    return np.asarray(np.ldexp(x, np.clip(exponent, -9999, 9999).astype(np.int32)))


def over_square(x: Array, y: Array) -> Array:
    quotient = np.divide(x, y)
    larger = np.divide(np.divide(x * 2.0**200, y), y) * 2.0**-200
    return np.where((np.abs(quotient) > 1e-289) | (np.abs(y) > 1.0), np.divide(quotient, y), larger)


def power_rule(x: Array, y: Array) -> Array:
    less = y - 1.0
    power = pow(x, less)
    product = damped(y, power)
    # The power may overflow where its product with a small y does not: so multiply by two roots of it.
    extreme = np.isinf(power) & (power > 0.0) & (y > -1.0) & (y < 1.0)
    if extreme.any():
        root = pow(x, less / 2)
        product = np.where(extreme, y * root * root, product)
    # The rounding error of y - 1, exactly, by Knuth's two-sum; log(x) magnifies it.
    lost = (y - (less - (less - y))) - (1.0 + (less - y))
    uncertain = (lost != 0.0) & (product != 0.0) & np.isfinite(product) & np.isfinite(x)
    if uncertain.any():
        product = np.where(uncertain, product + product * (lost * np.log(np.abs(x))), product)
    return product


def damped(x: Array, tail: Array) -> Array:
    product = x * tail
    bad = np.isnan(product)
    if bad.any():
        bad &= ~(np.isnan(x) | np.isnan(tail))
        product = np.where(bad, np.copysign(0.0, x) * np.copysign(1.0, tail), product)
    return product


def usual(power: Array) -> Array:
    """The power, whose digits are all there; elsewhere it raises if NumPy does."""
    if power.size and not (power.min() > floats.TINY and power.max() < np.inf):
        np.divide(0.0, 0.0)
    return +power


def inside(result: Array, derivative: Array) -> Array:
    return np.where(np.isnan(result), np.nan, derivative)


# --- Special functions: SciPy's where they are as good as ours, and ours elsewhere, one number at a time --------------


def erf(x: Array) -> Array:
    from scipy.special import erf  # 300 ms, and only few functions need it

    return np.asarray(erf(x))


def erfc(x: Array) -> Array:
    from scipy.special import erfc

    return _mended(erfc(x), ~(x > 0.5), math.erfc, x)


def gamma(x: Array) -> Array:
    from scipy.special import gamma

    return _mended(gamma(x), (x > 0.0) & (x < 100.0), floats.gamma, x)


def lgamma(x: Array) -> Array:
    from scipy.special import gammaln

    return _mended(gammaln(x), x > 3.0, floats.lgamma, x)


def digamma(x: Array) -> Array:
    from scipy.special import psi

    near = (x > 0.0) & (x <= 2.0)  # where SciPy's is less good, its recurrence leads away
    values = psi(np.where(near, x + 2.0, x))
    values = np.where(near, values - (1.0 / x + 1.0 / (x + 1.0)), values)
    return _mended(values, x > 0.0, floats.digamma, x)


def polygamma(order: Array, x: Array) -> Array:
    from scipy.special import polygamma

    order, x = np.broadcast_arrays(order, x)
    good = (x > 0.0) & (x < np.inf) & (order >= 0.0) & (order < 100.0) & (order % 1.0 == 0.0)
    good &= order * np.log(np.where(good, x, 1.0)) < 600.0  # SciPy multiplies n! by a power of x, which may underflow
    return _mended(polygamma(np.where(good, order, 0.0), np.where(good, x, 1.0)), good, floats.polygamma, order, x)


def _mended(values: Any, good: Truth, function: Callable[..., float], *operands: Array) -> Array:
    """The values where they are good; elsewhere the results of a function of floats."""
    mended: Array = values
    bad = ~good
    if bad.any():
        mended[bad] = list(map(function, *[x[bad].tolist() for x in operands]))
    return mended


# --- All of them by the names in the table ----------------------------------------------------------------------------

sub, mul, div, neg = np.subtract, np.multiply, np.divide, np.negative
round = np.rint
not_, and_, or_ = np.logical_not, np.logical_and, np.logical_or


def function(name: str) -> Callable[..., Any]:
    """The function on arrays by the name of an operation or of a step: one of this file, or else NumPy's."""
    here = globals()
    found: Callable[..., Any] = here.get(name) or here.get(f"{name}_") or getattr(np, name)
    return found
