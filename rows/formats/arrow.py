"""Rows of parquet and arrow."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from autodiff.evaluation.errors import NotMet
from autodiff.rows.batch import Batch, Column, Floats, Record, nan_for_none, number_in, refusal
from autodiff.rows.formats.base import Answers, Block, Layout, Reader, Sink, Writer
from autodiff.rows.input import Input, Pipe
from autodiff.rows.sinks import Stdout
from autodiff.rows.sources import Part
from autodiff.rows.table import Table

Schema: TypeAlias = Any
RecordBatch: TypeAlias = Any
"""Objects of pyarrow, which has no type hints."""

_BLOCK_ROWS = 1 << 16
_GROUP_ROWS = 1 << 18  # of parquet that are written together


class ColumnReader(Reader):
    """Rows of a format that has types."""

    def __init__(self, source: Input, table: Table) -> None:
        import pyarrow as pa

        self.source, self.row = source, source.part.line if source.part else 1
        try:
            self.schema = self.open()
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from None
        super().__init__(source, self.schema.names, table.rename)

    @abstractmethod
    def open(self) -> Schema:
        """Open the file."""

    @abstractmethod
    def batches(self, names: list[str] | None) -> Iterator[RecordBatch]:
        """The rows, with all columns or some; to be called once."""

    def _broken(self, error: Exception) -> NotMet:
        """The failure to report where pyarrow cannot read a file."""
        source = self.source
        if not source.done and source.part is None:
            return NotMet(f"{source.name} is empty")
        first = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        name = source.part.name if source.part else source.name
        return NotMet(f"{name} cannot be read as {source.format}: {first}")

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        super().bind(wanted, keep, policy)
        for i in self.columns.used:
            kind = self.schema.field(i).type
            if not _is_numeric(kind):
                raise NotMet(f"{self.source.name}, column '{self.written[i]}' holds {kind}, not numbers")

    def blocks(self) -> Iterator[Block]:
        import pyarrow as pa

        needed = [self.written[i] for i in self.columns.used] or self.written[:1]
        batches = self.batches(None if self.columns.keep else needed)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise self._broken(error) from None
            if batch is None:
                return
            yield partial(self._parse, batch, self.row)
            self.row += batch.num_rows

    def _parse(self, batch: RecordBatch, row: int) -> Batch:
        columns = [batch.column(self.written[i]) for i in self.columns.used]
        try:
            numbers = [as_doubles(column) for column in columns]
        except ValueError:  # text that is not a number
            return self.columns.carefully(self._checked(batch, row))
        kept = list(batch.columns) if self.columns.keep else []
        return Batch(
            batch.num_rows,
            numbers,
            kept,
            lambda i: f"row {row + i:,}",
            text=lambda i: str(batch.slice(i, 1).to_pylist()[0]),
        )

    def _checked(self, batch: RecordBatch, row: int) -> Iterator[Record]:
        for at, cells in enumerate(batch.to_pylist(), row):
            used = [cells[self.written[i]] for i in self.columns.used]
            numbers = [number_in("" if cell is None else str(cell)) for cell in used]
            reason = refusal(self.columns.wanted, used, numbers)
            kept = list(cells.values()) if self.columns.keep else []
            yield Record(f"row {at:,}", f"{cells}\n", nan_for_none(numbers), kept, reason)


class ParquetReader(ColumnReader):
    """Rows of parquet, whose parts are its row groups."""

    def open(self) -> Schema:
        import pyarrow.parquet as pq

        self.file = pq.ParquetFile(self.source.seekable())
        return self.file.schema_arrow

    def batches(self, names: list[str] | None) -> Iterator[RecordBatch]:
        read, rows = 0, max(1, self.file.metadata.num_rows)
        group = self.source.part.start if self.source.part else None
        chosen = {"row_groups": [group]} if group is not None else {}
        for batch in self.file.iter_batches(_BLOCK_ROWS, columns=names, use_threads=False, **chosen):
            read += batch.num_rows
            self.source.done = (self.source.size or 0) * read // rows
            yield batch

    def parts(self, size: int) -> Iterator[Part]:
        if self.source.packed:
            yield from super().parts(size)
            return
        row = 1
        for group in range(self.file.metadata.num_row_groups):
            count = self.file.metadata.row_group(group).num_rows
            yield Part(self.source.source, group, count, row)
            row += count


class ArrowReader(ColumnReader):
    """Rows of arrow, as a file or as a stream."""

    def open(self) -> Schema:
        import pyarrow as pa

        self.is_file = self.source.start.startswith(b"ARROW1")
        if self.is_file:
            self.file = pa.ipc.open_file(self.source.seekable())
        else:
            self.file = pa.ipc.open_stream(pa.PythonFile(Pipe(self.source.start, lambda _: self.source.read()), "r"))
        return self.file.schema

    def batches(self, names: list[str] | None) -> Iterator[RecordBatch]:
        for whole in self._counted() if self.is_file else self.file:
            chosen = whole if names is None else whole.select(names)
            yield from (chosen.slice(start, _BLOCK_ROWS) for start in range(0, chosen.num_rows, _BLOCK_ROWS))

    def _counted(self) -> Iterable[RecordBatch]:
        count = self.file.num_record_batches
        for i in range(count):
            self.source.done = (self.source.size or 0) * i // count
            yield self.file.get_batch(i)


def _is_numeric(kind: Any) -> bool:
    """Whether the values of an Arrow type are numbers, or text that may hold numbers, or nothing."""
    from pyarrow import types as t

    kind = kind.value_type if t.is_dictionary(kind) else kind
    tests = (t.is_integer, t.is_floating, t.is_boolean, t.is_null, t.is_decimal)
    return "string" in str(kind) or any(test(kind) for test in tests)  # of strings there are three types


def as_doubles(column: Column) -> Floats:
    """The numbers of an Arrow array, nan where there is none; ValueError where a text is not a number."""
    import numpy as np

    if "string" in str(column.type):
        cells = [number_in(cell or "") for cell in column.to_pylist()]
        if None in cells:
            raise ValueError
        return np.array(cells, float)
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.float64, copy=False)


class ColumnWriter(Writer):
    """Answers in a format that has types: the first batch tells those of the kept columns."""

    typed = True
    group_rows = 1  # that are written together

    def __init__(self, layout: Layout, sink: Sink) -> None:
        super().__init__(layout, sink)
        self.schema: Schema = None
        self.file: Any = None
        self.held: list[RecordBatch] = []

    @abstractmethod
    def opened(self, schema: Schema) -> Any:
        """A writer of pyarrow's for such rows."""

    def encoded(self, answers: Answers) -> Callable[[], None]:
        import pyarrow as pa

        columns = [self._array(name, column) for name, column in zip(self.layout.kept, answers.kept)]
        batch = pa.record_batch([*columns, *map(pa.array, answers.results)], self.layout.names)
        return partial(self._write, batch)

    def _array(self, name: str, column: Column) -> Column:
        """A kept column as an array of Arrow's."""
        import pyarrow as pa

        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        try:
            if self.layout.text and not hasattr(column, "dtype"):  # cells, as bytes
                return pa.array(column, pa.binary()).cast(pa.string())
            return column if isinstance(column, pa.Array) else pa.array(column)
        except pa.ArrowException as error:
            reason = "it is not UTF-8" if self.layout.text else error
            raise NotMet(f"cannot write column '{name}' as {self.layout.format}: {reason}") from None

    def _write(self, batch: RecordBatch) -> None:
        import pyarrow as pa

        if self.file is None:
            self._open(batch.schema)
        try:
            self.held.append(batch if batch.schema == self.schema else batch.cast(self.schema))
        except (pa.ArrowInvalid, TypeError) as error:
            raise NotMet(f"cannot write {self.layout.format}: {error}") from None
        if sum(each.num_rows for each in self.held) >= self.group_rows:
            self._flush()

    def _open(self, schema: Schema) -> None:
        self.schema, self.file = schema, self.opened(schema)

    def _flush(self) -> None:
        import pyarrow as pa

        if self.held:
            self.file.write_table(pa.Table.from_batches(self.held))
        self.held = []

    def finish(self) -> None:
        import pyarrow as pa

        if self.file is None:
            kept = [(name, pa.null()) for name in self.layout.kept]
            self._open(pa.schema([*kept, *[(name, pa.float64()) for name in self.layout.answers]]))
        self._flush()
        self.file.close()

    def kept_types(self) -> dict[str, str]:
        """The types of the kept columns by their names, once rows are written."""
        return {name: str(self.schema.field(name).type) for name in self.layout.kept} if self.file else {}


class ParquetWriter(ColumnWriter):
    """Answers as parquet."""

    group_rows = _GROUP_ROWS

    def opened(self, schema: Schema) -> Any:
        import pyarrow.parquet as pq

        # To look for numbers that come again takes five times as long as to write them.
        return pq.ParquetWriter(self.sink, schema, use_dictionary=list(self.layout.kept) or False)


class ArrowWriter(ColumnWriter):
    """Answers as arrow: a stream where they are read as they are written, else a file."""

    def opened(self, schema: Schema) -> Any:
        import pyarrow as pa

        return (pa.ipc.new_stream if isinstance(self.sink, Stdout) else pa.ipc.new_file)(self.sink, schema)
