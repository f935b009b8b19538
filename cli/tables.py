"""Tables drawn with rich."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES = {"value": "green", "derivative": "red"}
"""The colours of the pictures: what is computed forward is green, what flows back is red."""


def draw_table(title: str, head: list[str], rows: list[list[str]]) -> str:
    """The table as text, as wide as the terminal at most; in a pipe as wide as it wants."""
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else 1_000_000)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(head):
        style = _STYLES.get(name, "red" if name.startswith("by ") else "")
        if i == 0:
            drawn.add_column(name, overflow="fold")
        else:
            drawn.add_column(Text(name), style=style, justify="right", no_wrap=True)
    for row in rows:
        drawn.add_row(*[Text(cell) for cell in row])
    with console.capture() as capture:
        if title:
            console.print(Text(title, "bold"))
        console.print(drawn)
    lines = capture.get().splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
