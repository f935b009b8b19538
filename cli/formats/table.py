"""Answers as tables drawn with rich."""

from collections.abc import Mapping, Sequence
from functools import partial

from rich import box
from rich.table import Table
from rich.text import Text

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Column, Grid, Lines
from autodiff.evaluation.numbers import rounded


def table(answer: Answer, digits: int, console: Console) -> str:
    """Tables that fit the screen, as far as they can without cutting a number."""
    return "\n".join(_drawn(grid, console) for grid in answer.grids(partial(rounded, digits=digits)))


def _drawn(grid: Grid, console: Console) -> str:
    columns = [(column, cells) for column, *cells in zip(grid.columns, *grid.rows)]
    for spare in [each for each in columns if each[0].spare]:
        wanted = sum((_narrowest if column.spare else _widest)(column, cells) + 3 for column, cells in columns)
        if console.width and wanted > console.width:
            columns.remove(spare)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, cells in columns:
        folds, justify = column.narrowest is not None, "right" if column.color else "left"
        least = _narrowest(column, cells) if folds else None
        name, style = Text(column.name), column.color or None
        drawn.add_column(name, overflow="fold", style=style, justify=justify, no_wrap=not folds, min_width=least)  # type: ignore[arg-type]
    for row in zip(*[cells for _, cells in columns]):
        drawn.add_row(*map(Text, row))
    # In a file lines may be as long as they are; on a screen words fold, and then rather lines than numbers break.
    if console.width is None:
        return console.drawn(drawn, sum(_widest(*each) + 3 for each in columns) + 2, grid.title)
    return console.drawn(drawn, max(console.width, sum(_narrowest(*each) + 3 for each in columns) + 2), grid.title)


def _widest(column: Column, cells: Sequence[str]) -> int:
    return max(map(len, (column.name, *cells)))


def _narrowest(column: Column, cells: Sequence[str]) -> int:
    """How wide a column must be at least: numbers are never cut."""
    widest = _widest(column, cells)
    return widest if column.narrowest is None else min(column.narrowest, widest)


def draw_groups(console: Console, head: Sequence[str], groups: Mapping[str, Lines]) -> str:
    """Lines under the names of their groups, folded to the width of the screen."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        drawn.add_column(name, overflow="fold")
    for group, lines in groups.items():
        if len(groups) > 1:
            drawn.add_row(Text(group, "bold cyan"))
        for line in lines:
            drawn.add_row(*map(Text, line))
        drawn.add_section()
    return console.drawn(drawn, console.width or 80)
