"""Rows of csv and tsv.

pyarrow reads a block at once. Where it finds something wrong in it, the block is read again, record by record.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from autodiff.evaluation.errors import Failure, WrongRequest
from autodiff.rows.batch import Batch, Reader, Record, is_number, number_in, refusal, shown
from autodiff.rows.input import DELIMITERS, Input, Lines

csv.field_size_limit(1 << 30)


class Separated(Reader):
    """Rows of csv or tsv, with or without a header."""

    text = True

    def __init__(self, source: Input, names: str | None) -> None:
        self.lines = Lines(source)
        self.delimiter = DELIMITERS[source.kind]
        first = self.lines.first()
        _, _, self.first = next(self._records(first, 1))
        self.header = names is None and not all(is_number(cell) for cell in self.first)
        if not self.header:
            self.lines.put_back(first)
        self.lines.only(source.block)
        super().__init__(source.name, self.first if self.header else names.split(",") if names is not None else [])

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        if not self.written:
            if len(self.first) > 1 or len(wanted) != 1:
                raise self._headless(",".join([*wanted, *"_" * (len(self.first) - len(wanted))]))
            self.written = self.names = list(wanted)
        super().bind(wanted, keep, policy)

    def without(self, name: str, hint: str) -> Failure:
        return super().without(name, hint) if self.written else self._headless(f"{name},...")

    def _headless(self, columns: str) -> Failure:
        """There is no header and no --columns, and more to know than the one variable."""
        line = shown(self.delimiter.join(self.first))
        hint = f"name its columns: --columns {columns}"
        return WrongRequest(f"{self.source_name} has no header: its first line is {line}", hint)

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[bytes, int]]:
        return self.lines.blocks(busy, before_wait)

    def parse(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa

        try:
            return self._at_once(block, line)
        except pa.ArrowInvalid:
            return self.columns.carefully(self._checked(block, line))

    def _at_once(self, block: bytes, line: int) -> Batch:
        from pyarrow import float64

        numbers = self._read(block, self.columns.used, float64())
        used = {i: column.to_numpy() for i, column in zip(self.columns.used, numbers)}
        kept: list[Any] = []
        if self.columns.keep or not used:
            from pyarrow import binary

            kept = self._read(block, range(len(self.columns.names)) if self.columns.keep else [0], binary())
        count = len((numbers or kept)[0])
        # Where a line is blank, or a cell has several lines, only a look at each record tells its line.
        exact = block.count(b"\n") + (not block.endswith(b"\n")) == count

        def place(i: int) -> str:
            return f"line {line + i:,}" if exact else [record.place for record in self._checked(block, line)][i]

        return Batch(count, [used[i] for i in self.columns.used], kept if self.columns.keep else [], place)

    def _read(self, block: bytes, which: Sequence[int], kind: Any) -> list[Any]:
        from pyarrow import BufferReader
        from pyarrow import csv as reader

        if not len(which):
            return []
        names = [str(i) for i in range(len(self.columns.names))]
        chosen = [str(i) for i in which]
        table = reader.read_csv(
            BufferReader(block),
            reader.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            reader.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=b'"' in block, ignore_empty_lines=len(names) > 1
            ),
            reader.ConvertOptions(
                check_utf8=False, include_columns=chosen, column_types=dict.fromkeys(chosen, kind), null_values=[""]
            ),
        )
        columns: list[Any] = table.columns
        return columns

    def _records(self, block: bytes, line: int) -> Iterator[tuple[int, str, list[str]]]:
        """The records, each with the number of its first line and its text."""
        text: list[str] = []

        def remembered(lines: Iterable[str]) -> Iterator[str]:
            for each in lines:
                text.append(each)
                yield each

        lines = remembered(StringIO(block.decode("utf-8", "surrogateescape"), newline=""))
        for cells in csv.reader(lines, delimiter=self.delimiter):
            yield line, "".join(text), cells
            line += len(text)
            text.clear()

    def _checked(self, block: bytes, line: int) -> Iterator[Record]:
        names, used = self.columns.names, self.columns.used
        for at, text, cells in self._records(block, line):
            if not cells and len(names) > 1:
                continue
            cells = cells or [""]
            padded = (cells + [""] * len(names))[: len(names)]
            kept = [cell.encode("utf-8", "surrogateescape") for cell in padded]
            if len(cells) != len(names):
                s = "s" * (len(cells) != 1)
                ragged = f" has {len(cells)} cell{s}, not {len(names)}: {shown(text)}"
                yield Record(f"line {at:,}", text, [float("nan")] * len(used), kept, ragged)
                continue
            numbers = [number_in(cells[i]) for i in used]
            reason = refusal(self.columns.wanted, [cells[i] for i in used], numbers)
            yield Record(f"line {at:,}", text, [float("nan") if x is None else x for x in numbers], kept, reason)
