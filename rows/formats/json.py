"""Rows of JSON, one object a line."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from autodiff.evaluation.errors import NotMet
from autodiff.rows.batch import Batch, Column, Record, number_in, shown
from autodiff.rows.formats.arrow import as_doubles
from autodiff.rows.formats.base import Answers, Layout, Sink
from autodiff.rows.formats.lines import LineReader, Lines
from autodiff.rows.formats.objects import Objects
from autodiff.rows.formats.words import Piece, TextWriter, json_words
from autodiff.rows.input import Input
from autodiff.rows.table import Table

Object: TypeAlias = dict[str, object]


class JsonReader(LineReader):
    """Rows of JSON, one object a line."""

    def __init__(self, source: Input, table: Table) -> None:
        lines, row = _first_row(source)
        self.example = row
        super().__init__(lines, list(row), table.rename)

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
            columns = {name: _faithful(table, name) for name in self.written}
            if not set(table.column_names) <= set(columns):
                raise ValueError("keys that the first row has not")
        kept = list(columns.values()) if self.columns.keep else []
        numbers = [as_doubles(columns[name]) for name in used]
        lines = cache(lambda: block.split(b"\n"))
        return Batch(
            table.num_rows,
            numbers,
            kept,
            lambda i: f"{self.lines.unit} {line + i:,}",
            text=lambda i: lines()[i].decode("utf-8", "surrogateescape"),
        )

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
            found = json_object(text)
            row: Object = {} if isinstance(found, str) else found
            reason = found if isinstance(found, str) else next(self._reasons(row, used), None)
            numbers, kept = [_number(row.get(name)) for name in used], [row.get(name) for name in self.written]
            yield Record(f"{self.lines.unit} {at:,}", f"{text}\n", numbers, kept, reason)

    def _reasons(self, row: Object, used: list[str]) -> Iterator[str]:
        """What is wrong in a row."""
        for name in used:
            value = row.get(name)
            if isinstance(value, dict | list):
                yield f", column '{name}': {_path(name, value)} is nested"
            elif isinstance(value, str) and number_in(value) is None:
                yield f", column '{name}': {shown(value)} is not a number"
        if self.columns.keep:
            for name in row:
                if name not in self.written:
                    yield f": the first row has no '{name}' that could be kept"
            for name in self.written:
                if isinstance(value := row.get(name), dict | list):
                    yield f": {_path(name, value)} is nested"


def _first_row(source: Input) -> tuple[Lines, Object]:
    """The lines or objects of a source, and its first object; NotMet where it has none."""
    lines = Lines(source)
    in_array = lines.rest.lstrip().startswith(b"[")
    if not in_array:
        first = lines.first()
        lines.put_back(first)
        row = json_object(first.decode("utf-8", "replace"))
        if isinstance(row, dict):
            return lines, row
    objects = Objects(source)
    objects.rest = lines.rest
    found = json_object(objects.first().decode("utf-8", "replace"))
    if isinstance(found, dict):
        return objects, found
    hint = "an array of objects is read" if in_array else None
    raise NotMet(f"{source.name}, line {lines.line:,}{found if in_array else row}", hint)


def _faithful(table: Any, name: str) -> Column:
    """A column as it was read, if nothing is lost in it: no nested values, no digits of large whole numbers."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import types as t

    if name not in table.column_names:
        return pa.nulls(table.num_rows)
    column = table.column(name).combine_chunks()
    same = t.is_string(column.type) or t.is_integer(column.type) or t.is_boolean(column.type) or t.is_null(column.type)
    # From 2^53 on a double may be another whole number than the one that was written.
    if not same and not (t.is_float64(column.type) and not (np.abs(as_doubles(column)) >= 2**53).any()):
        raise ValueError(name)
    return column


def json_object(text: str) -> Object | str:
    """The object in a line, or what is wrong with it."""
    try:
        row = json.loads(text, parse_int=_integer)
    # Brackets that are nested thousands deep end in a RecursionError.
    except (ValueError, RecursionError) as error:
        return f" is not valid JSON: {error}"
    return row if isinstance(row, dict) else f" is not a JSON object: {shown(text)}"


def _integer(text: str) -> int | float:
    # Python refuses to read integers of more than 4,300 digits, and the greatest double has 309.
    return int(text) if len(text) < 300 else float(text)


def _number(value: object) -> float:
    """The number that a JSON value is, nan where it is none."""
    number = number_in(value) if isinstance(value, str) else value
    return float(number) if isinstance(number, int | float) else float("nan")


def _path(name: str, value: object) -> str:
    """The path of the first number or text in a nested value."""
    while isinstance(value, dict | list) and value:
        key, value = next(iter(value.items() if isinstance(value, dict) else enumerate(value)))
        name += f".{key}" if isinstance(key, str) else f"[{key}]"
    return name


class JsonWriter(TextWriter):
    """Answers as JSON, one object a line."""

    typed = True

    def __init__(self, layout: Layout, sink: Sink) -> None:
        first, *others = [f"{json.dumps(name, ensure_ascii=False)}: " for name in layout.names]
        super().__init__(layout, sink, ["{" + first, *[f", {key}" for key in others], "}\n"])

    def lines(self, answers: Answers) -> Sequence[Piece]:
        return [self.joined([*map(json_words, self.flat(answers.kept)), *map(json_words, answers.results)])]
