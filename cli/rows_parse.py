"""Rows as arrays of numbers, one a variable: what is wrong in a row is said with its line and column.

pyarrow reads a block at once. Where it finds something wrong in it, the block is read again, record by record.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from typing import Any, NamedTuple

from ..grammar.errors import did_you_mean, enumerated
from ..grammar.parser import normalized
from .failures import NOT_MET, Failure
from .rows_in import DELIMITERS, Input, Lines, batches

POLICIES = ("fail", "nan", "skip")
"""What to do about a row that is wrong."""

csv.field_size_limit(1 << 30)


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
        return [self.names.index(name) for name in self.wanted]

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


def bind(names: list[str], wanted: Sequence[str], keep: bool, policy: str, source: str) -> Columns:
    """Columns of those names, if the wanted ones are among them, once each."""
    found = [normalized(name.strip()) for name in names]
    if missing := [name for name in wanted if name not in found]:
        shown = [f"'{name}'" for name in names[:12]] + ["others"] * (len(names) > 12)
        hint = did_you_mean(missing[0], found) or f"or give {' '.join(f'{name}=VALUE' for name in missing[:4])}"
        is_or_are = "the column is" if len(shown) == 1 else "the columns are"
        raise Failure(f"{source} has no column '{missing[0]}': {is_or_are} {enumerated(shown)}", hint)
    for name in found if keep else wanted:
        if found.count(name) > 1:
            raise Failure(f"{source} has {found.count(name)} columns '{name}'", code=NOT_MET)
    return Columns(found, list(wanted), keep, policy)


class Separated:
    """Rows of csv or tsv, with or without a header."""

    text = True

    def __init__(self, source: Input, wanted: Sequence[str], names: str | None, keep: bool, policy: str) -> None:
        self.lines = Lines(source)
        self.delimiter = DELIMITERS[source.kind]
        first, rest, line = self.lines.first(), self.lines.rest, self.lines.line
        if not first.strip():
            raise Failure(f"{source.name} is empty", code=NOT_MET)
        (cells,) = [cells for _, _, cells in self._records(first, 1)][:1]
        self.header = names is None and not all(is_number(cell) for cell in cells)
        if names is not None:
            cells = names.split(",")
        elif not self.header:
            if len(cells) > 1 or len(wanted) != 1:
                hint = f"name its columns: --columns {','.join([*wanted, *'_' * (len(cells) - len(wanted))])}"
                raise Failure(f"{source.name} has no header: its first line is {shown(first.decode())}", hint)
            cells = list(wanted)
        if not self.header:
            self.lines.rest, self.lines.line = first + rest, line - first.count(b"\n")
        self.columns = bind(cells, wanted, keep, policy, source.name)
        self.kept = self.columns.names if keep else []
        self.blocks = self.lines.blocks

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
        return table.columns

    def _records(self, block: bytes, line: int) -> Iterator[tuple[int, str, list[str]]]:
        """The records, each with the number of its first line and its text."""
        text: list[str] = []
        # A pipe may bring a line's end in two pieces, so these are told apart as `csv` does it.
        lines = StringIO(block.decode("utf-8", "surrogateescape"), newline="")
        for cells in csv.reader((text.append(each) or each for each in lines), delimiter=self.delimiter):
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
                reason = f" has {len(cells)} cell{s}, not {len(names)}: {shown(text)}"
                yield Record(f"line {at:,}", text, [float("nan")] * len(used), kept, reason)
                continue
            numbers = [number_in(cells[i]) for i in used]
            reason = refusal(self.columns.wanted, [cells[i] for i in used], numbers)
            yield Record(f"line {at:,}", text, [float("nan") if x is None else x for x in numbers], kept, reason)


class Objects:
    """Rows of JSON, one object a line."""

    header = True
    text = False

    def __init__(self, source: Input, wanted: Sequence[str], names: str | None, keep: bool, policy: str) -> None:
        self.lines = Lines(source)
        first, rest, line = self.lines.first(), self.lines.rest, self.lines.line
        if not first.strip():
            raise Failure(f"{source.name} is empty", code=NOT_MET)
        row = json_object(first.decode("utf-8", "replace"))
        if isinstance(row, str):
            raise Failure(f"{source.name}, line {line - 1:,}{row}", code=NOT_MET)
        self.lines.rest, self.lines.line = first + rest, line - first.count(b"\n")
        self.columns = bind(list(row), wanted, keep, policy, source.name)
        self.names = list(row)
        self.kept = self.columns.names if keep else []
        self.blocks = self.lines.blocks

    def parse(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa

        if self.columns.keep or not self.columns.used:
            return self.columns.carefully(self._checked(block, line))
        try:
            return self._at_once(block, line)
        except pa.ArrowInvalid:
            return self.columns.carefully(self._checked(block, line))

    def _at_once(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa
        from pyarrow import json as reader

        names = [self.names[i] for i in self.columns.used]
        schema = pa.schema([(name, pa.float64()) for name in names])
        table = reader.read_json(
            pa.BufferReader(block),
            reader.ReadOptions(use_threads=False, block_size=len(block) + 1),
            reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
        exact = block.count(b"\n") + (not block.endswith(b"\n")) == table.num_rows
        if not exact:
            raise pa.ArrowInvalid("blank lines")
        numbers = [table.column(name).to_numpy() for name in names]
        return Batch(table.num_rows, numbers, [], lambda i: f"line {line + i:,}")

    def _checked(self, block: bytes, line: int) -> Iterator[Record]:
        used = [self.names[i] for i in self.columns.used]
        for at, text in enumerate(block.decode("utf-8", "surrogateescape").split("\n"), line):
            if not text.strip():
                continue
            row = json_object(text)
            if isinstance(row, str):
                kept = [None] * len(self.names)
                yield Record(f"line {at:,}", f"{text}\n", [float("nan")] * len(used), kept, row)
                continue
            reasons = [f", column '{name}'{wrong}" for name in used if (wrong := wrong_number(name, row.get(name)))]
            if self.columns.keep:
                reasons += [
                    f": {nested(k, row[k])} is nested" for k in self.names if isinstance(row.get(k), dict | list)
                ]
            numbers = [json_number(row.get(k)) for k in used]
            yield Record(
                f"line {at:,}", f"{text}\n", numbers, [row.get(k) for k in self.names], reasons[0] if reasons else None
            )


def json_object(text: str) -> dict[str, Any] | str:
    """The object in a line, or what is wrong with it."""
    import json

    try:
        row = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        return f" is not valid JSON: {error}"
    return row if isinstance(row, dict) else f" is no JSON object: {shown(text)}"


def _integer(text: str) -> int | float:
    return int(text) if len(text) < 300 else float(text)


def wrong_number(name: str, value: Any) -> str | None:
    """Why a JSON value is no number, if it is none."""
    if isinstance(value, dict | list):
        return f": {nested(name, value)} is nested"
    return f": {shown(value)} is no number" if isinstance(value, str) and number_in(value) is None else None


def json_number(value: Any) -> float:
    """The number that a JSON value is, nan where it is none."""
    number = number_in(value) if isinstance(value, str) else value
    return float(number) if isinstance(number, int | float) else float("nan")


def nested(path: str, value: Any) -> str:
    """The path of the first number or text in a nested value."""
    while isinstance(value, dict | list) and value:
        key, value = next(iter(value.items() if isinstance(value, dict) else enumerate(value)))
        path += f".{key}" if isinstance(key, str) else f"[{key}]"
    return path


class Typed:
    """Rows of parquet or arrow."""

    header = True
    text = False

    def __init__(self, source: Input, wanted: Sequence[str], names: str | None, keep: bool, policy: str) -> None:
        schema, _ = batches(source, None) if source.size is not None else (None, None)
        self.source, self.row = source, 1
        self.batches: Iterator[Any] | None = None
        if schema is None:  # a pipe can be read once
            schema, self.batches = batches(source, None)
        self.columns = bind(schema.names, wanted, keep, policy, source.name)
        self.schema = schema
        self.kept = self.columns.names if keep else []
        for i in self.columns.used:
            if not is_numeric(schema.field(i).type):
                kind = schema.field(i).type
                raise Failure(f"{source.name}, column '{schema.names[i]}' holds {kind}, no numbers", code=NOT_MET)
        if self.batches is None:
            needed = [schema.names[i] for i in self.columns.used] or schema.names[:1]
            _, self.batches = batches(source, None if keep else needed)

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[Any, int]]:
        """The record batches, with the number of the first row of each."""
        import pyarrow as pa

        from .rows_in import broken

        if self.batches is None:
            return
        while True:
            try:
                batch = next(self.batches, None)
            except (pa.ArrowException, OSError) as error:
                raise broken(self.source, error) from None
            if batch is None:
                return
            yield batch, self.row
            self.row += batch.num_rows

    def parse(self, batch: Any, row: int) -> Batch:
        columns = [batch.column(self.schema.names[i]) for i in self.columns.used]
        try:
            numbers = [as_doubles(column) for column in columns]
        except ValueError:  # text that is no number
            return self.columns.carefully(self._checked(batch, row))
        kept = list(batch.columns) if self.columns.keep else []
        return Batch(batch.num_rows, numbers, kept, lambda i: f"row {row + i:,}")

    def _checked(self, batch: Any, row: int) -> Iterator[Record]:
        for at, cells in enumerate(batch.to_pylist(), row):
            used = [cells[self.schema.names[i]] for i in self.columns.used]
            numbers = [number_in("" if cell is None else str(cell)) for cell in used]
            reason = refusal(self.columns.wanted, used, numbers)
            text, kept = f"{cells}\n", list(cells.values()) if self.columns.keep else []
            yield Record(f"row {at:,}", text, [float("nan") if x is None else x for x in numbers], kept, reason)


def refusal(names: Sequence[str], cells: Sequence[Any], numbers: Sequence[float | None]) -> str | None:
    """What to say of the first cell without a number, if there is one."""
    for name, cell, number in zip(names, cells, numbers):
        if number is None:
            return f", column '{name}': {shown(cell)} is no number"
    return None


def is_numeric(kind: Any) -> bool:
    """Whether the values of an Arrow type are numbers, or text that may hold numbers, or nothing."""
    from pyarrow import types as t

    kind = kind.value_type if t.is_dictionary(kind) else kind
    tests = (t.is_integer, t.is_floating, t.is_boolean, t.is_null, t.is_decimal, t.is_string, t.is_large_string)
    return any(test(kind) for test in tests)


def as_doubles(column: Any) -> Any:
    """The numbers of an Arrow array, nan where there is none; ValueError where a text is no number."""
    import numpy as np

    if "string" in str(column.type):
        cells = [number_in(cell or "") for cell in column.to_pylist()]
        if None in cells:
            raise ValueError
        return np.array(cells, float)
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.float64, copy=False)


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


def open_rows(source: Input, wanted: Sequence[str], names: str | None, keep: bool, policy: str) -> Any:
    """The reader for that format."""
    readers: dict[str, Any] = {"jsonl": Objects, "parquet": Typed, "arrow": Typed}
    return readers.get(source.kind, Separated)(source, wanted, names, keep, policy)
