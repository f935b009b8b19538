"""Columns as words, and words as lines: what the writers of text have in common.

Where columns of the rows are kept, Arrow puts the lines together, from columns of words.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, TypeAlias

from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.numbers import shortest, shortest_or_null, shortest_rows
from autodiff.rows.batch import Column, Floats
from autodiff.rows.formats.base import Answers, Layout, Sink, Writer

Piece: TypeAlias = bytes | memoryview
Words: TypeAlias = Any
"""An array of pyarrow's, of bytes."""

_ROWS = 1 << 14  # that are turned into text at once: few enough to stay in the cache


class TextWriter(Writer):
    """Answers as lines of text, below a header if there is one."""

    header = b""

    def __init__(self, layout: Layout, sink: Sink, between: Sequence[str]) -> None:
        """`between` is what stands in a line before, between and behind the words."""
        super().__init__(layout, sink)
        self.between = [encoded_text(piece) for piece in between]

    @abstractmethod
    def lines(self, answers: Answers) -> Sequence[Piece]:
        """The text, in pieces of whole lines."""

    def encoded(self, answers: Answers) -> Callable[[], None]:
        return partial(self._write, self.lines(answers) if answers.count else [])

    def _write(self, pieces: Sequence[Piece]) -> None:
        first, *rest = pieces or [b""]
        for piece in (self.header + first if self.header else first, *rest):
            self.sink.write(piece)
        self.header = b""

    def finish(self) -> None:
        self._write([])

    def flat(self, kept: Sequence[Column]) -> Iterator[Column]:
        """The kept columns in one piece each, if they have a place in text."""
        for name, column in zip(self.layout.kept, kept):
            if _is_nested(column):
                message = f"column '{name}' holds {column.type}, which has no place in {self.layout.format}"
                raise NotMet(message, "leave out --keep, or use parquet or arrow")
            yield column.combine_chunks() if hasattr(column, "combine_chunks") else column

    def joined(self, columns: Sequence[Words]) -> memoryview:
        """The lines as one piece of memory."""
        import numpy as np

        *between, end = self.between
        lines = _join(*[piece for pair in zip(between, columns) for piece in pair], end)
        _, offsets, data = lines.buffers()
        first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]]
        return memoryview(data)[first:last]


def number_lines(results: Sequence[Floats], delimiter: str) -> list[bytes]:
    """The lines of answers alone, in pieces of some."""
    import numpy as np

    starts = range(0, len(results[0]), _ROWS)
    pieces = [np.stack([column[start : start + _ROWS] for column in results], axis=-1) for start in starts]
    return [shortest_rows(piece, delimiter) for piece in pieces]


def csv_words(column: Column, delimiter: str) -> Words:
    """A column as cells of csv."""
    import pyarrow.compute as pc

    words = _words(column, _cell, shortest, b"")
    empty = "|^$" if delimiter == " " else ""  # which is no cell between blanks
    special = pc.match_substring_regex(words, f'["\r\n{re.escape(delimiter)}]{empty}')
    if special.true_count:
        quoted = _join(b'"', pc.replace_substring(words, '"', '""'), b'"')
        words = pc.if_else(special, quoted, words)
    return words


def json_words(column: Column) -> Words:
    """A column as values of JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _is_text(column):
        return _words(column, _json_cell, shortest_or_null, b"null")
    words = column.cast(pa.binary())
    # Arrow does not escape, so quotes, backslashes and control characters are left to Python.
    if pc.match_substring_regex(words, r'["\\\x00-\x1f]').true_count:
        return _words(column.to_pylist(), _json_cell, shortest_or_null, b"null")
    return pc.fill_null(_join(b'"', words, b'"'), b"null")


def _join(*pieces: Words) -> Words:
    """Columns, and what stands between them, as one column."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*[_scalar(x) if isinstance(x, bytes) else x for x in pieces], _scalar(b""))


@cache
def _scalar(piece: bytes) -> Any:
    """Kept, since pyarrow takes 200 µs to make one: it looks for a module that is not there."""
    import pyarrow as pa

    return pa.scalar(piece, pa.binary())


def _is_nested(column: Column) -> bool:
    """Whether a column is an array of Arrow's whose values have parts."""
    import pyarrow as pa

    return hasattr(column, "type") and pa.types.is_nested(column.type)


def _is_text(column: Column) -> bool:
    """Whether a column is an array of Arrow's that holds text."""
    import pyarrow as pa

    return hasattr(column, "type") and column.type in (pa.string(), pa.binary(), pa.large_string())


def _words(column: Column, word: Callable[[object], str], number: Callable[[float], str], null: bytes) -> Words:
    """A column as an array of bytes, each value by `word` where Arrow has not the same."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.Array):
        if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
            column = column.cast(pa.string())
        if _is_text(column):
            return pc.fill_null(column.cast(pa.binary()), null)
        if pa.types.is_floating(column.type) and column.null_count == 0:
            column = column.to_numpy().astype(float)
    if isinstance(column, np.ndarray):
        pieces = (column[i : i + _ROWS, None] for i in range(0, len(column), _ROWS))
        lines = b"".join(shortest_rows(piece, ",", number) for piece in pieces)
        return pa.array(lines.splitlines(), pa.binary())
    values = column if isinstance(column, list) else column.to_pylist()
    return pa.array([encoded_text(word(value)) for value in values], pa.binary())


def encoded_text(text: str) -> bytes:
    """Text as UTF-8, and as it came where it was not."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # JSON can say half a character
        return text.encode("utf-8", "surrogatepass")


def _cell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else shortest(value) if isinstance(value, float) else str(value)


def _json_cell(value: object) -> str:
    if isinstance(value, float):
        return shortest_or_null(value)
    plain = isinstance(value, bool | int | list | dict | None)
    return json.dumps(value if plain else _cell(value), ensure_ascii=False)
