"""The formats of answers. Nothing else lists them.

To add one, write a function from an answer to text in a file beside this one, such as `plain.py`, and name it here:
every command whose answer has lines, a sheet, a document or grids then takes it as `--format NAME`.
"""

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Format
from autodiff.cli.formats.json import json
from autodiff.cli.formats.markdown import markdown
from autodiff.cli.formats.plain import plain
from autodiff.cli.formats.separated import csv, tsv


def _table(answer: Answer, digits: int, console: Console) -> str:
    from autodiff.cli.formats.table import table  # with it comes rich

    return table(answer, digits, console)


FORMATS: dict[str, Format] = {
    "table": _table,
    "plain": plain,
    "json": json,
    "csv": csv,
    "tsv": tsv,
    "markdown": markdown,
}
