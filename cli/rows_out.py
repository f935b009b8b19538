"""Where answered rows go: stdout or a file, as text or as a table of Arrow's."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .failures import NOT_MET, Failure
from .numbers import shortest, shortest_or_null, shortest_rows
from .rows_in import DELIMITERS, FORMATS

OUT_FORMATS = (*FORMATS, "plain")
"""`plain` is tsv without a header."""

_PIECE = 1 << 14  # rows that are turned into text at once
_ROW_GROUP = 1 << 18  # rows of parquet that are written together


class ReaderGone(Exception):
    """`head` has seen enough."""


class Stdout:
    """Stdout as a file of bytes, which is left at the end of a line on Ctrl-C."""

    closed = False

    def __init__(self) -> None:
        self.file, self.dead, self.gone = sys.stdout.fileno(), False, False

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
            self.dead = self.gone = True
            raise ReaderGone from None
        except OSError as error:
            self.dead = True  # and pyarrow's writers, which come again as they are closed, are not heard
            raise Failure(f"cannot write the answer: {error.strerror}", code=NOT_MET) from None

    def flush(self) -> None: ...

    def close(self, whole: bool = True) -> None:
        self.closed = True

    def finish(self) -> None: ...

    def abandon(self) -> None:
        """Where the reader has gone what is left goes nowhere, and no complaint comes at exit."""
        if self.gone:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file)


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


@contextmanager
def written(*sinks: Any) -> Iterator[None]:
    """In the end all files stand under their names, or none does; where nobody reads on, that is no failure."""
    files = [sink for sink in sinks if sink is not None]
    try:
        yield
        for file in files:
            file.finish()
    except BaseException as error:
        for file in files:
            with suppress(OSError):
                file.abandon()
        if not isinstance(error, ReaderGone):
            raise


class Text:
    """Rows as csv, tsv, jsonl or plain."""

    def __init__(self, kind: str, kept: Sequence[str], names: Sequence[str], header: bool, sink: Any) -> None:
        self.kind, self.names, self.sink = kind, [*kept, *names], sink
        self.typed = kind == "jsonl"
        self.delimiter = DELIMITERS.get(kind, "\t")
        self.header = self._lines([[name] for name in self.names]) if header and kind in DELIMITERS else b""

    def encode(self, count: int, kept: Sequence[Any], results: Sequence[Any]) -> list[bytes]:
        """The text of some rows, in pieces of whole lines."""
        if not count:
            return []
        if self.kind == "jsonl":
            return [self._objects(kept, results)]
        if not kept:
            return self._numbers(results)
        return [self._lines([*map(_cells, kept), *(_words(column, shortest) for column in results)])]

    def write(self, pieces: Sequence[bytes]) -> None:
        first, *rest = pieces or [b""]
        for piece in (self.header + first, *rest):
            self.sink.write(piece)
        self.header = b""

    def finish(self) -> None:
        self.write([])

    def _numbers(self, results: Sequence[Any]) -> list[bytes]:
        """In small pieces, which stay in the cache."""
        import numpy as np

        pieces = []
        for start in range(0, len(results[0]), _PIECE):
            numbers = np.stack([column[start : start + _PIECE] for column in results], axis=-1)
            pieces.append(shortest_rows(numbers, self.delimiter))
        return pieces

    def _lines(self, columns: Sequence[Sequence[str]]) -> bytes:
        import csv
        from io import StringIO

        text = StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="\n").writerows(zip(*columns))
        return text.getvalue().encode("utf-8", "surrogateescape")

    def _objects(self, kept: Sequence[Any], results: Sequence[Any]) -> bytes:
        import json

        columns = [*map(_json_words, kept), *(_words(column, shortest_or_null) for column in results)]
        heads = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in self.names]
        line = "{" + ", ".join(f"{head}: %s" for head in heads) + "}\n"
        return "".join([line % row for row in zip(*columns)]).encode("utf-8", "surrogateescape")


def _words(column: Any, text_of: Callable[[float], str]) -> list[str]:
    import numpy as np

    return shortest_rows(np.stack([column], axis=-1), ",", text_of).decode().splitlines()


def _values(column: Any) -> list[Any]:
    """The values of a list, or of an array of Arrow's or NumPy's."""
    if isinstance(column, list):
        return column
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.tolist()
    return values


def _cells(column: Any) -> list[str]:
    """A kept column as it stands in csv."""
    return [_cell(value) for value in _values(column)]


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else shortest(value) if isinstance(value, float) else str(value)


def _json_words(column: Any) -> list[str]:
    """A kept column as it stands in JSON."""
    import json

    return [
        shortest_or_null(value)
        if isinstance(value, float)
        else json.dumps(value if isinstance(value, bool | int | None) else _cell(value), ensure_ascii=False)
        for value in _values(column)
    ]


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
