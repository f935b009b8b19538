"""Objects of JSON that are not one a line: in an array, or over several lines each."""

import re
from collections.abc import Iterator

from autodiff.rows.batch import shown
from autodiff.rows.formats.lines import LONGEST, Lines
from autodiff.rows.input import Input

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}]', re.DOTALL)
"""A string, a quote that begins one whose end has not come yet, or a brace."""
_BETWEEN = b" \t\r\n,[]"


class Objects(Lines):
    """The objects of a text, in blocks with one object a line, with the number of the first object of each."""

    unit = "object"

    def __init__(self, source: Input) -> None:
        super().__init__(source)
        self.in_parts = False

    def first(self) -> bytes:
        """The first object; what is there instead, if there is none."""
        while True:
            before = self.rest
            objects = self._take_objects()
            self.rest = before
            if objects or self.read_more() or len(self.rest) > LONGEST:
                return objects[0] if objects else self.rest.strip()

    def blocks(self) -> Iterator[tuple[bytes, int]]:
        """All whole objects that have come."""
        while True:
            if objects := self._take_objects():
                self.line += len(objects)
                yield b"".join(re.sub(rb"[\r\n]", b" ", each) + b"\n" for each in objects), self.line - len(objects)
            if self.read_more():
                self._check_between(self.rest, self.line - 1)
                return
            if len(self.rest) > LONGEST:
                raise self.failure(f"has more than {LONGEST:,} bytes in object {self.line:,}")

    def _take_objects(self) -> list[bytes]:
        """The whole objects in what has been read."""
        objects, begin, end, depth = list[bytes](), 0, 0, 0
        for token in _TOKEN.finditer(self.rest):
            if token[0] == b'"':
                break
            if token[0] == b"{":
                if not depth:
                    begin = token.start()
                    self._check_between(self.rest[end:begin], self.line + len(objects) - 1)
                depth += 1
            elif token[0] == b"}":
                depth -= 1
                if not depth:
                    end = token.end()
                    objects.append(self.rest[begin:end])
        self.rest = self.rest[end:]
        return objects

    def _check_between(self, text: bytes, above: int) -> None:
        """NotMet where there is anything but objects."""
        left = text.strip(_BETWEEN)
        if left.startswith(b"{"):
            raise self.failure(f"ends within object {above + 1:,}")
        if left:
            where = f"behind object {above:,}" if above else "above its first object"
            raise self.failure(f"has {shown(left.decode('utf-8', 'replace'))} {where}")
