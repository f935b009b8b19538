"""Where rows come from: a file or a pipe, as blocks of whole lines or as record batches."""

import os
import re
import select
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.grammar.errors import did_you_mean

ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""What the ending of a file says about the rows in it. Nothing else lists the formats of rows."""
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
DELIMITERS = {"csv": ",", "tsv": "\t"}

_BLOCK = 1 << 21  # of text: large enough for the calls not to count, small enough for the cache and for little memory
_LONGEST = 1 << 27  # of one record


def known_format(name: str, formats: tuple[str, ...] = FORMATS) -> str:
    """The name, if there is such a format of rows."""
    if name in formats:
        return name
    hint = did_you_mean(name, list(formats)) or f"the formats of rows are {', '.join(formats)}"
    raise WrongRequest(f"unknown format of rows '{name}'", hint)


@dataclass(frozen=True)
class Source:
    """Where rows are: what the user calls it, and the path or URL by which every process finds it."""

    name: str
    path: str

    @property
    def ending(self) -> str | None:
        """The format that its ending tells."""
        return ENDINGS.get(Path(self.path).suffix.lower())


STDIN = Source("stdin", "")


@dataclass(frozen=True)
class Block:
    """A part of a file that is answered by itself: whole records of a text, a row group of parquet, or a whole file."""

    source: Source
    kind: str
    start: int | None = None
    """Its first byte, or the number of its row group; None where it is the whole file."""
    size: int = 0
    line: int = 1
    """The number of its first line or row."""
    head: bytes = b""
    """The first record of the text, which tells the columns of all."""

    @property
    def name(self) -> str:
        """What a user calls it."""
        where = f", from {'line' if self.head else 'row'} {self.line:,} on" if self.start is not None else ""
        return f"{self.source.name}{where}"


class Input:
    """A file, a URL, stdin, or a block of a file, opened, with its first bytes read."""

    def __init__(
        self,
        source: Source,
        kind: str | None = None,
        awaited: Callable[["Input"], None] = lambda _: None,
        block: Block | None = None,
    ) -> None:
        self.name, self.path, self.block = source.name, source.path, block
        self.left: int | None = None  # how much may still be read, where that is not all
        if source is STDIN and sys.stdin is None:
            raise WrongRequest("cannot read stdin: it is closed")
        try:
            self._open()
            awaited(self)
            self.start = self._first_bytes()
        except OSError as error:
            raise WrongRequest(f"cannot read {self.name}: {error.strerror or error}") from None
        self.done = len(self.start)  # how much has been read
        self.kind = known_format(kind) if kind else source.ending or sniffed(self.start)

    def _open(self) -> None:
        self.remote: Any = None
        self.size: int | None = None
        self.file = -1
        if "://" in self.path:
            from autodiff.rows.sources import opened

            self.remote, self.size = opened(self.path)
            return
        self.file = os.open(self.path, os.O_RDONLY) if self.path else 0
        mode = os.fstat(self.file)
        self.size = mode.st_size if stat.S_ISREG(mode.st_mode) else None

    def _first_bytes(self) -> bytes:
        if self.block is None or self.block.start is None:
            return self._read(_BLOCK)
        self.left = 0
        return self.block.head

    def to_block(self, block: Block) -> None:
        """Go on with the bytes of a block, whose head has been read."""
        if self.remote:
            self.remote.seek(block.start)
        else:
            os.lseek(self.file, block.start or 0, os.SEEK_SET)
        self.left = block.size

    def _read(self, size: int) -> bytes:
        if not self.remote:
            return os.read(self.file, size)
        try:
            return bytes(self.remote.read(size))
        except Exception as error:  # each kind of file system has its own
            raise OSError(str(error)) from None

    def readable(self, seconds: float = 0) -> bool:
        """Whether a read would return at once."""
        try:
            return (
                self.size is not None or self.remote is not None or bool(select.select([self.file], [], [], seconds)[0])
            )
        except (OSError, ValueError):  # where there is no select for files
            return True

    def read(self) -> bytes:
        """What is there, or what comes next; nothing at the end."""
        try:
            data = self._read(_BLOCK if self.left is None else min(_BLOCK, self.left))
        except OSError as error:
            raise NotMet(f"cannot read {self.name}: {error.strerror or error}") from None
        self.done += len(data)
        if self.left is not None:
            self.left -= len(data)
        return data

    def seekable(self) -> Any:
        """As a file to jump about in; a pipe is copied into one."""
        if self.remote:
            self.remote.seek(0)
            return self.remote
        if self.path and self.size is not None:
            return self._native()
        file = os.fdopen(os.dup(self.file), "rb") if self.size is not None else self._copied()
        file.seek(0)
        return file

    def _native(self) -> Any:
        import pyarrow as pa

        return pa.OSFile(self.path)

    def close(self) -> None:
        """No more is read."""
        if self.remote:
            self.remote.close()
        elif self.path:
            os.close(self.file)

    def _copied(self) -> Any:
        import tempfile

        copy = tempfile.TemporaryFile()  # noqa: SIM115
        copy.write(self.start)
        while more := self.read():
            copy.write(more)
        return copy


def sniffed(start: bytes) -> str:
    """The format of rows that begin so."""
    for magic, kind in ((b"PAR1", "parquet"), (b"ARROW1", "arrow"), (b"\xff\xff\xff\xff", "arrow")):
        if start.startswith(magic):
            return kind
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[{")):
        return "jsonl"
    line = text.partition(b"\n")[0]
    return "tsv" if b"\t" in line and b"," not in line else "csv"


class Lines:
    """The records of a text, in blocks of whole ones, with the number of the first line of each."""

    def __init__(self, source: Input) -> None:
        self.source = source
        self.line = 1
        self.rest = source.start.removeprefix(b"\xef\xbb\xbf")
        self.quotes = source.kind in DELIMITERS
        self.delimiter = DELIMITERS.get(source.kind, ",").encode()
        if self.rest.startswith(b"\x1f\x8b"):
            raise NotMet(f"{source.name} is compressed", "unpack it first: gzip -dc")
        if b"\0" in self.rest:
            raise self.failure("is binary, not text" if source.kind == "csv" else f"is binary, not {source.kind}")

    def failure(self, message: str) -> Failure:
        return NotMet(f"{self.source.name} {message}")

    def first(self) -> bytes:
        """The first record with its line's end; Failure where there is none."""
        while True:
            while self.rest[:1] in (b"\n", b"\r"):  # blank lines above it
                self.line += self.rest[:1] == b"\n"
                self.rest = self.rest[1:]
            end = self.rest.find(b"\n") + 1
            while end and self.cut(self.rest[:end]) < end:
                end = self.rest.find(b"\n", end) + 1
            if end or not (more := self.source.read()):
                break
            self.rest += more
        self.head = self.take(end or len(self.rest))
        if not self.head.strip():
            raise self.failure("is empty")
        if b"\r" in self.head.rstrip() and b'"' not in self.head:
            message = f"{self.source.name} has lines that end in a carriage return alone"
            raise NotMet(message, r"convert it first: tr '\r' '\n'")
        return self.head

    def put_back(self, taken: bytes) -> None:
        """What was taken last is to be read again."""
        self.rest = taken + self.rest
        self.line -= taken.count(b"\n")

    def take(self, size: int) -> bytes:
        taken, self.rest = self.rest[:size], self.rest[size:]
        self.line += taken.count(b"\n")
        return taken

    def only(self, block: Block | None) -> None:
        """Go on with the lines of a block, if there is one: the first record was its head."""
        if block is not None:
            self.source.to_block(block)
            self.rest, self.line = b"", block.line

    def cut(self, data: bytes) -> int:
        """Where the last whole record ends."""
        if not self.quotes or b'"' not in data:
            return data.rfind(b"\n") + 1
        end = data.rfind(b"\n") + 1
        if data.count(b'"', 0, end) % 2:  # within quotes, or a stray quote somewhere
            start = rb'(?<![^%s\r\n])"' % re.escape(self.delimiter)
            blank = re.sub(start + rb'[^"]*+(?:""[^"]*+)*+"', lambda quoted: b"x" * len(quoted[0]), data[:end])
            opened = re.search(start, blank)
            end = blank.rfind(b"\n", 0, opened.start() if opened else end) + 1
        return end

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[bytes, int]]:
        """Whatever whole records are there; more of them at once where those who work on them are busy."""
        while True:
            ended = False
            if not self.cut(self.rest):
                if not self.source.readable():
                    before_wait()
                more = self.source.read()
                ended = not more
                self.rest += more
                if len(self.rest) > _LONGEST:
                    raise self.failure(f"has a record of more than {_LONGEST:,} bytes in line {self.line:,}")
            while not ended and len(self.rest) < _BLOCK and busy() and self.source.readable():
                more = self.source.read()
                ended = not more
                self.rest += more
            end = min(self.cut(self.rest + b"\n"), len(self.rest)) if ended else self.cut(self.rest)
            if end:
                line = self.line
                yield self.take(end), line
            if ended:
                if self.rest:
                    raise self.failure(f"has a quote in line {self.line:,} that is never closed")
                return
