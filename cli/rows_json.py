"""Rows of JSON, one object a line."""

from collections.abc import Iterator, Sequence
from typing import Any

from .failures import NOT_MET, Failure
from .rows_batch import Batch, Record, bind, number_in, shown
from .rows_in import Input, Lines


class Objects:
    """Rows of JSON, one object a line."""

    header = True
    text = False

    def __init__(self, source: Input, wanted: Sequence[str], names: str | None, keep: bool, policy: str) -> None:
        self.lines = Lines(source)
        first, rest, line = self.lines.first(), self.lines.rest, self.lines.line
        if not first.strip():
            raise Failure(f"{source.name} is empty", code=NOT_MET)
        row = json_object(first.decode("utf-8", "replace"))
        if isinstance(row, str):
            raise Failure(f"{source.name}, line {line - 1:,}{row}", code=NOT_MET)
        self.lines.rest, self.lines.line = first + rest, line - first.count(b"\n")
        self.lines.only(source.block)
        self.columns = bind(list(row), wanted, keep, policy, source.name)
        self.names = list(row)
        self.kept = self.columns.names if keep else []
        self.blocks = self.lines.blocks

    def parse(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa

        if self.columns.keep or not self.columns.used:
            return self.columns.carefully(self._checked(block, line))
        try:
            return self._at_once(block, line)
        except pa.ArrowInvalid:
            return self.columns.carefully(self._checked(block, line))

    def _at_once(self, block: bytes, line: int) -> Batch:
        import pyarrow as pa
        from pyarrow import json as reader

        names = [self.names[i] for i in self.columns.used]
        schema = pa.schema([(name, pa.float64()) for name in names])
        table = reader.read_json(
            pa.BufferReader(block),
            reader.ReadOptions(use_threads=False, block_size=len(block) + 1),
            reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
        exact = block.count(b"\n") + (not block.endswith(b"\n")) == table.num_rows
        if not exact:
            raise pa.ArrowInvalid("blank lines")
        numbers = [table.column(name).to_numpy() for name in names]
        return Batch(table.num_rows, numbers, [], lambda i: f"line {line + i:,}")

    def _checked(self, block: bytes, line: int) -> Iterator[Record]:
        used = [self.names[i] for i in self.columns.used]
        for at, text in enumerate(block.decode("utf-8", "surrogateescape").split("\n"), line):
            if not text.strip():
                continue
            row = json_object(text)
            if isinstance(row, str):
                kept = [None] * len(self.names)
                yield Record(f"line {at:,}", f"{text}\n", [float("nan")] * len(used), kept, row)
                continue
            reasons = [f", column '{name}'{wrong}" for name in used if (wrong := wrong_number(name, row.get(name)))]
            if self.columns.keep:
                reasons += [f": the first row has no '{k}' that could be kept" for k in row if k not in self.names]
                reasons += [
                    f": {nested(k, row[k])} is nested" for k in self.names if isinstance(row.get(k), dict | list)
                ]
            numbers = [json_number(row.get(k)) for k in used]
            yield Record(
                f"line {at:,}", f"{text}\n", numbers, [row.get(k) for k in self.names], reasons[0] if reasons else None
            )


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
