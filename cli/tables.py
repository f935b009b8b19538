"""Tables drawn with rich."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from autodiff.cli.console import Console

_NARROWEST_NAME, _NARROWEST_WORDS = 8, 20
_STYLES = {"value": "green", "derivative": "red"}
"""The colours of the pictures: what is computed forward is green, what flows back is red."""


def draw_table(console: Console, title: str, head: list[str], rows: list[list[str]]) -> str:
    """The table as text. Names fold where it is wider than the terminal, but numbers are never cut."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    narrowest = min(_NARROWEST_NAME, widths[0])
    whole = sum(width + 3 for width in widths) + 2  # the edges
    words = widths[-1] - min(widths[-1], _NARROWEST_WORDS) if head[-1] == "verdict" else 0
    needed = whole - widths[0] + narrowest - words
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    drawn.add_column(head[0], overflow="fold", min_width=narrowest)
    for name in head[1:]:
        style = _STYLES.get(name, _STYLES["derivative"])
        if name == "verdict":  # words, which may fold
            drawn.add_column(name, overflow="fold", min_width=min(_NARROWEST_WORDS, widths[-1]))
            continue
        drawn.add_column(Text(name), style=style, justify="right", no_wrap=True)
    for row in rows:
        drawn.add_row(*[Text(cell) for cell in row])
    return console.drawn(drawn, max(needed, console.width) if console.width else whole, title)


def draw_steps(console: Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of a pass: words fold, numbers do not, and those of the last column have the colours of the pictures.

    Where there is no room for all columns, those that only say more are left out.
    """
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    widths = {name: max(map(len, (name, *cells))) for name, cells in columns.items()}
    widths["gate"] = min(widths.get("gate", 0), _NARROWEST_WORDS)
    room = console.width or 1000
    for spare in ("in numbers", "gate"):
        if sum(widths[name] + 3 for name in columns) > room:
            columns.pop(spare, None)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        style = {"value": "green", "gradient": "red"}.get(name)
        whole = name == "in numbers" or style is not None
        drawn.add_column(name, overflow="fold", style=style, justify="right" if style else "left", no_wrap=whole)
    for row in zip(*columns.values(), strict=True):
        drawn.add_row(*[Text(cell) for cell in row])
    return console.drawn(drawn, room)


def draw_groups(console: Console, head: Sequence[str], groups: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Rows of text under the names of their groups, folded to the width of the terminal."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        drawn.add_column(name, overflow="fold")
    for group, rows in groups.items():
        if len(groups) > 1:
            drawn.add_row(Text(group, "bold cyan"))
        for row in rows:
            drawn.add_row(*[Text(cell) for cell in row])
        drawn.add_section()
    return console.drawn(drawn, console.width or 80)
