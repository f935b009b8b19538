"""Answered rows as text: csv, tsv, jsonl or plain.

Where columns of the rows are kept, Arrow puts the lines together, from columns of words.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from autodiff.cli.formats import separated_lines
from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.numbers import shortest, shortest_or_null, shortest_rows
from autodiff.rows.batch import Reader
from autodiff.rows.input import DELIMITERS

TEXTS = (*DELIMITERS, "jsonl", "plain")
"""The formats of rows that are text."""

_PIECE = 1 << 14  # rows that are turned into text at once: few enough to stay in the cache


class Text:
    """Rows as csv, tsv, jsonl or plain."""

    def __init__(self, kind: str, rows: Reader, names: Sequence[str], sink: Any) -> None:
        self.kind, self.sink = kind, sink
        self.names = [*rows.kept, *names]
        self.typed = kind == "jsonl"
        self.delimiter = DELIMITERS.get(kind, "\t")
        header = separated_lines([self.names], self.delimiter) if rows.header and kind in DELIMITERS else ""
        self.header = _bytes(header)
        keys = [f"{json.dumps(name, ensure_ascii=False)}: " for name in self.names]
        between = ["{" + keys[0], *[f", {key}" for key in keys[1:]], "}\n"]
        if not self.typed:
            between = ["", *[self.delimiter] * (len(self.names) - 1), "\n"]
        self.between = [_bytes(piece) for piece in between]
        """What stands in a line before, between and behind the words."""

    def encode(self, count: int, kept: Sequence[Any], results: Sequence[Any]) -> list[Any]:
        """The text of some rows, in pieces of whole lines."""
        if not count:
            return []
        if self.typed:
            return [self._joined([*map(json_words, self._checked(kept)), *map(json_words, results)])]
        import pyarrow as pa

        lines = self._numbers(results)
        if not kept:
            return lines
        words = [csv_words(column, self.delimiter) for column in self._checked(kept)]
        return [self._joined([*words, pa.array(b"".join(lines).splitlines(), pa.binary())])]

    def write(self, pieces: Sequence[Any]) -> None:
        """Put out some rows, below the header if they are the first."""
        first, *rest = pieces or [b""]
        for piece in (self.header + first if self.header else first, *rest):
            self.sink.write(piece)
        self.header = b""

    def finish(self) -> None:
        """Put out the header at least."""
        self.write([])

    def _numbers(self, results: Sequence[Any]) -> list[bytes]:
        """The lines of the answers alone."""
        import numpy as np

        starts = range(0, len(results[0]), _PIECE)
        pieces = [np.stack([column[start : start + _PIECE] for column in results], axis=-1) for start in starts]
        return [shortest_rows(piece, self.delimiter) for piece in pieces]

    def _checked(self, kept: Sequence[Any]) -> Iterator[Any]:
        """The kept columns in one piece each, if they have a place in text."""
        for name, column in zip(self.names, kept):
            if is_nested(column):
                hint = "leave out --keep, or use parquet or arrow"
                raise NotMet(f"column '{name}' holds {column.type}, which has no place in {self.kind}", hint)
            yield column.combine_chunks() if hasattr(column, "combine_chunks") else column

    def _joined(self, columns: Sequence[Any]) -> Any:
        """The lines as one piece of memory."""
        import numpy as np

        *between, end = self.between
        lines = _join(*[piece for pair in zip(between, columns) for piece in pair], end)
        _, offsets, data = lines.buffers()
        first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]]
        return memoryview(data)[first:last]


def csv_words(column: Any, delimiter: str) -> Any:
    """A column as it stands in csv: an array of bytes."""
    import pyarrow.compute as pc

    words = _words(column, _cell, shortest, b"")
    special = pc.match_substring_regex(words, f'["\r\n{delimiter}]')
    if special.true_count:
        quoted = _join(b'"', pc.replace_substring(words, '"', '""'), b'"')
        words = pc.if_else(special, quoted, words)
    return words


def json_words(column: Any) -> Any:
    """A column as it stands in JSON: an array of bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_text(column):
        return _words(column, _json_cell, shortest_or_null, b"null")
    words = column.cast(pa.binary())
    if pc.match_substring_regex(words, r'["\\\x00-\x1f]').true_count:
        return _words(column.to_pylist(), _json_cell, shortest_or_null, b"null")
    return pc.fill_null(_join(b'"', words, b'"'), b"null")


def _join(*pieces: Any) -> Any:
    """Columns, and what stands between them, as one column."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*[_scalar(x) if isinstance(x, bytes) else x for x in pieces], _scalar(b""))


@cache
def _scalar(piece: bytes) -> Any:
    """Kept, since pyarrow takes 200 µs to make one: it looks for a module that is not there."""
    import pyarrow as pa

    return pa.scalar(piece, pa.binary())


def is_nested(column: Any) -> bool:
    """Whether a column is an array of Arrow's whose values have parts."""
    import pyarrow as pa

    return hasattr(column, "type") and pa.types.is_nested(column.type)


def is_text(column: Any) -> bool:
    """Whether a column is an array of Arrow's that holds text."""
    import pyarrow as pa

    return hasattr(column, "type") and column.type in (pa.string(), pa.binary(), pa.large_string())


def _words(column: Any, word: Callable[[Any], str], number: Callable[[float], str], null: bytes) -> Any:
    """A column as an array of bytes, each value by `word` where Arrow has not the same."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.Array):
        if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
            column = column.cast(pa.string())
        if is_text(column):
            return pc.fill_null(column.cast(pa.binary()), null)
        if pa.types.is_floating(column.type) and column.null_count == 0:
            column = column.to_numpy().astype(float)
    if isinstance(column, np.ndarray):
        lines = b"".join(
            shortest_rows(column[i : i + _PIECE, None], ",", number) for i in range(0, len(column), _PIECE)
        )
        return pa.array(lines.splitlines(), pa.binary())
    values = column if isinstance(column, list) else column.to_pylist()
    return pa.array([_bytes(word(value)) for value in values], pa.binary())


def _bytes(text: str) -> bytes:
    """As UTF-8, and as it came where that was none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # JSON can say half a character
        return text.encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else shortest(value) if isinstance(value, float) else str(value)


def _json_cell(value: Any) -> str:
    if isinstance(value, float):
        return shortest_or_null(value)
    plain = isinstance(value, bool | int | list | dict | None)
    return json.dumps(value if plain else _cell(value), ensure_ascii=False)
