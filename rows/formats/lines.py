"""Rows of text: blocks of whole records, each of which is a line, or several where a cell in quotes has line breaks."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial

from autodiff.evaluation.errors import NotMet
from autodiff.rows.batch import Batch
from autodiff.rows.formats.base import Block, Reader
from autodiff.rows.input import BLOCK, Input
from autodiff.rows.sources import Part

_UNREADABLE = (
    (b"\xfd7zXZ", "compressed", "unpack it first: xz -dc"),
    (b"PK\x03\x04", "a zip archive", "unpack it first: unzip -p; a spreadsheet can be saved as csv"),
    ((b"\xff\xfe", b"\xfe\xff"), "UTF-16 text", "convert it first: iconv -f UTF-16 -t UTF-8"),
)
"""How files of other kinds begin that users take for text."""
LONGEST = 1 << 27  # bytes of one record


def line_breaks(text: bytes) -> int:
    """How many there are, counted in a quarter of the time that bytes.count takes."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))


class Lines:
    """The records of a text, in blocks of whole ones, with the number of the first line of each."""

    unit = "line"
    """The word for what is counted."""

    def __init__(self, source: Input, delimiter: str = "") -> None:
        """With a delimiter a record may have line breaks in quotes."""
        self.source = source
        self.line = 1
        self.in_parts = not source.packed
        """Whether it can be cut into parts."""
        self.rest = source.start.removeprefix(b"\xef\xbb\xbf")
        self.delimiter = delimiter.encode()
        for magic, what, hint in _UNREADABLE:
            if self.rest.startswith(magic):
                raise NotMet(f"{source.name} is {what}", hint)
        if b"\0" in self.rest:
            raise self.failure(f"is binary, not {'text' if source.format == 'csv' else source.format}")

    def failure(self, message: str) -> NotMet:
        """Something is wrong with the file."""
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
        """Put back what was taken last, so that it is read again."""
        self.rest = taken + self.rest
        self.line -= taken.count(b"\n")

    def take(self, size: int) -> bytes:
        """So many of the bytes that were read."""
        taken, self.rest = self.rest[:size], self.rest[size:]
        self.line += line_breaks(taken)
        return taken

    def to_part(self) -> None:
        """Where a part of the file is wanted, go on with its lines: the first record was its head."""
        if self.source.part is not None and self.source.part.start is not None:
            self.source.to_part(self.source.part)
            self.rest, self.line = b"", self.source.part.line

    def cut(self, data: bytes) -> int:
        """Where the last whole record ends."""
        end = data.rfind(b"\n") + 1
        if not self.delimiter or b'"' not in data:
            return end
        if data.count(b'"', 0, end) % 2:  # within quotes, or a stray quote somewhere
            start = rb'(?<![^%s\r\n])"' % re.escape(self.delimiter)
            blank = re.sub(start + rb'[^"]*+(?:""[^"]*+)*+"', lambda quoted: b"x" * len(quoted[0]), data[:end])
            opened = re.search(start, blank)
            end = blank.rfind(b"\n", 0, opened.start() if opened else end) + 1
        return end

    def blocks(self) -> Iterator[tuple[bytes, int]]:
        """All whole records that have come, up to a block of them."""
        while True:
            ended = False
            if not self.cut(self.rest):
                ended = self.read_more()
                if len(self.rest) > LONGEST:
                    raise self.failure(f"has a record of more than {LONGEST:,} bytes in line {self.line:,}")
            while not ended and len(self.rest) < BLOCK and self.source.readable():
                ended = self.read_more()
            end = min(self.cut(self.rest + b"\n"), len(self.rest)) if ended else self.cut(self.rest)
            if end:
                line = self.line
                yield self.take(end), line
            if ended:
                if self.rest:
                    raise self.failure(f"has a quote in line {self.line:,} that is never closed")
                return

    def read_more(self) -> bool:
        """Read once, and return whether that was the end."""
        more = self.source.read()
        self.rest += more
        return not more


class LineReader(Reader):
    """A reader of text."""

    def __init__(self, lines: Lines, written: list[str], renamed: Mapping[str, str]) -> None:
        self.lines = lines
        lines.to_part()
        super().__init__(lines.source, written, renamed)

    def blocks(self) -> Iterator[Block]:
        for block, line in self.lines.blocks():
            yield partial(self.parse, block, line)

    @abstractmethod
    def parse(self, block: bytes, line: int) -> Batch:
        """The numbers of whole records, the first of which begins in that line, and what is wrong in them."""

    def parts(self, size: int) -> Iterator[Part]:
        """Whole records: only a look at all above them tells where they are, and the numbers of their lines."""
        if not self.lines.in_parts:
            yield from super().parts(size)
            return
        lines, source = self.lines, self.source.source
        start, length, first = self.source.done - len(lines.rest), 0, lines.line
        for records, line in lines.blocks():
            first = first if length else line
            length += len(records)
            if length >= size:
                yield Part(source, start, length, first, lines.head)
                start, length = start + length, 0
        if length:
            yield Part(source, start, length, first, lines.head)
