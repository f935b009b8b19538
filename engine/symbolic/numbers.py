"""Exact numbers: whole numbers and fractions as Python has them, and floats for what is not finite.

`fractions` costs a start 10 ms, so it is imported where a first fraction arises.
"""

from functools import cache
from math import inf, isfinite, isnan, nan
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from fractions import Fraction

Exact = Union[int, "Fraction", float]
"""A float is infinite or nan."""

_MOST_BITS = 10_000
_FACTORED = 1_000_000
"""Below this a whole number is taken apart into primes."""


class TooLarge(ValueError):
    """A derivative that would take too much work, or have too many nodes."""


def lowest(number: Exact) -> Exact:
    """The same number, a whole one as an int, and nan as the one nan."""
    if type(number) is int:
        return number
    if isinstance(number, float):
        return number if number == number else nan
    return number.numerator if number.denominator == 1 else number


def exact(text: str) -> Exact:
    """The number that a text says, to the last digit."""
    if text.isdecimal():
        return int(text)
    number = float(text)
    if not isfinite(number) and not any(digit.isdecimal() for digit in text):
        return lowest(number)
    from fractions import Fraction

    return lowest(Fraction(text))


def of_float(number: float) -> Exact:
    """The number that the shortest text of a double says: of 0.1, one tenth."""
    if not isfinite(number):
        return lowest(number)
    return int(number) if number % 1.0 == 0.0 and abs(number) < 2**53 else exact(repr(number))


def size(number: Exact) -> Exact:
    """The number without its sign."""
    return -number if number < 0 else number


def fraction(number: Exact) -> tuple[int, int]:
    """Numerator and denominator of a finite number."""
    assert not isinstance(number, float)
    return number.numerator, number.denominator


def times(one: Exact, two: Exact) -> Exact:
    if type(one) is int and type(two) is int:
        return one * two
    if isinstance(one, float) or isinstance(two, float):
        return lowest(rough(one) * rough(two))
    return lowest(one * two)


def plus(one: Exact, two: Exact) -> Exact:
    if type(one) is int and type(two) is int:
        return one + two
    if isinstance(one, float) or isinstance(two, float):
        return lowest(rough(one) + rough(two))
    return lowest(one + two)


def ratio(above: Exact, below: Exact) -> Exact:
    """above/below, as IEEE 754 has it where that is not finite."""
    if below == 0:
        return nan if above == 0 or isnan(rough(above)) else inf if above > 0 else -inf
    if isinstance(above, float) or isinstance(below, float):
        return lowest(rough(above) / rough(below)) if isinstance(above, float) else 0
    if type(above) is int and type(below) is int and above % below == 0:
        return above // below
    from fractions import Fraction

    return lowest(Fraction(above) / below)


def raised(number: Exact, exponent: int) -> Exact | None:
    """A whole power; None where it has too many digits to be written out."""
    if isinstance(number, float):
        return lowest(number**exponent) if exponent > 0 else ratio(1, number**-exponent)
    size = max(number.numerator.bit_length(), number.denominator.bit_length())
    if number not in (0, 1, -1) and size * abs(exponent) > _MOST_BITS:
        return None
    return lowest(number**exponent) if exponent >= 0 else ratio(1, number**-exponent)


def rough(number: Exact) -> float:
    """The nearest double, infinite where the number is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


@cache
def primes(number: int) -> dict[int, int]:
    """The powers of primes whose product a positive whole number is; a large number is left whole."""
    if number >= _FACTORED:
        return {number: 1}
    found: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            number //= divisor
            found[divisor] = found.get(divisor, 0) + 1
        divisor += 1
    if number > 1:
        found[number] = found.get(number, 0) + 1
    return found


def root(number: int, degree: int) -> int | None:
    """The exact root of a whole number greater than 1, if it has one."""
    if degree >= number.bit_length():
        return None  # even 2**degree is greater
    low, high = 1, 1 << -(-number.bit_length() // degree)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**degree >= number else (middle + 1, high)
    return low if low**degree == number else None


def decimal(number: Exact) -> str | None:
    """The digits of a number that has finitely many, as a person or Python writes them."""
    if isinstance(number, float):
        return repr(number)
    places, below = 0, number.denominator
    for prime in (2, 5):
        power = 0
        while below % prime == 0:
            below //= prime
            power += 1
        places = max(places, power)
    if below != 1:
        return None
    digits = str(abs(number.numerator) * 10**places // number.denominator)
    sign = "-" if number < 0 else ""
    point, bare = len(digits) - places, digits.rstrip("0")  # 0.bare * 10^point
    if number == 0 or (places == 0 and len(digits) <= 16) or (places == 0 and len(bare) > 20):
        return sign + digits
    if -4 < point <= 16:
        padded = bare.rjust(len(bare) - min(point - 1, 0), "0")
        cut = max(point, 1)
        return sign + (f"{padded[:cut]}.{padded[cut:]}" if len(padded) > cut else padded.ljust(cut, "0"))
    return f"{sign}{bare[0]}{'.' * (len(bare) > 1)}{bare[1:]}e{point - 1}"
