"""What a command has found, as the formats ask for it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from autodiff.cli.console import Console

Lines = Sequence[Sequence[str]]
"""Lines of cells."""


class Column(NamedTuple):
    """A column of a table for the eye: of names or words, or of numbers."""

    name: str
    color: str = ""
    """Of numbers, those of the pictures: what is computed forward is green, what flows back is red."""
    narrowest: int | None = 8
    """How narrow a column of words may become by folding them over several lines; None where they must not fold."""
    spare: bool = False
    """Whether it only says more, and is left out where there is no room."""


def name_column(name: str = "name") -> Column:
    """A column of names."""
    return Column(name)


def value_column(name: str = "value") -> Column:
    """A column of what is computed forward."""
    return Column(name, "green", None)


def derivative_column(name: str = "derivative") -> Column:
    """A column of what flows back."""
    return Column(name, "red", None)


class Grid(NamedTuple):
    """A table for the eye."""

    title: str
    columns: Sequence[Column]
    rows: Lines


class Answer(Protocol):
    """What a command has found. Every kind of format asks one of these questions; numbers are exact but in grids."""

    def lines(self) -> Lines:
        """What a script reads line by line, without a header."""

    def sheet(self) -> Lines:
        """What a spreadsheet reads: a header, and a line for each thing below it."""

    def document(self) -> dict[str, Any]:
        """What a program reads: an object of names, texts, numbers, lists and objects."""

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """What somebody looks at, with numbers as `number` writes them."""


Format = Callable[[Answer, int, Console], str]
"""From an answer to its text. Tables show numbers with so many digits, and fit the console."""
