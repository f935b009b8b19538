"""Where answered rows go: stdout or a file, as text or as a table of Arrow's."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.files import ReaderGone
from autodiff.rows.batch import Reader
from autodiff.rows.input import FORMATS

OUT_FORMATS = (*FORMATS, "plain")
"""`plain` is tsv without a header."""

_ROW_GROUP = 1 << 18  # rows of parquet that are written together


class Stdout:
    """Stdout as a file of bytes, which is left at the end of a line on Ctrl-C."""

    closed = False

    def __init__(self) -> None:
        self.file, self.dead = sys.stdout.fileno(), False

    def write(self, data: Any) -> int:
        rest = memoryview(b"" if self.dead else data).cast("B")
        with InterruptHeld() as interrupt:
            while rest:
                written = self._write(rest[: 1 << 16])
                if interrupt.came:
                    ended = rest[written - 1] == ord("\n")
                    rest = rest[: written if ended else bytes(rest).find(b"\n", written) + 1]
                rest = rest[written:]
        return len(data)

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self.file, data)
        except BrokenPipeError:
            self.dead = True
            raise ReaderGone from None
        except OSError as error:
            self.dead = True  # and pyarrow's writers, which come again as they are closed, are not heard
            raise NotMet(f"cannot write the answer: {error.strerror}") from None

    def flush(self) -> None: ...

    def close(self, whole: bool = True) -> None:
        self.closed = True


class InterruptHeld:
    """Ctrl-C is noted while a block is written, and takes effect behind it; a second one does at once."""

    came = False

    def __enter__(self) -> "InterruptHeld":
        self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, *_: Any) -> None:
        self.came = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.before)
        if self.came:
            raise KeyboardInterrupt


class Table:
    """Rows as parquet or arrow."""

    typed = True

    def __init__(self, kind: str, rows: Reader, names: Sequence[str], sink: Any) -> None:
        self.kind, self.kept, self.text, self.names, self.sink = kind, rows.kept, rows.text, names, sink
        self.writer: Any = None
        self.held: list[Any] = []

    def encode(self, count: int, kept: Sequence[Any], results: Sequence[Any]) -> Any:
        """The rows as a record batch."""
        import pyarrow as pa

        columns = [self._array(name, column) for name, column in zip(self.kept, kept)]
        return pa.record_batch([*columns, *map(pa.array, results)], [*self.kept, *self.names])

    def _array(self, name: str, column: Any) -> Any:
        """A kept column as an array of Arrow's."""
        import pyarrow as pa

        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        try:
            if self.text and not hasattr(column, "dtype"):  # cells, as bytes
                return pa.array(column, pa.binary()).cast(pa.string())
            return column if isinstance(column, pa.Array) else pa.array(column)
        except pa.ArrowException as error:
            reason = "it is not UTF-8" if self.text else error
            raise NotMet(f"cannot write column '{name}' as {self.kind}: {reason}") from None

    def write(self, batch: Any) -> None:
        import pyarrow as pa

        if self.writer is None:
            self.writer = self._open(batch.schema)
        try:
            self.held.append(batch if batch.schema == self.writer.schema else batch.cast(self.writer.schema))
        except (pa.ArrowInvalid, TypeError) as error:
            raise NotMet(f"cannot write {self.kind}: {error}") from None
        if self.kind == "arrow" or sum(each.num_rows for each in self.held) >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self.held:
            self.writer.write_table(pa.Table.from_batches(self.held))
        self.held = []

    def finish(self) -> None:
        import pyarrow as pa

        if self.writer is None:
            kept = [(name, pa.null()) for name in self.kept]
            self.writer = self._open(pa.schema([*kept, *[(name, pa.float64()) for name in self.names]]))
        self._flush()
        self.writer.close()

    def kept_types(self) -> dict[str, str]:
        """The types of the kept columns by their names, once rows are written."""
        return {name: str(self.writer.schema.field(name).type) for name in self.kept} if self.writer else {}

    def _open(self, schema: Any) -> Any:
        import pyarrow as pa

        if self.kind == "parquet":
            import pyarrow.parquet as pq

            # To look for numbers that come again takes five times as long as to write them.
            writer: Any = pq.ParquetWriter(self.sink, schema, use_dictionary=list(self.kept) or False)
        else:
            make = pa.ipc.new_stream if isinstance(self.sink, Stdout) else pa.ipc.new_file
            writer = _Arrow(make(self.sink, schema), schema)
        return writer


class _Arrow:
    """A writer that knows its schema, as the one for parquet does."""

    def __init__(self, writer: Any, schema: Any) -> None:
        self.schema, self.write_table, self.close = schema, writer.write_table, writer.close
