"""`--precision N`: answers with N digits, each proved."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from autodiff.cli.formats.answer import Answer, Grid, Lines
from autodiff.cli.options import PrintOptions
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.numbers import shortest


class InDigits:
    """An answer whose numbers are shown with all the digits they have, in JSON as text, which keeps them."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def lines(self) -> Lines:
        return self.answer.lines()

    def sheet(self) -> Lines:
        return self.answer.sheet()

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = _as_text(self.answer.document())
        return document

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        return self.answer.grids(shortest)


def _as_text(item: Any) -> Any:
    """The object with a text for every number but those that JSON has no notation for."""
    if isinstance(item, float):
        return shortest(item) if isfinite(item) else item
    if isinstance(item, dict):
        return {key: _as_text(value) for key, value in item.items()}
    return list(map(_as_text, item)) if isinstance(item, list) else item


def check_precision(printing: PrintOptions, *, drawn: bool = False, rows: bool = False) -> None:
    """WrongRequest where the answer has no place for so many digits."""
    if rows:
        raise WrongRequest("--precision is for one point, not for rows", "give every variable a value: NAME=VALUE")
    if drawn:
        raise WrongRequest("a picture has no place for so many digits: it cannot be drawn with --precision")
    if printing.digits is not None:
        raise WrongRequest("--digits and --precision exclude each other", "--precision is for tables too")
