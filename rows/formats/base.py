"""The protocol of formats of rows: a Reader, which cuts a file into blocks and parses them, and a Writer.

Both work in two steps, so that several threads can share the work: a reader cuts blocks one after the other, and any
thread may parse one; any thread may encode answers, and they are written one after the other.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.grammar.errors import did_you_mean, enumerated
from autodiff.grammar.parser import normalized
from autodiff.rows.batch import Batch, Column, Columns, Floats, shown
from autodiff.rows.input import Input
from autodiff.rows.sources import Part

Block: TypeAlias = Callable[[], Batch]
"""Some rows as they were read, and how to parse them, which any thread may do."""


class Reader(ABC):
    """The rows of one file."""

    columns: Columns
    header = True
    """Whether the columns have names in the rows."""
    text = False
    """Whether cells are text, so that only variables are known to be numbers."""

    def __init__(self, source: Input, written: Sequence[str], renamed: Mapping[str, str]) -> None:
        """`written` are the names of the columns as they stand in the rows; some have others for variables.

        Raises:
            WrongRequest: a column to rename is not there.
        """
        self.source = source
        self.written = list(written)
        self.names = [normalized(renamed.get(name.strip(), name.strip())) for name in written]
        """The names that variables may have."""
        if missing := [name for name in renamed if name not in {name.strip() for name in written}]:
            raise self.without(missing[0], did_you_mean(missing[0], self.written) or "--rename is NAME=COLUMN")

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        """Choose the columns; Failure where one of those wanted is not there, or twice."""
        found = Counter(self.names)
        if missing := [name for name in wanted if name not in found]:
            hint = did_you_mean(missing[0], self.names)
            raise self.without(missing[0], hint or f"or give {' '.join(f'{name}=VALUE' for name in missing[:4])}")
        for name in self.names if keep and not self.text else wanted:
            if found[name] > 1:
                raise NotMet(f"{self.source.name} has {found[name]} columns '{name}'")
        self.columns = Columns(self.names, list(wanted), keep, policy)

    def without(self, name: str, hint: str) -> Failure:
        """The failure to report where a column is missing."""
        found = [shown(each) for each in self.written[:12]] + ["others"] * (len(self.written) > 12)
        are = "the column is " if len(found) == 1 else "the columns are " if found else "it has none"
        return WrongRequest(f"{self.source.name} has no column '{name}': {are}{enumerated(found)}", hint)

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """The rows in pieces, in their order."""

    def parts(self, size: int) -> Iterator[Part]:
        """The cut of the file into parts of about that many bytes, if there is one: by default there is not."""
        yield Part(self.source.source)

    @property
    def kept(self) -> list[str]:
        """The names of the columns that are written again."""
        return self.columns.names if self.columns.keep else []


class Sink(Protocol):
    """A destination of bytes: a file that pyarrow can write to."""

    @property
    def closed(self) -> bool:
        """Whether it is closed."""

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it."""

    def flush(self) -> None:
        """Hold nothing back."""

    def close(self) -> None:
        """What pyarrow calls at the end, whether all went well or not."""


@dataclass(frozen=True)
class Layout:
    """The columns of an answer."""

    format: str
    kept: Sequence[str]
    """The names of the columns that come from the rows."""
    answers: Sequence[str]
    """The names of those that were computed, behind them."""
    delimiter: str | None
    """What stands between cells, where it was asked for."""
    header: bool
    """Whether the rows had a header, so that the answer has one too."""
    text: bool
    """Whether kept cells are text, as bytes."""
    variables: Sequence[int]
    """The positions of the kept columns that are variables."""

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return [*self.kept, *self.answers]


@dataclass(frozen=True)
class Answers:
    """The answers to some rows: their columns in the order of a layout."""

    count: int
    kept: Sequence[Column]
    results: Sequence[Floats]


class Writer(ABC):
    """The answers of one file."""

    typed = False
    """Whether numbers are told from text, so that the kept columns of variables are numbers too."""

    def __init__(self, layout: Layout, sink: Sink) -> None:
        self.layout, self.sink = layout, sink

    @abstractmethod
    def encoded(self, answers: Answers) -> Callable[[], None]:
        """What writes them, to be called in their turn: all that another thread can do is done."""

    @abstractmethod
    def finish(self) -> None:
        """Write what stands behind the last answer; and what stands above the first, if there was none."""
