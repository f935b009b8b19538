"""Numbers as text."""

from math import isfinite


def shortest(number: float) -> str:
    """The shortest decimal text that reads back as the same double: `6`, `0.1`, `1e+300`, `inf`."""
    return repr(number).removesuffix(".0")


def rounded(number: float, digits: int) -> str:
    """A number for the eye, with that many significant digits."""
    return f"{number:.{digits}g}" if isfinite(number) else shortest(number)
