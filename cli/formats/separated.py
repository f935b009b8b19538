"""Answers as csv and tsv, for spreadsheets."""

from functools import partial

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer


def _separated(answer: Answer, digits: int, console: Console, *, delimiter: str) -> str:
    import csv
    from io import StringIO

    text = StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(answer.sheet())
    return text.getvalue()


csv, tsv = partial(_separated, delimiter=","), partial(_separated, delimiter="\t")
