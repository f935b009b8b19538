"""Answers as tables drawn with rich."""

from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import wrap

from rich import box
from rich.table import Table
from rich.text import Text

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Column, Grid, Lines
from autodiff.evaluation.numbers import rounded

Columns = list[tuple[Column, Sequence[str]]]

_BESIDE = 130
"""The least width at which derivatives stand in a column of their own without breaking inside a word."""


def table(answer: Answer, digits: int, console: Console) -> str:
    """Tables that fit the screen, as far as they can without cutting a number."""
    return "\n".join(_drawn(grid, console) for grid in answer.grids(partial(rounded, digits=digits)))


def _drawn(grid: Grid, console: Console) -> str:
    columns: Columns = [(column, cells) for column, *cells in zip(grid.columns, *grid.rows)]
    left_out = list[str]()
    for spare in [each for each in reversed(columns) if each[0].spare]:
        wanted = sum((_narrowest if column.spare else _widest)(column, cells) + 3 for column, cells in columns)
        if console.width and wanted > console.width:
            columns.remove(spare)
            left_out.insert(0, spare[0].name)
    parts = _side_by_side(columns, console.width)
    text = "\n".join(_table(part, console, "" if i else grid.title) for i, part in enumerate(parts))
    # It would not be missed, by somebody who has never seen it.
    return f"{text} left out, for want of room: {', '.join(left_out)}\n" if left_out else text


def _side_by_side(columns: Columns, width: int | None) -> list[Columns]:
    """Columns of numbers that do not fit beside each other in several tables, each behind the names on the left."""
    names = [each for each in columns if not each[0].color]
    numbers = [each for each in columns if each[0].color]
    # Words behind the numbers belong to their line, and only one name and its value are worth repeating.
    if width is None or len(names) > 1 or not names or _narrow(columns) <= width:
        return [columns]
    parts = [[*names]]
    for each in numbers:
        if len(parts[-1]) > 1 and _narrow([*parts[-1], each]) > width:
            parts.append([*names])
        parts[-1].append(each)
    return parts


def _narrow(columns: Columns) -> int:
    """The least width of a table."""
    return sum(_narrowest(*each) + 3 for each in columns)


def _table(columns: Columns, console: Console, title: str) -> str:
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
        return console.drawn(drawn, sum(_widest(*each) + 3 for each in columns) + 2, title)
    return console.drawn(drawn, max(console.width, _narrow(columns) + 2), title)


def _widest(column: Column, cells: Sequence[str]) -> int:
    return max(map(len, (column.name, *cells)))


def _narrowest(column: Column, cells: Sequence[str]) -> int:
    """How wide a column must be at least: numbers are never cut."""
    widest = _widest(column, cells)
    return widest if column.narrowest is None else min(column.narrowest, widest)


def draw_groups(console: Console, head: Sequence[str], groups: Mapping[str, Lines]) -> str:
    """Lines under the names of their groups: side by side where formulas fit, else one cell below the other."""
    width = console.width or 80
    if width < _BESIDE:
        return "\n".join(
            _stacked(group if len(groups) > 1 else "", head, lines, width) for group, lines in groups.items()
        )
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        drawn.add_column(name, overflow="fold")
    for group, lines in groups.items():
        if len(groups) > 1:
            drawn.add_row(Text(group, "bold cyan"))
        for line in lines:
            drawn.add_row(*map(Text, line))
        drawn.add_section()
    return console.drawn(drawn, width)


def _stacked(group: str, head: Sequence[str], lines: Lines, width: int) -> str:
    """The cells of each line below each other, broken between words."""
    fold = partial(wrap, width=width - 1, break_long_words=False, break_on_hyphens=False, subsequent_indent=" " * 8)
    text = [f"{group.upper()}"] if group else []
    for name, meaning, derivative, kinks in lines:
        text += [*fold(name), *fold(meaning, initial_indent="    ")]
        for each in derivative.split("; ") if derivative else ():
            # Of several operands each says by which; of one the formula follows at once.
            text += fold(f"{head[2]} {each}" if each.startswith("by ") else f"{head[2]}: {each}", initial_indent="    ")
        text += fold(f"{head[3]}: {kinks}", initial_indent="    ") if kinks else []
    return "\n".join(text) + "\n"
