"""A source, opened: its bytes in the order in which they come."""

import os
import select
import stat
from collections.abc import Callable
from typing import Any

from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.rows.sources import Part, Source, opened

_CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""The first bytes of compressed files, and pyarrow's names of the compressions."""
BLOCK = 1 << 20  # bytes: large enough for the calls not to count, small enough for the cache and for little memory


class Input:
    """A file, a URL, stdin, or a part of a file, opened, with its first bytes read."""

    packed: Any = None
    """The stream that decompresses it, where it is compressed."""
    format = ""
    """The name of its format, once that is known."""

    def __init__(
        self, source: Source, part: Part | None = None, awaited: Callable[["Input"], None] = lambda _: None
    ) -> None:
        """Open it, call `awaited` before the first read, which may wait, and read.

        Raises:
            Failure: it cannot be read.
        """
        self.source, self.name, self.part = source, source.name, part
        self.left: int | None = None  # how much may still be read, where that is not all
        try:
            self._open()
            awaited(self)
            self.start = self._first_bytes()
        except OSError as error:
            raise WrongRequest(f"cannot read {self.name}: {error.strerror or error}") from None
        self.done = len(self.start)  # how much has been read
        if codec := next((codec for magic, codec in _CODECS.items() if self.start.startswith(magic)), None):
            import pyarrow as pa

            self.packed = pa.CompressedInputStream(pa.PythonFile(Pipe(self.start, self._read), "r"), codec)
            self.start = self.read()

    def _open(self) -> None:
        self.remote: Any = None
        self.size: int | None = None
        self.file = -1
        path, descriptor = self.source.path, self.source.descriptor
        if not path and descriptor is None:
            raise WrongRequest(f"cannot read {self.name}: it is closed")
        if "://" in path:
            self.remote, self.size = opened(path)
            return
        self.file = os.open(path, os.O_RDONLY) if descriptor is None else descriptor
        mode = os.fstat(self.file)
        self.size = mode.st_size if stat.S_ISREG(mode.st_mode) else None

    def _first_bytes(self) -> bytes:
        if self.part is None or self.part.start is None:
            return self._read(BLOCK)
        self.left = 0
        return self.part.head

    def to_part(self, part: Part) -> None:
        """Go on with the bytes of a part, whose head has been read."""
        if self.remote:
            self.remote.seek(part.start)
        else:
            os.lseek(self.file, part.start or 0, os.SEEK_SET)
        self.left = part.size

    def _read(self, size: int) -> bytes:
        if not self.remote:
            return os.read(self.file, size)
        return _read_from(self.remote, size)

    def read(self) -> bytes:
        """The bytes that have come, or the next to come; none at the end."""
        size = BLOCK if self.left is None else min(BLOCK, self.left)
        try:
            data = _read_from(self.packed, size) if self.packed else self._read(size)
        except OSError as error:
            raise NotMet(f"cannot read {self.name}: {error.strerror or error}") from None
        self.done += len(data)
        if self.left is not None:
            self.left -= len(data)
        return data

    def readable(self, seconds: float = 0) -> bool:
        """Whether a read would return at once."""
        if self.size is not None or self.remote is not None:
            return True
        try:
            return bool(select.select([self.file], [], [], seconds)[0])
        except (OSError, ValueError):  # where there is no select for files
            return True

    def seekable(self) -> Any:
        """The input as a seekable file; a pipe is copied into one."""
        if self.remote and not self.packed:
            self.remote.seek(0)
            return self.remote
        if self.source.path and self.size is not None and not self.packed:
            import pyarrow as pa

            return pa.memory_map(self.source.path)
        as_it_is = self.size is not None and not self.packed
        # A duplicate, since closing the file must not close stdin.
        file = os.fdopen(os.dup(self.file), "rb") if as_it_is else self._copied()
        file.seek(0)
        return file

    def _copied(self) -> Any:
        import tempfile

        copy = tempfile.TemporaryFile()  # noqa: SIM115
        copy.write(self.start)
        while more := self.read():
            copy.write(more)
        return copy

    def close(self) -> None:
        """Read no more of it."""
        if self.remote:
            self.remote.close()
        elif self.source.path:
            os.close(self.file)


def _read_from(file: Any, size: int) -> bytes:
    """Read from a file of fsspec's or pyarrow's; OSError where that fails, of which each kind has its own."""
    try:
        return bytes(file.read(size))
    except Exception as error:
        raise OSError(str(error).partition("\n")[0]) from None


class Pipe:
    """Bytes that were read, and those that come behind them, as a file for pyarrow."""

    closed = False

    def __init__(self, start: bytes, more: Callable[[int], bytes]) -> None:
        self.rest, self.more = start, more

    def read(self, size: int = -1) -> bytes:
        """That many bytes, or fewer at the end."""
        while (size < 0 or len(self.rest) < size) and (more := self.more(BLOCK)):
            self.rest += more
        size = len(self.rest) if size < 0 else size
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def close(self) -> None:
        """For pyarrow."""
        self.closed = True
