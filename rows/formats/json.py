"""Rows of JSON, one object a line."""

from collections.abc import Callable, Iterator
from typing import Any

from autodiff.evaluation.errors import NotMet
from autodiff.rows.batch import Batch, Reader, Record, number_in, shown
from autodiff.rows.formats.arrow import as_doubles
from autodiff.rows.input import Input, Lines


class Objects(Reader):
    """Rows of JSON, one object a line."""

    def __init__(self, source: Input) -> None:
        self.lines = Lines(source)
        first = self.lines.first()
        self.lines.put_back(first)
        row = json_object(first.decode("utf-8", "replace"))
        if isinstance(row, str):
            hint = "write one object a line, as jq -c '.[]' does" if first.lstrip().startswith(b"[") else None
            raise NotMet(f"{source.name}, line {self.lines.line:,}{row}", hint)
        self.example = row
        self.lines.only(source.block)
        super().__init__(source.name, list(row))

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[bytes, int]]:
        return self.lines.blocks(busy, before_wait)

    def parse(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa

        try:
            return self._at_once(block, line)
        except (pa.ArrowException, ValueError):
            return self.columns.carefully(self._checked(block, line))

    def _at_once(self, block: bytes, line: int) -> Batch:
        """By Arrow; ValueError where it would not give what is written."""
        used = [self.written[i] for i in self.columns.used]
        table = self._read(block, used)
        if block.count(b"\n") + (not block.endswith(b"\n")) != table.num_rows:
            raise ValueError("blank lines")
        columns = {name: table.column(name) for name in used if not self.columns.keep}
        if self.columns.keep:
            columns = {name: faithful(table, name) for name in self.written}
            if not set(table.column_names) <= set(columns):
                raise ValueError("keys that the first row has not")
        kept = list(columns.values()) if self.columns.keep else []
        numbers = [as_doubles(columns[name]) for name in used]
        return Batch(table.num_rows, numbers, kept, lambda i: f"line {line + i:,}")

    def _read(self, block: bytes, used: list[str]) -> Any:
        import pyarrow as pa
        from pyarrow import json as reader

        # Left to itself Arrow takes some text for dates.
        text = [(name, pa.string()) for name, value in self.example.items() if isinstance(value, str)]
        schema = pa.schema(text if self.columns.keep else [(name, pa.float64()) for name in used])
        return reader.read_json(
            pa.BufferReader(block),
            reader.ReadOptions(use_threads=False, block_size=len(block) + 1),
            reader.ParseOptions(schema, unexpected_field_behavior="infer" if self.columns.keep else "ignore"),
        )

    def _checked(self, block: bytes, line: int) -> Iterator[Record]:
        used = [self.written[i] for i in self.columns.used]
        for at, text in enumerate(block.decode("utf-8", "surrogateescape").split("\n"), line):
            if not text.strip():
                continue
            row = json_object(text)
            if isinstance(row, str):
                kept = [None] * len(self.written)
                yield Record(f"line {at:,}", f"{text}\n", [float("nan")] * len(used), kept, row)
                continue
            reasons = [f", column '{name}'{wrong}" for name in used if (wrong := wrong_number(name, row.get(name)))]
            if self.columns.keep:
                reasons += [f": the first row has no '{k}' that could be kept" for k in row if k not in self.written]
                reasons += [
                    f": {nested(k, row[k])} is nested" for k in self.written if isinstance(row.get(k), dict | list)
                ]
            numbers = [json_number(row.get(k)) for k in used]
            yield Record(
                f"line {at:,}",
                f"{text}\n",
                numbers,
                [row.get(k) for k in self.written],
                reasons[0] if reasons else None,
            )


def faithful(table: Any, name: str) -> Any:
    """A column as it was read, if nothing is lost in it: no nested values, no digits of large whole numbers."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import types as t

    if name not in table.column_names:
        return pa.nulls(table.num_rows)
    column = table.column(name).combine_chunks()
    same = t.is_string(column.type) or t.is_integer(column.type) or t.is_boolean(column.type) or t.is_null(column.type)
    if not same and not (t.is_float64(column.type) and not (np.abs(as_doubles(column)) >= 2**53).any()):
        raise ValueError(name)
    return column


def json_object(text: str) -> dict[str, Any] | str:
    """The object in a line, or what is wrong with it."""
    import json

    try:
        row = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        return f" is not valid JSON: {error}"
    return row if isinstance(row, dict) else f" is no JSON object: {shown(text)}"


def _integer(text: str) -> int | float:
    return int(text) if len(text) < 300 else float(text)


def wrong_number(name: str, value: Any) -> str | None:
    """Why a JSON value is no number, if it is none."""
    if isinstance(value, dict | list):
        return f": {nested(name, value)} is nested"
    return f": {shown(value)} is no number" if isinstance(value, str) and number_in(value) is None else None


def json_number(value: Any) -> float:
    """The number that a JSON value is, nan where it is none."""
    number = number_in(value) if isinstance(value, str) else value
    return float(number) if isinstance(number, int | float) else float("nan")


def nested(path: str, value: Any) -> str:
    """The path of the first number or text in a nested value."""
    while isinstance(value, dict | list) and value:
        key, value = next(iter(value.items() if isinstance(value, dict) else enumerate(value)))
        path += f".{key}" if isinstance(key, str) else f"[{key}]"
    return path
