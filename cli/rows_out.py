"""Where answered rows go: stdout or a file, as text or as a table of Arrow's."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .failures import NOT_MET, Failure
from .rows_in import FORMATS

OUT_FORMATS = (*FORMATS, "plain")
"""`plain` is tsv without a header."""

_ROW_GROUP = 1 << 18  # rows of parquet that are written together


class ReaderGone(Exception):
    """`head` has seen enough."""


class Stdout:
    """Stdout as a file of bytes, which is left at the end of a line on Ctrl-C."""

    closed = False

    def __init__(self) -> None:
        self.file, self.dead = sys.stdout.fileno(), False

    def write(self, data: Any) -> int:
        rest = memoryview(b"" if self.dead else data).cast("B")
        with _InterruptHeld() as interrupt:
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
            raise Failure(f"cannot write the answer: {error.strerror}", code=NOT_MET) from None

    def flush(self) -> None: ...

    def close(self, whole: bool = True) -> None:
        self.closed = True


class _InterruptHeld:
    """Ctrl-C is noted while a block is written, and takes effect behind it; a second one does at once."""

    came = False

    def __enter__(self) -> "_InterruptHeld":
        self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, *_: Any) -> None:
        self.came = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.before)
        if self.came:
            raise KeyboardInterrupt


class WholeFile:
    """A file that takes the place of the old one when it is closed and whole."""

    closed = False

    def __init__(self, path: Path) -> None:
        import tempfile

        self.path, self.part, self.dead = path, None, False
        try:
            if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
                self.file = path.open("wb", buffering=0)
                return
            self.target = path.resolve()
            handle, self.part = tempfile.mkstemp(dir=self.target.parent, prefix=f".{path.name}.")
            self.file = open(handle, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self.failure(error) from None

    def failure(self, error: OSError) -> Failure:
        return Failure(f"cannot write {self.path}: {error.strerror}", code=NOT_MET)

    def write(self, data: Any) -> int:
        rest = memoryview(b"" if self.dead else data).cast("B")
        try:
            while rest:
                rest = rest[self.file.write(rest) :]
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as error:
            raise self.failure(error) from None
        return len(data)

    def flush(self) -> None: ...

    def close(self, whole: bool = False) -> None:
        """Only `finish` makes the file that there is."""

    def finish(self) -> None:
        from .files import umask

        try:
            self.file.close()
            if self.part:
                os.chmod(self.part, 0o666 & ~umask())
                os.replace(self.part, self.target)
                self.part = None
        except OSError as error:
            raise self.failure(error) from None

    def abandon(self) -> None:
        self.dead = True
        self.file.close()
        if self.part:
            os.unlink(self.part)


class Table:
    """Rows as parquet or arrow."""

    typed = True

    def __init__(self, kind: str, kept: Sequence[str], names: Sequence[str], header: bool, sink: Any) -> None:
        self.kind, self.kept, self.names, self.sink = kind, kept, names, sink
        self.writer: Any = None
        self.held: list[Any] = []

    def encode(self, count: int, kept: Sequence[Any], results: Sequence[Any]) -> Any:
        """The rows as a record batch."""
        import pyarrow as pa

        columns = [_as_arrow(name, column) for name, column in zip(self.kept, kept)]
        return pa.record_batch([*columns, *map(pa.array, results)], [*self.kept, *self.names])

    def write(self, batch: Any) -> None:
        import pyarrow as pa

        if self.writer is None:
            self.writer = self._open(batch.schema)
        try:
            self.held.append(batch if batch.schema == self.writer.schema else batch.cast(self.writer.schema))
        except (pa.ArrowInvalid, TypeError) as error:
            raise Failure(f"cannot write {self.kind}: {error}", code=NOT_MET) from None
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


def _as_arrow(name: str, column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    try:
        if isinstance(column, pa.Array):
            return column.cast(pa.string()) if pa.types.is_binary(column.type) else column
        if isinstance(column, list) and isinstance(column[0], bytes):
            column = [cell.decode() for cell in column]
        return pa.array(column)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise Failure(f"cannot write column '{name}': {error}", code=NOT_MET) from None
