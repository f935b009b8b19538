"""Answers for scripts: lines of cells with tabs between them."""

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer


def plain(answer: Answer, digits: int, console: Console) -> str:
    """A line for each thing, with exact numbers."""
    return "".join("\t".join(line) + "\n" for line in answer.lines())
