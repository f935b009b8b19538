"""Rows of parquet and arrow."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autodiff.evaluation.errors import Failure, NotMet
from autodiff.rows.batch import Batch, Reader, Record, number_in, refusal
from autodiff.rows.input import Input

_ROWS = 1 << 16
"""Of a block."""

Batches = Callable[[list[str] | None], Iterator[Any]]
"""What gives the record batches of a table, with all columns or some."""


def opened(source: Input) -> tuple[Any, Batches]:
    """The schema of a table, and its reader, which is to be called once."""
    import pyarrow as pa

    try:
        return _parquet(source) if source.kind == "parquet" else _arrow(source)
    except (pa.ArrowException, OSError) as error:
        raise broken(source, error) from None


def broken(source: Input, error: Exception) -> Failure:
    """What pyarrow says of a file that it cannot read."""
    if not source.done and source.block is None:
        return NotMet(f"{source.name} is empty")
    first = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
    name = source.block.name if source.block else source.name
    return NotMet(f"{name} cannot be read as {source.kind}: {first}")


def _parquet(source: Input) -> tuple[Any, Batches]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source.seekable())
    rows = max(1, file.metadata.num_rows)

    def batches(names: list[str] | None) -> Iterator[Any]:
        read = 0
        group = source.block.start if source.block else None
        chosen = {"row_groups": [group], "use_threads": False} if group is not None else {}
        for batch in file.iter_batches(_ROWS, columns=names, **chosen):
            read += batch.num_rows
            source.done = (source.size or 0) * read // rows
            yield batch

    return file.schema_arrow, batches


def _arrow(source: Input) -> tuple[Any, Batches]:
    import pyarrow as pa

    if source.start.startswith(b"ARROW1"):
        file = pa.ipc.open_file(source.seekable())
        return file.schema, lambda names: _sliced(_counted(file, source), names)
    stream = pa.ipc.open_stream(pa.PythonFile(Stream(source), "r"))
    return stream.schema, lambda names: _sliced(stream, names)


def _counted(file: Any, source: Input) -> Iterator[Any]:
    count = file.num_record_batches
    for i in range(count):
        source.done = (source.size or 0) * i // count
        yield file.get_batch(i)


def _sliced(parts: Any, names: list[str] | None) -> Iterator[Any]:
    for part in parts:
        chosen = part if names is None else part.select(names)
        yield from (chosen.slice(start, _ROWS) for start in range(0, chosen.num_rows, _ROWS))


class Stream:
    """An input as pyarrow reads one."""

    closed = False

    def __init__(self, source: Input) -> None:
        self.source, self.rest = source, source.start

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self.rest) < size) and (more := self.source.read()):
            self.rest += more
        size = len(self.rest) if size < 0 else size
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def close(self) -> None:
        self.closed = True


class Typed(Reader):
    """Rows of parquet or arrow."""

    def __init__(self, source: Input) -> None:
        self.schema, self.read = opened(source)
        self.source, self.row = source, source.block.line if source.block else 1
        super().__init__(source.name, self.schema.names)

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        super().bind(wanted, keep, policy)
        for i in self.columns.used:
            kind = self.schema.field(i).type
            if not is_numeric(kind):
                message = f"{self.source_name}, column '{self.written[i]}' holds {kind}, no numbers"
                raise NotMet(message)
        needed = [self.written[i] for i in self.columns.used] or self.written[:1]
        self.batches = self.read(None if keep else needed)

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[Any, int]]:
        """The record batches, with the number of the first row of each."""
        import pyarrow as pa

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
        columns = [batch.column(self.written[i]) for i in self.columns.used]
        try:
            numbers = [as_doubles(column) for column in columns]
        except ValueError:  # text that is no number
            return self.columns.carefully(self._checked(batch, row))
        kept = list(batch.columns) if self.columns.keep else []
        return Batch(batch.num_rows, numbers, kept, lambda i: f"row {row + i:,}")

    def _checked(self, batch: Any, row: int) -> Iterator[Record]:
        for at, cells in enumerate(batch.to_pylist(), row):
            used = [cells[self.written[i]] for i in self.columns.used]
            numbers = [number_in("" if cell is None else str(cell)) for cell in used]
            reason = refusal(self.columns.wanted, used, numbers)
            text, kept = f"{cells}\n", list(cells.values()) if self.columns.keep else []
            yield Record(f"row {at:,}", text, [float("nan") if x is None else x for x in numbers], kept, reason)


def is_numeric(kind: Any) -> bool:
    """Whether the values of an Arrow type are numbers, or text that may hold numbers, or nothing."""
    from pyarrow import types as t

    kind = kind.value_type if t.is_dictionary(kind) else kind
    tests = (t.is_integer, t.is_floating, t.is_boolean, t.is_null, t.is_decimal)
    return "string" in str(kind) or any(test(kind) for test in tests)  # of strings there are three types


def as_doubles(column: Any) -> Any:
    """The numbers of an Arrow array, nan where there is none; ValueError where a text is no number."""
    import numpy as np

    if "string" in str(column.type):
        cells = [number_in(cell or "") for cell in column.to_pylist()]
        if None in cells:
            raise ValueError
        return np.array(cells, float)
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.float64, copy=False)
