"""From options to the rows that they name: the checks, the progress bar and the signals that rows know nothing of."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from autodiff.cli.console import Console
from autodiff.cli.request import Request
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.reading import Reading
from autodiff.rows.answer import answer_rows
from autodiff.rows.query import Query
from autodiff.rows.reporter import Advance
from autodiff.rows.sinks import Stdout
from autodiff.rows.table import POLICIES, Table

_SOON = 0.5  # seconds in which no bar is missed


def print_rows(
    console: Console, request: Request, reading: Reading, wrt: Sequence[str] | None = None, *, gradient: bool = False
) -> None:
    """Answer for every row that the request names, or that comes through a pipe."""
    table = Table(
        data=request.data,
        data_format=request.from_,
        columns=request.columns,
        keep=request.keep,
        out=None if request.out == "-" else request.out,
        format=request.format,
        overwrite=request.overwrite,
        reduce=request.reduce,
        on_error=request.on_error,
        rejects=request.rejects,
        cluster=request.cluster,
        strict=request.strict,
    )
    _check(request, table)
    stdin = None if sys.stdin is None else 0
    stdout = Stdout(sys.stdout.fileno(), console.is_terminal)
    with _ended_by_signals():
        answer_rows(Query(reading, wrt, gradient), table, stdin, stdout, _Reporter(console))


def _check(request: Request, table: Table) -> None:
    """WrongRequest where options do not go together, or have no place in rows."""
    if table.overwrite and not table.in_folder:
        raise WrongRequest("--overwrite is for a folder of answers", "name it with a slash at its end: --out FOLDER/")
    for option, given in (("--nodes", request.nodes), ("--render", request.render)):
        if given:
            raise WrongRequest(f"{option} has no place where there are rows")
    if table.reduce not in (None, "sum", "mean"):
        raise WrongRequest(f"--reduce is sum or mean, not '{table.reduce}'")
    if table.on_error not in (None, *POLICIES):
        raise WrongRequest(f"--on-error is {', '.join(POLICIES[:-1])} or {POLICIES[-1]}, not '{table.on_error}'")
    if table.out and table.rejects and Path(table.out).resolve() == table.rejects.resolve():
        raise WrongRequest(f"--out and --rejects are both {table.out}")
    if table.reduce and table.keep:
        raise WrongRequest("--keep and --reduce do not go together")
    if table.in_parts:
        _check_parts(table)


def _check_parts(table: Table) -> None:
    if table.in_folder and table.reduce:
        raise WrongRequest("--reduce gives one row: --out needs a file for it, not a folder")
    if table.in_folder and "://" in str(table.out):
        raise WrongRequest(f"cannot write {table.out}: only folders are written, no URLs")
    if table.in_folder and table.format not in (None, "parquet"):
        raise WrongRequest(f"a folder of answers is parquet, not {table.format}")
    if not table.in_folder and not table.reduce:
        message = "--cluster answers into a folder, or with one row: rows do not come back through this machine"
        raise WrongRequest(message, "add --out FOLDER/, or --reduce sum or mean")
    if table.data in (None, "-"):
        option = "--cluster" if table.cluster is not None else "a folder of answers"
        raise WrongRequest(f"{option} needs files to read, no pipe", "name them with --data")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """To be told to end, or to lose the terminal, ends it as Ctrl-C does: nothing half-written is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


class _Reporter:
    """The console, which for rows has a progress bar on stderr too."""

    def __init__(self, console: Console) -> None:
        self.warning, self.note, self.quiet = console.warning, console.note, console.quiet
        self.watched = sys.stderr is not None and sys.stderr.isatty()

    @contextmanager
    def progress(self, name: str, total: int | None) -> Iterator[Advance]:
        """A bar, for a task that takes a while."""
        if total is None or self.quiet or not self.watched:
            yield lambda done, name: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        drawn = Progress(*columns, console=RichConsole(stderr=True), transient=True)
        task, start = drawn.add_task(name, total=total), time.monotonic()

        def advance(done: int, name: str) -> None:
            if time.monotonic() - start > _SOON:
                drawn.start()
                drawn.update(task, completed=done, description=name)

        try:
            yield advance
        finally:
            drawn.stop()
