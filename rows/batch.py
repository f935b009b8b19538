"""Rows as arrays of numbers, one for each variable, and descriptions of what is wrong in a row."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Column: TypeAlias = Any
"""The cells of a kept column: an array of pyarrow's, which has no types, an array of NumPy's, or a list."""


GO_ON = "go on at such rows with --on-error nan or skip"
"""The hint where a wrong row ends the run."""


class Refusal(NamedTuple):
    """A wrong row: what is wrong in it, and its text as it came."""

    reason: str
    text: str
    hint: str


@dataclass
class Batch:
    """Some rows: their numbers by variable, the columns that are kept, and what was refused among them."""

    count: int
    numbers: list[Floats]
    kept: list[Column]
    place: Callable[[int], str]
    """The place of the row with that index, as a user counts it: `line 2`."""
    refused: list[Refusal] = field(default_factory=list)
    text: Callable[[int], str] = str
    """The row with that index as it came."""

    def within(self, name: str) -> "Batch":
        """The same rows, with places that begin with the name of their file."""
        refused = [each._replace(reason=f"{name}, {each.reason}") for each in self.refused]
        return replace(self, place=lambda i: f"{name}, {self.place(i)}", refused=refused)


class Record(NamedTuple):
    """A row that was read cell by cell: `reason` says what is wrong in it, and cells that are not numbers are nan."""

    place: str
    text: str
    numbers: Sequence[float]
    kept: Sequence[object]
    reason: str | None
    hint: str = GO_ON


@dataclass
class Columns:
    """Which columns there are, and which of them are read: for the variables, and to be kept."""

    names: list[str]
    wanted: list[str]
    keep: bool
    policy: str

    @cached_property
    def used(self) -> list[int]:
        """The positions of those wanted."""
        position = {name: i for i, name in enumerate(self.names)}
        return [position[name] for name in self.wanted]

    def carefully(self, records: Iterable[Record]) -> Batch:
        """A batch of what is right in some records; if a wrong one is the end, of those above it."""
        import numpy as np

        good, refused = [], []
        for record in records:
            if record.reason:
                refused.append(Refusal(f"{record.place}{record.reason}", record.text, record.hint))
                if self.policy == "fail":
                    break
            if not record.reason or self.policy == "nan":
                good.append(record)
        numbers = np.array([record.numbers for record in good], float).reshape(len(good), len(self.used))
        kept: list[Column] = [list(column) for column in zip(*[record.kept for record in good])] if self.keep else []
        return Batch(len(good), list(numbers.T.copy()), kept, lambda i: good[i].place, refused, lambda i: good[i].text)


def refusal(names: Sequence[str], cells: Sequence[object], numbers: Sequence[float | None]) -> str | None:
    """A message about the first cell that is not a number; None where all are."""
    for name, cell, number in zip(names, cells, numbers):
        if number is None:
            return f", column '{name}': {shown(str(cell))} is not a number"
    return None


def is_number(cell: str) -> bool:
    """Whether a cell may stand in a line of numbers."""
    return number_in(cell) is not None


def number_in(cell: str) -> float | None:
    """The number in a cell: nan where it is empty, None where it is not a number."""
    cell = cell.strip()
    try:
        return float(cell) if cell and "_" not in cell else None if cell else float("nan")
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(cell.lower())


def nan_for_none(numbers: Iterable[float | None]) -> list[float]:
    """The numbers, with nan where there is none."""
    return [float("nan") if number is None else number for number in numbers]


def shown(text: str) -> str:
    """A piece of the rows in quotes, on one line and not too long."""
    line = re.sub(r"[^\x20-\x7e\xa1-\U0010ffff]", "·", text.rstrip("\r\n").encode("utf-8", "replace").decode())
    return f"'{line[:40]}…'" if len(line) > 40 else f"'{line}'"
