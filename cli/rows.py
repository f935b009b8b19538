"""From options to the rows that they name: the checks and the signals that rows know nothing of."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from autodiff.cli.console import Console
from autodiff.cli.options import EvaluationPrintOptions, PictureOptions, RowOptions, TableOptions
from autodiff.evaluation.errors import WrongRequest
from autodiff.rows.answer import answer_rows
from autodiff.rows.check import Claims, Compared, check_rows
from autodiff.rows.query import Query
from autodiff.rows.sinks import Stdout
from autodiff.rows.table import POLICIES, Table

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Constants of glibc's malloc.h."""


def print_rows(
    console: Console,
    query: Query,
    options: RowOptions,
    printing: EvaluationPrintOptions,
    picture: PictureOptions,
) -> None:
    """Answer a query for every row that the options name, or that comes through a pipe."""
    for option, given in (("--nodes", printing.nodes), ("--render", picture.render)):
        if given:
            raise WrongRequest(f"{option} has no place where there are rows")
    table = replace(
        _table(options),
        keep=options.keep,
        out=None if options.out == "-" else options.out,
        format=printing.format,
        overwrite=options.overwrite,
        reduce=options.reduce,
        cluster=options.cluster,
        strict=printing.strict,
    )
    _check(table)
    _keep_freed_memory()
    stdout = Stdout(console.output, console.is_terminal)
    with _ended_by_signals():
        answer_rows(query, table, console.input, stdout, console)


def compare_rows(console: Console, claims: Claims, options: TableOptions) -> list[Compared]:
    """Compare derivatives that stand in the rows which the options name with ours."""
    table = _table(options)
    _check(table)
    _keep_freed_memory()
    with _ended_by_signals():
        return check_rows(claims, table, console.input, console)


def _table(options: TableOptions) -> Table:
    """The rows to read."""
    return Table(
        data=options.data or None,
        data_format=options.from_,
        columns=",".join(options.columns) if options.columns else None,
        delimiter=_delimiter(options.delimiter),
        rename=_renamed(options.rename or []),
        on_error=options.on_error,
        rejects=options.rejects,
    )


def _keep_freed_memory() -> None:
    """Let what one block has given back serve the next, and NumPy start no threads of its own.

    The kernel would clear each page anew: a seventh of the time of a million rows of csv. Only glibc can be told.
    """
    import ctypes

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _delimiter(given: str | None) -> str | None:
    """The character that an option names."""
    delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(given or "", given)
    if delimiter is not None and (len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'.+-_\r\n"):
        raise WrongRequest(f"--delimiter '{given}' is not one character that may stand between cells")
    return delimiter


def _renamed(given: list[str]) -> dict[str, str]:
    """The variables of `--rename`, by the names of their columns."""
    names = {}
    for item in given:
        name, equals, column = item.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise WrongRequest(f"--rename '{item}' is not of the form NAME=COLUMN")
        if column.strip() in names:
            raise WrongRequest(f"--rename gives column '{column.strip()}' two names")
        names[column.strip()] = name.strip()
    return names


def _check(table: Table) -> None:
    """WrongRequest where options do not go together, or have no place in rows."""
    if table.overwrite and not table.out:
        raise WrongRequest("--overwrite is for --out FILE and --out FOLDER/")
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
        raise WrongRequest(f"cannot write {table.out}: only folders are written, not URLs")
    if table.in_folder and table.format not in (None, "parquet"):
        raise WrongRequest(f"a folder of answers is parquet, not {table.format}")
    if not table.in_folder and not table.reduce:
        message = "--cluster answers into a folder, or with one row: rows do not come back through this machine"
        raise WrongRequest(message, "add --out FOLDER/, or --reduce sum or mean")
    if table.data is None or "-" in table.data:
        option = "--cluster" if table.cluster is not None else "a folder of answers"
        raise WrongRequest(f"{option} needs files to read, not a pipe", "name them with --data")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does, so that nothing half-written is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
