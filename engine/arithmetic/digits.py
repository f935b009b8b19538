"""The decimal digits of a ball: those that every number in it rounds to."""

from __future__ import annotations

from flint import arb, fmpq, fmpz

from autodiff.engine.arithmetic.balls import Number, arb_of

_FEWEST_FIXED = -4  # the least exponent of a number that is written without one


def digits_of(x: Number, digits: int) -> str | None:
    """A number rounded to so many significant digits, halves to the even one; None where the ball does not tell.

    A number that fewer digits write exactly has no zeros behind them.
    """
    known = getattr(x, "number", x)
    exact = known if type(known) is fmpq else _fraction(arb_of(known), digits)
    if exact is not None:
        return _digits_of_fraction(exact, digits)
    ball = arb_of(known)
    if not ball.is_finite() or ball.contains(0):
        return None
    size = abs(ball)
    exponent = (size.log() / arb.const_log10()).lower().floor().unique_fmpz()
    if exponent is None:
        return None
    whole = (size * arb(10) ** (digits - 1 - exponent) + 0.5).floor().unique_fmpz()
    if whole is None or not fmpz(10) ** (digits - 1) <= whole <= fmpz(10) ** digits:
        return None
    return _written(whole, exponent, digits, ball < 0)


def _fraction(ball: arb, digits: int) -> fmpq | None:
    """The fraction that a ball is exactly, where its decimals may come to an end within so many digits."""
    if not ball.is_exact() or not ball.is_finite():
        return None
    mantissa, exponent = ball.man_exp()
    if abs(exponent) > 4 * digits + mantissa.bit_length() + 64:
        return None
    return fmpq(mantissa) * fmpq(2) ** exponent


def _digits_of_fraction(x: fmpq, digits: int) -> str:
    if x == 0:
        return "0"
    size = abs(x)
    exponent = fmpz(len(str(size.p)) - len(str(size.q)))
    if size < fmpq(10) ** exponent:
        exponent -= 1
    scaled = size * fmpq(10) ** (digits - 1 - exponent)
    whole, rest = divmod(scaled.p, scaled.q)
    if 2 * rest > scaled.q or (2 * rest == scaled.q and whole % 2):
        whole += 1
    return _written(whole, exponent, digits, x < 0, exact=rest == 0)


def _written(whole: fmpz, exponent: fmpz, digits: int, negative: bool, *, exact: bool = False) -> str:
    """whole * 10^(exponent + 1 - digits), with a power of ten where that is shorter."""
    text = str(whole)
    if len(text) > digits:  # rounded up to the next power of ten
        text, exponent = text[:-1], exponent + 1
    text = text.rstrip("0") if exact else text
    sign = "-" if negative else ""
    if not _FEWEST_FIXED <= exponent < digits:
        power = str(abs(exponent)).zfill(2)
        return f"{sign}{text[0]}{'.' * (len(text) > 1)}{text[1:]}e{'-' if exponent < 0 else '+'}{power}"
    point = int(exponent) + 1
    if point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    text = text.ljust(point, "0")
    return f"{sign}{text[:point]}{'.' * (len(text) > point)}{text[point:]}"


def zero_to(x: Number) -> int | None:
    """To how many decimals a ball around 0 is 0; None of another ball, and where that is not even one."""
    ball = arb_of(x)
    if not ball.is_finite() or not ball.contains(0) or not abs(ball).upper() < 0.1:
        return None
    decimals = (-abs(ball).upper().log() / arb.const_log10()).lower().floor().unique_fmpz()
    return None if decimals is None else int(decimals)


def certain(x: Number, digits: int) -> str | None:
    """The digits that are certain of a ball: at most so many, and one more where that settles a tie."""
    accurate = arb_of(x).rel_accuracy_bits() * 3 // 10
    for fewer in (digits + 1, *range(min(digits, accurate + 1), max(0, accurate - 2), -1)):
        if (text := digits_of(x, fewer)) is not None:
            return text
    return None
