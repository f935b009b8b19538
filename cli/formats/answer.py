"""The answer of a command, in the shapes that formats ask for."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from autodiff.cli.console import Console

Lines = Sequence[Sequence[str]]
"""Lines of cells."""


class Column(NamedTuple):
    """A column of a grid, which holds names or words, or numbers."""

    name: str
    color: str = ""
    """The colour of its numbers, as in pictures: values are green, gradients are red."""
    narrowest: int | None = 8
    """How narrow a column may become by folding its words over several lines; None where they must not fold."""
    spare: bool = False
    """Whether it may be left out where the screen is too narrow."""


def name_column(name: str = "name") -> Column:
    """A column of names."""
    return Column(name)


def value_column(name: str = "value") -> Column:
    """A column of values."""
    return Column(name, "green", None)


def derivative_column(name: str = "derivative") -> Column:
    """A column of gradients."""
    return Column(name, "red", None)


class Grid(NamedTuple):
    """A table that people read."""

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
"""Makes text of an answer. Tables show numbers with the given digits, and fit the console."""
