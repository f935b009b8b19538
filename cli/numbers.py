"""Numbers as text."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any


def shortest(number: float) -> str:
    """The shortest decimal text that reads back as the same double: `6`, `0.1`, `1e+300`, `inf`."""
    return repr(number).removesuffix(".0")


def shortest_or_null(number: float) -> str:
    """The same for JSON, which has no notation for what is not finite."""
    return shortest(number) if isfinite(number) else "null"


def rounded(number: float, digits: int) -> str:
    """A number for the eye, with that many significant digits."""
    return f"{number:.{digits}g}" if isfinite(number) else shortest(number)


def shortest_many(numbers: Any, text_of: Callable[[float], str] = shortest) -> tuple[Any, Any]:
    """Many numbers as `shortest` writes them, each with a comma behind it, as bytes; and where the commas are."""
    import numpy as np
    import orjson

    text = np.frombuffer(orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY), np.uint8)[1:].copy()
    text[-1] = ord(",")
    commas = np.flatnonzero(text == ord(","))
    size = np.abs(numbers)
    # orjson agrees with repr on these, but for the `.0` behind whole numbers.
    alike = ((size >= 1e-4) & (size < 1e16)) | (size == 0)
    whole = alike & (numbers == np.rint(numbers))
    if np.count_nonzero(whole) < len(numbers) // 64:
        alike &= ~whole
    else:
        stays = np.ones(len(text), bool)
        stays[commas[whole] - 1] = stays[commas[whole] - 2] = False
        text, commas = text[stays], commas - 2 * np.cumsum(whole)
    if not alike.all():
        which = np.flatnonzero(~alike)
        text = _rewritten(text.tobytes(), commas, which, map(text_of, numbers[which].tolist()))
        commas = np.flatnonzero(text == ord(","))
    return text, commas


def _rewritten(text: bytes, commas: Any, which: Any, words: Iterable[str]) -> Any:
    """The text with some of its numbers written anew."""
    import numpy as np

    pieces, done = [], 0
    starts = np.where(which > 0, commas[which - 1] + 1, 0)
    for start, end, word in zip(starts.tolist(), commas[which].tolist(), words):
        pieces += [text[done:start], word.encode()]
        done = end
    return np.frombuffer(bytearray(b"".join([*pieces, text[done:]])), np.uint8)
