"""Rows of csv and tsv.

pyarrow reads a block at once. Where it finds something wrong in it, the block is read again, record by record.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import StringIO
from typing import Any

from autodiff.evaluation.errors import Failure, WrongRequest
from autodiff.rows.batch import GO_ON, Batch, Column, Record, is_number, nan_for_none, number_in, refusal, shown
from autodiff.rows.formats.base import Answers, Layout, Sink
from autodiff.rows.formats.lines import LineReader, Lines, line_breaks
from autodiff.rows.formats.words import Piece, TextWriter, csv_words, encoded_text, number_lines
from autodiff.rows.input import Input
from autodiff.rows.table import Table

# Python refuses cells over 128 KiB, which pyarrow reads.
csv.field_size_limit(1 << 30)

_DELIMITERS = {
    ";": ("';'", "';'"),
    "\t": ("tabs", "tab"),
    "|": ("'|'", "'|'"),
    ",": ("','", "','"),
    " ": ("blanks", "space"),
}
"""What may stand between cells, in words and as an option."""
_DECIMAL_COMMA = re.compile(r"[-+]?[\d.]*\d,\d+")


def _evened(block: bytes) -> bytes:
    """The lines with one blank between cells."""
    return re.sub(rb"(?m)^ +| +(?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", block))


class CsvReader(LineReader):
    """Rows with a delimiter between their cells, with or without a header."""

    text = True

    def __init__(self, source: Input, table: Table, delimiter: str) -> None:
        self.delimiter = table.delimiter or delimiter
        lines = Lines(source, self.delimiter)
        first = lines.first()
        self.skips_blanks = bool(re.search(rf'{re.escape(self.delimiter)} +"'.encode(), first))
        _, _, self.first = next(self._records(first, 1))
        self.header = table.columns is None and not all(is_number(cell) for cell in self.first)
        if not self.header:
            lines.put_back(first)
        named = [] if table.columns is None else table.columns.split(",")
        super().__init__(lines, self.first if self.header else named, table.rename)

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        if not self.written:
            if len(self.first) > 1 or len(wanted) != 1:
                raise self._headless(",".join([*wanted, *"_" * (len(self.first) - len(wanted))]))
            self.written = self.names = list(wanted)
        super().bind(wanted, keep, policy)

    def without(self, name: str, hint: str) -> Failure:
        other = self._other_delimiter(name)
        if other is not None:
            hint = f"its cells seem to be separated by {other[0]}: --delimiter {other[1]}"
        return super().without(name, hint) if self.written else self._headless(f"{name},...")

    def _other_delimiter(self, name: str) -> tuple[str, str] | None:
        """The delimiter, in words and as an option, with which there would be such a column, or only numbers."""
        line = self.delimiter.join(self.first)
        for delimiter, words in _DELIMITERS.items():
            cells = [cell.strip().strip('"') for cell in (line.split(delimiter) if delimiter != " " else line.split())]
            if len(cells) > max(1, len(self.first)) and (name in cells or all(map(is_number, cells))):
                return words
        return None

    def _headless(self, columns: str) -> Failure:
        """The failure to report where columns need names, and there is neither a header nor --columns."""
        line = shown(self.delimiter.join(self.first))
        hint = f"name its columns: --columns {columns}"
        return WrongRequest(f"{self.source.name} has no header: its first line is {line}", hint)

    def parse(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa

        try:
            if self.skips_blanks or (self.delimiter == " " and b'"' in block):
                raise pa.ArrowInvalid("quotes behind blanks")  # which Arrow does not see
            return self._at_once(block, line)
        except pa.ArrowInvalid:
            batch = self.columns.carefully(self._checked(block, line))
            if line == 1 and not batch.count and not self.header and batch.refused:
                batch.refused[0] = batch.refused[0]._replace(hint="without --columns the first line is the header")
            return batch

    def _at_once(self, block: bytes, line: int) -> Batch:
        from pyarrow import binary, float64

        columns, even = self.columns, _evened(block) if self.delimiter == " " else block
        numbers = self._read(even, columns.used, float64())
        kept = self._read(even, range(len(columns.names)), binary()) if columns.keep else []
        count = len((numbers or kept or self._read(even, [0], binary()))[0])
        # Where a line is blank, or a cell has several lines, only a look at each record tells its line.
        exact = cache(lambda: line_breaks(block) + (not block.endswith(b"\n")) == count)
        lines, records = cache(lambda: block.split(b"\n")), cache(lambda: list(self._checked(block, line)))

        def place(i: int) -> str:
            return f"line {line + i:,}" if exact() else records()[i].place

        def text(i: int) -> str:
            return lines()[i].decode("utf-8", "surrogateescape") if exact() else records()[i].text

        return Batch(count, [column.to_numpy() for column in numbers], kept, place, text=text)

    def _read(self, block: bytes, which: Sequence[int], kind: Any) -> list[Column]:
        from pyarrow import BufferReader
        from pyarrow import csv as reader

        if not len(which):
            return []
        names = [str(i) for i in range(len(self.columns.names))]
        chosen = [str(i) for i in which]
        table = reader.read_csv(
            BufferReader(block),
            # A block larger than the text makes one chunk of it, so that each column is one array.
            reader.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            reader.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=b'"' in block, ignore_empty_lines=len(names) > 1
            ),
            reader.ConvertOptions(
                check_utf8=False, include_columns=chosen, column_types=dict.fromkeys(chosen, kind), null_values=[""]
            ),
        )
        columns: list[Column] = table.columns
        return columns

    def _records(self, block: bytes, line: int) -> Iterator[tuple[int, str, list[str]]]:
        """The records, each with the number of its first line and its text."""
        text: list[str] = []

        def remembered(lines: Iterable[str]) -> Iterator[str]:
            for each in lines:
                text.append(each)
                yield each

        lines = remembered(StringIO(block.decode("utf-8", "surrogateescape"), newline=""))
        blank = self.delimiter == " "
        if blank:
            lines = (each.replace("\t", " ").strip() for each in lines)
        for cells in csv.reader(lines, delimiter=self.delimiter, skipinitialspace=blank or self.skips_blanks):
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
            numbers: list[float | None] = [None] * len(used)
            hint = GO_ON
            if len(cells) != len(names):
                s = "s" * (len(cells) != 1)
                reason: str | None = f" has {len(cells)} cell{s}, not {len(names)}: {shown(text)}"
            else:
                numbers = [number_in(cells[i]) for i in used]
                reason = refusal(self.columns.wanted, [cells[i] for i in used], numbers)
                if any(number is None and _DECIMAL_COMMA.fullmatch(cells[i]) for i, number in zip(used, numbers)):
                    hint = "numbers are read with a decimal point: convert the commas first: tr , ."
            kept = [cell.encode("utf-8", "surrogateescape") for cell in padded]
            yield Record(f"line {at:,}", text, nan_for_none(numbers), kept, reason, hint)


class CsvWriter(TextWriter):
    """Answers with a delimiter between their cells, and with a header where the rows had one."""

    def __init__(self, layout: Layout, sink: Sink, delimiter: str, header: bool = True) -> None:
        self.delimiter = delimiter = layout.delimiter or delimiter
        super().__init__(layout, sink, ["", *[delimiter] * (len(layout.names) - 1), "\n"])
        if header and layout.header:
            text = StringIO()
            csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(layout.names)
            self.header = encoded_text(text.getvalue())

    def lines(self, answers: Answers) -> Sequence[Piece]:
        import pyarrow as pa

        numbers = number_lines(answers.results, self.delimiter)
        if not answers.kept:
            return numbers
        words = [csv_words(column, self.delimiter) for column in self.flat(answers.kept)]
        return [self.joined([*words, pa.array(b"".join(numbers).splitlines(), pa.binary())])]
