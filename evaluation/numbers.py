"""Numbers as text."""

from collections.abc import Callable
from math import isfinite
from typing import Any


class Digits(float):
    """The double nearest to a number of which more digits are known, as `text`; or `nan` of one that is not known."""

    text: str
    known: bool

    def __new__(cls, nearest: float, text: str, known: bool = True) -> "Digits":
        self = super().__new__(cls, nearest)
        self.text, self.known = text, known
        return self


def shortest(number: float) -> str:
    """The shortest text that reads back as the same double: `6`, `0.1`, `1e+300`, `inf`; or the digits known."""
    return number.text if isinstance(number, Digits) else repr(number).removesuffix(".0")


def shortest_or_null(number: float) -> str:
    """The same for JSON, which has no notation for what is not finite."""
    return shortest(number) if isfinite(number) else "null"


def rounded(number: float, digits: int) -> str:
    """A number for people to read, with that many significant digits."""
    return f"{number:.{digits}g}" if isfinite(number) else shortest(number)


def shortest_rows(numbers: Any, delimiter: str, text_of: Callable[[float], str] = shortest) -> bytes:
    """A matrix of numbers as `shortest` writes them, a line each row."""
    import numpy as np
    import orjson

    dumped = bytearray(orjson.dumps(numbers.reshape(-1), option=orjson.OPT_SERIALIZE_NUMPY))
    dumped[-1:] = b","  # for the bracket
    text = np.frombuffer(dumped, np.uint8)
    ends = np.flatnonzero(text == ord(","))
    if delimiter != ",":
        text[ends] = ord(delimiter)
    text[ends[numbers.shape[1] - 1 :: numbers.shape[1]]] = ord("\n")
    size = np.abs(numbers)
    # orjson agrees with repr on all others, but for the `.0` behind whole numbers.
    odd = np.flatnonzero(~(((size >= 1e-4) & (size < 1e16)) | (size == 0)))
    starts = np.where(odd > 0, ends[odd - 1], 0) + 1
    view, pieces, done = memoryview(dumped), list[bytes | memoryview](), 1
    for start, end, number in zip(starts.tolist(), ends[odd].tolist(), numbers.reshape(-1)[odd].tolist()):
        pieces += [view[done:start], text_of(number).encode()]
        done = end
    lines = b"".join([*pieces, view[done:]])
    if (numbers == np.rint(numbers)).any():
        lines = lines.replace(b".0\n", b"\n").replace(f".0{delimiter}".encode(), delimiter.encode())
    return lines
