"""The parts of every pass over rows: blocks are answered by any thread, and written in their order."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import NamedTuple

from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.numbers import shortest
from autodiff.rows.batch import Batch, Column, Floats, Refusal
from autodiff.rows.formats.base import Answers, Block, Layout, Reader, Sink, Writer
from autodiff.rows.formats.registry import reader_of
from autodiff.rows.input import Input
from autodiff.rows.query import BoundQuery
from autodiff.rows.sources import Part, Source
from autodiff.rows.table import Table
from autodiff.rows.tally import Tally, exact_sum


@dataclass(frozen=True)
class Job:
    """A query and the table to answer it for, as every process needs them that answers some of the rows."""

    query: BoundQuery
    table: Table
    several: bool
    """Whether there are several files, so that a row is named with its own."""

    @contextmanager
    def opened(self, source: Source, part: Part | None = None) -> Iterator[Reader]:
        """The rows of a file, or of a part of it, with their columns chosen."""
        file = Input(source, part)
        try:
            reader = reader_of(file, self.table)
            self.bind(reader)
            yield reader
        finally:
            file.close()

    def bind(self, reader: Reader) -> None:
        """Choose the columns of some rows."""
        reader.bind(self.query.free, self.table.keep, self.table.policy)

    def blocks(self, reader: Reader) -> Iterator[Block]:
        """The rows in pieces."""
        for block in reader.blocks():
            yield partial(_within, reader.source.name, block) if self.several else block

    def layout(self, reader: Reader, form: str) -> Layout:
        """The columns of the answer to some rows, in a format."""
        variables = reader.columns.used if reader.columns.keep else []
        # An answer in the format of its rows is parted as they are.
        delimiter = self.table.delimiter if form == reader.source.format and not self.table.format else None
        return Layout(form, reader.kept, self.query.names, delimiter, reader.header, reader.text, variables)


def _within(name: str, block: Block) -> Batch:
    return block().within(name)


class Shape(NamedTuple):
    """The format and the kept columns of a file, which all files must share with the first."""

    name: str
    format: str
    kept: list[str]

    @staticmethod
    def of(reader: Reader) -> "Shape":
        """The shape of a file."""
        return Shape(reader.source.name, reader.source.format, reader.kept)

    def check(self, other: "Shape") -> None:
        """NotMet where another file has another shape."""
        if other.format != self.format:
            raise NotMet(f"{self.name} is {self.format}, but {other.name} is {other.format}")
        if other.kept != self.kept:
            theirs, ours = (", ".join(kept[:12]) for kept in (other.kept, self.kept))
            named = f"{self.name} has {ours}, and {other.name} {theirs}"
            raise NotMet(f"--keep needs the same columns in all files: {named}")


@dataclass
class Answered:
    """A block that was answered, and the function that writes the answers."""

    batch: Batch
    tally: Tally
    write: Callable[[], None]
    wrong: Sequence[Refusal] = ()
    """Rows that were answered, and are rejected for what the answer says of them."""


class Pass(ABC):
    """One pass over some rows."""

    def __init__(self, job: Job, rejects: Sink | None) -> None:
        self.job, self.rejects, self.tally = job, rejects, Tally()

    @abstractmethod
    def answer(self, block: Block) -> Answered:
        """Do what any thread can do: all but reading and writing."""

    def write(self, answered: Answered) -> None:
        """Write one block, in its turn; NotMet behind it, where a wrong row in it is the end."""
        batch = answered.batch
        self.tally.add(answered.tally)
        if batch.count:
            answered.write()
        if self.rejects and (rejected := [*batch.refused, *answered.wrong]):
            # A bad row leaves with the bytes that came, UTF-8 or not.
            lines = [f"{each.reason}\t{each.text.rstrip(chr(10))}\n" for each in rejected]
            self.rejects.write("".join(lines).encode("utf-8", "surrogateescape"))
        # Only now: the rows above the bad one are answered.
        if batch.refused and self.job.table.policy == "fail":
            raise NotMet(batch.refused[0].reason, batch.refused[0].hint)


class Run(Pass):
    """A pass whose answers are written, or summed up."""

    def __init__(self, job: Job, layout: Layout, writer: Writer, rejects: Sink | None) -> None:
        super().__init__(job, rejects)
        self.layout, self.writer = layout, writer

    def answer(self, block: Block) -> Answered:
        batch = block()
        results = self.job.query.compute(batch)
        not_finite, first = _not_finite(results, batch)
        reason = batch.refused[0].reason if batch.refused else ""
        tally = Tally(batch.count, not_finite, first, len(batch.refused), reason)
        if self.job.table.reduce:
            tally.sums = [exact_sum(column.tolist()) for column in results]
            return Answered(batch, tally, lambda: None)
        return Answered(batch, tally, self.writer.encoded(Answers(batch.count, self._kept(batch), results)))

    def _kept(self, batch: Batch) -> Sequence[Column]:
        """The kept columns: text stays as it is, but where the answer has types the variables are numbers."""
        if not (self.layout.text and self.writer.typed):
            return batch.kept
        numbers = dict(zip(self.layout.variables, batch.numbers))
        return [numbers.get(i, column) for i, column in enumerate(batch.kept)]


def _not_finite(results: Sequence[Floats], batch: Batch) -> tuple[int, str]:
    """How many rows have a number in their answer that is not finite, and the first of them with its number."""
    import numpy as np

    finite = np.isfinite(results[0])
    for column in results[1:]:
        finite &= np.isfinite(column)
    if finite.all():
        return 0, ""
    first = int(np.argmin(finite))
    number = next(float(column[first]) for column in results if not isfinite(column[first]))
    return int((~finite).sum()), f"{batch.place(first)}: {shortest(number)}"
