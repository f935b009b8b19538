"""Rows as arrays of numbers, one a variable; and what is wrong in a row, with its place, its column and its text."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.grammar.errors import did_you_mean, enumerated
from autodiff.grammar.parser import normalized

POLICIES = ("fail", "nan", "skip")
"""What to do about a row that is wrong."""


class Refusal(NamedTuple):
    """What is wrong in a row, and the row as it came."""

    reason: str
    text: str


@dataclass
class Batch:
    """Some rows: their numbers by variable, the columns that are kept, and what was refused among them."""

    count: int
    numbers: list[Any]
    kept: list[Any]
    place: Callable[[int], str]
    """What a user calls the row with that index: `line 2`."""
    refused: list[Refusal] = field(default_factory=list)


class Record(NamedTuple):
    """One row, read with care: `reason` says what is wrong in it, and what is no number is nan."""

    place: str
    text: str
    numbers: Sequence[float]
    kept: Sequence[Any]
    reason: str | None


@dataclass
class Columns:
    """Which columns there are, and which of them are read: for the variables, and to be kept."""

    names: list[str]
    wanted: list[str]
    keep: bool
    policy: str

    @cached_property
    def used(self) -> list[int]:
        position = {name: i for i, name in enumerate(self.names)}
        return [position[name] for name in self.wanted]

    def carefully(self, records: Iterable[Record]) -> Batch:
        """A batch of what is right in some records, up to the first that is wrong if that is the end."""
        import numpy as np

        good, refused = [], []
        for record in records:
            if record.reason:
                refused.append(Refusal(f"{record.place}{record.reason}", record.text))
                if self.policy == "fail":
                    break
            if not record.reason or self.policy == "nan":
                good.append(record)
        numbers = np.array([record.numbers for record in good], float).reshape(len(good), len(self.used))
        kept = [list(column) for column in zip(*[record.kept for record in good])] if self.keep else []
        places = [record.place for record in good]
        return Batch(len(good), list(numbers.T.copy()), kept, places.__getitem__, refused)


class Reader:
    """Rows of any format. Each has a way to cut them into `blocks`, and one to `parse` a block."""

    columns: Columns
    header = True
    """Whether the columns have names in the rows."""
    text = False
    """Whether cells are text, so that only variables are known to be numbers."""

    def __init__(self, source: str, written: Sequence[str]) -> None:
        self.source_name = source
        self.written = list(written)
        """The names of the columns as they stand in the rows."""
        self.names = [normalized(name.strip()) for name in written]
        """The names that variables may have."""

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        """Choose the columns; Failure where one of those wanted is not there, or twice."""
        found = Counter(self.names)
        if missing := [name for name in wanted if name not in found]:
            hint = did_you_mean(missing[0], self.names)
            raise self.without(missing[0], hint or f"or give {' '.join(f'{name}=VALUE' for name in missing[:4])}")
        for name in self.names if keep else wanted:
            if found[name] > 1:
                raise NotMet(f"{self.source_name} has {found[name]} columns '{name}'")
        self.columns = Columns(self.names, list(wanted), keep, policy)

    def without(self, name: str, hint: str) -> Failure:
        """There is no such column."""
        found = [shown(each) for each in self.written[:12]] + ["others"] * (len(self.written) > 12)
        are = "the column is " if len(found) == 1 else "the columns are " if found else "it has none"
        return WrongRequest(f"{self.source_name} has no column '{name}': {are}{enumerated(found)}", hint)

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[Any, int]]:
        """The rows in pieces, with the number of the first line or row of each."""
        raise NotImplementedError

    def parse(self, block: Any, line: int) -> Batch:
        """The numbers of a block, and what is wrong in it."""
        raise NotImplementedError

    @property
    def kept(self) -> list[str]:
        """The names of the columns to be put out again."""
        return self.columns.names if self.columns.keep else []


def refusal(names: Sequence[str], cells: Sequence[Any], numbers: Sequence[float | None]) -> str | None:
    """What to say of the first cell without a number, if there is one."""
    for name, cell, number in zip(names, cells, numbers):
        if number is None:
            return f", column '{name}': {shown(cell)} is no number"
    return None


def is_number(cell: str) -> bool:
    """Whether a cell may stand in a line of numbers."""
    return number_in(cell) is not None


def number_in(cell: str) -> float | None:
    """The number in a cell: nan where it is empty, None where it is none."""
    cell = cell.strip()
    try:
        return float(cell) if cell and "_" not in cell else None if cell else float("nan")
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(cell.lower())


def shown(text: str) -> str:
    """A piece of the rows in quotes, on one line and not too long."""
    line = re.sub(r"[^\x20-\x7e\xa1-\U0010ffff]", "·", text.rstrip("\r\n").encode("utf-8", "replace").decode())
    return f"'{line[:40]}…'" if len(line) > 40 else f"'{line}'"
