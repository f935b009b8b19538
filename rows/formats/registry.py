"""The formats of rows: what files of each are called, how they begin, who reads them and who writes them.

To add one, write its Reader and its Writer in a file beside this one, and its row here. Nothing else lists the formats.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from autodiff.evaluation.errors import WrongRequest
from autodiff.grammar.errors import did_you_mean
from autodiff.rows.formats.arrow import ArrowReader, ArrowWriter, ParquetReader, ParquetWriter
from autodiff.rows.formats.base import Layout, Reader, Sink, Writer
from autodiff.rows.formats.csv import CsvReader, CsvWriter
from autodiff.rows.formats.json import JsonReader, JsonWriter
from autodiff.rows.input import Input
from autodiff.rows.sources import Source
from autodiff.rows.table import Table


@dataclass(frozen=True)
class Format:
    """A format of rows."""

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]
    """Whether rows that begin with these bytes are of this format."""
    reader: Callable[[Input, Table], Reader] | None
    writer: Callable[[Layout, Sink], Writer]
    text: bool = False
    """Whether a terminal can show it."""
    separated: bool = False
    """Whether a delimiter stands between cells, and rows may have no header, so that the user names their columns."""


def _text(start: bytes) -> bytes:
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()


def _is_tsv(start: bytes) -> bool:
    line = _text(start).partition(b"\n")[0]
    return b"\t" in line and b"," not in line


def _is_json(start: bytes) -> bool:
    return re.match(rb"(\[\s*)?\{", _text(start)) is not None


def _is_parquet(start: bytes) -> bool:
    return start.startswith(b"PAR1")


def _is_arrow(start: bytes) -> bool:
    return start.startswith((b"ARROW1", b"\xff\xff\xff\xff"))


def _separated(delimiter: str) -> tuple[Callable[[Input, Table], Reader], Callable[[Layout, Sink], Writer]]:
    return partial(CsvReader, delimiter=delimiter), partial(CsvWriter, delimiter=delimiter)


def _plain(layout: Layout, sink: Sink) -> Writer:
    return CsvWriter(layout, sink, "\t", header=False)


_ALL = (
    Format("csv", (".csv",), lambda start: True, *_separated(","), text=True, separated=True),
    Format("tsv", (".tsv", ".tab"), _is_tsv, *_separated("\t"), text=True, separated=True),
    Format("jsonl", (".jsonl", ".ndjson"), _is_json, JsonReader, JsonWriter, text=True),
    Format("parquet", (".parquet",), _is_parquet, ParquetReader, ParquetWriter),
    Format("arrow", (".arrow", ".feather"), _is_arrow, ArrowReader, ArrowWriter),
    Format("plain", (), lambda start: False, None, _plain, text=True, separated=True),
)
FORMATS = {each.name: each for each in _ALL}
READ = tuple(name for name, each in FORMATS.items() if each.reader)
"""The names of those that can be read."""
ENDINGS = {ending: each.name for each in _ALL for ending in each.endings}
"""The format of rows by the ending of their file."""


def known(name: str, names: Iterable[str] = FORMATS) -> Format:
    """The format of that name; Failure where there is none among these."""
    if name in names:
        return FORMATS[name]
    hint = did_you_mean(name, list(names)) or f"the formats of rows are {', '.join(names)}"
    raise WrongRequest(f"unknown format of rows '{name}'", hint)


def check_alike(data: Sequence[str], sources: Sequence[Source]) -> None:
    """Failure where the endings of the files say that they are not of one format."""
    first = sources[0]
    for source in sources:
        if ENDINGS.get(source.ending) != ENDINGS.get(first.ending):
            hint = "name the files of one format by a glob, such as '*.csv', or say with --from what all of them are"
            holds = f"{data[0]} holds" if len(data) == 1 else "--data names"
            raise WrongRequest(f"{holds} files of several formats: {first.name} and {source.name}", hint)


def reader_of(source: Input, table: Table) -> Reader:
    """The reader of what is asked for, or what the ending of the file or its first bytes tell."""
    name = table.data_format or ENDINGS.get(source.source.ending) or ("csv" if table.delimiter else None)
    # csv begins like anything, so it is the last to be asked.
    found = known(name, READ) if name else next(each for each in reversed(_ALL) if each.begins(source.start))
    source.format = found.name
    if table.columns is not None and not found.separated:
        raise WrongRequest(f"--columns names the columns of csv or tsv; {found.name} has names of its own")
    if table.delimiter is not None and not found.separated:
        raise WrongRequest(f"--delimiter is for csv or tsv; {found.name} has none")
    assert found.reader is not None
    return found.reader(source, table)
