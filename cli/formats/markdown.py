"""Answers as tables of Markdown."""

from functools import partial

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Grid
from autodiff.evaluation.numbers import rounded


def markdown(answer: Answer, digits: int, console: Console) -> str:
    """Pipe tables, each below its title."""
    return "\n".join(_table(grid) for grid in answer.grids(partial(rounded, digits=digits)))


def _table(grid: Grid) -> str:
    """Numbers stand right, names and words left."""
    ends = ["---:" if column.color else "---" for column in grid.columns]
    cells = [[_escaped(cell) for cell in line] for line in ([column.name for column in grid.columns], *grid.rows)]
    table = "".join("| " + " | ".join(line) + " |\n" for line in (cells[0], ends, *cells[1:]))
    return f"{_escaped(grid.title)}\n\n{table}" if grid.title else table


def _escaped(text: str) -> str:
    # `a*b*c` would be set in italics, `a|b` would be two cells, and `$` begins a formula on some sites.
    return "".join("\\" + c if c in "\\|*_`<[#~$" else c for c in text)
