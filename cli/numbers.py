"""Numbers as text."""

from collections.abc import Callable
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
    size = np.abs(numbers)
    # orjson agrees with repr on these, but for the `.0` behind whole numbers.
    alike = ((size >= 1e-4) & (size < 1e16)) | (size == 0)
    whole = alike & (numbers == np.rint(numbers))
    if whole.any():
        at = _commas(text)[whole]
        stays = np.ones(len(text), bool)
        stays[at - 1] = stays[at - 2] = False
        text = text[stays]
    if not alike.all():
        text = np.frombuffer(_rewritten(text.tobytes(), numbers, np.flatnonzero(~alike), text_of), np.uint8).copy()
    return text, _commas(text)


def _commas(text: Any) -> Any:
    import numpy as np

    return np.flatnonzero(text == ord(","))


def _rewritten(text: bytes, numbers: Any, which: Any, text_of: Callable[[float], str]) -> bytes:
    """The text with some of its numbers written anew."""
    if 2 * len(which) > len(numbers):
        return "".join([f"{text_of(number)}," for number in numbers.tolist()]).encode()
    words = text.split(b",")
    for i, number in zip(which.tolist(), numbers[which].tolist()):
        words[i] = text_of(number).encode()
    return b",".join(words)
