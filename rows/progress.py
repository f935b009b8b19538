"""A progress bar on stderr, for a file that takes a while."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autodiff.rows.input import Input
from autodiff.rows.sources import Files

_QUIET = 0.5  # seconds in which no bar is missed


@contextmanager
def bar(source: Input | Files, wanted: bool) -> Iterator[Callable[[], None]]:
    """A function to call now and then, which draws how much of a file has been read."""
    if not wanted or source.size is None or sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    shown: list[Any] = []
    start = time.monotonic()

    def advance() -> None:
        if not shown and time.monotonic() - start > _QUIET:
            shown.append(_drawn(source))
        if shown:
            shown[0].update(shown[0].task_ids[0], completed=source.done)

    try:
        yield advance
    finally:
        if shown:
            shown[0].stop()


def _drawn(source: Input | Files) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    drawn = Progress(*columns, console=Console(stderr=True), transient=True)
    drawn.add_task(source.name, total=source.size)
    drawn.start()
    return drawn


@contextmanager
def blocks_bar(blocks: int, wanted: bool) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many blocks are done, and rows, and draws it."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(f"0 of {blocks:,} blocks", total=blocks)

        def show(done: int, rows: int) -> None:
            drawn.update(task, completed=done, description=f"{done:,} of {blocks:,} blocks, {rows:,} rows")

        yield show
