"""Special functions by Arb, on its own numbers and on doubles; and FLINT's one precision, set here only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

from flint import arb, ctx

_EXACT = 60  # correct bits, of which a double keeps 53
_MOST_BITS = 2000

_lock = RLock()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with so many bits; other threads wait. Balls must be read before it ends."""
    with _lock:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


def nearest(function: Callable[[arb], arb], x: float) -> float:
    """The value at a double, correctly rounded."""
    bits = 2 * _EXACT
    while True:
        with precision(bits):
            value = function(arb(x))
            if value.rel_accuracy_bits() >= _EXACT or bits > _MOST_BITS:
                return float(value)
        bits *= 2


erfc = arb.erfc


def lgamma(x: arb) -> arb:
    """log(abs(gamma(x)))."""
    return x.lgamma() if x > 0 else (arb.pi() / abs(x.sin_pi())).log() - (1 - x).lgamma()


def polygamma(n: int, x: arb) -> arb:
    """The n-th derivative of digamma."""
    if x > 0:
        return x.digamma() if n == 0 else (-1) ** (n + 1) * arb.fac_ui(n) * arb(n + 1).zeta(x)
    # What the poles add has period 1: it is the same in (0, 1).
    sign, above, below = (-1) ** n, x - x.floor(), x.ceil() - x
    reflected: arb = sign * (polygamma(n, 1 - x) - polygamma(n, below)) + polygamma(n, above)
    return reflected
