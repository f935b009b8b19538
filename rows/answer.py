"""Answers for every row of a table."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from autodiff.cli.request import Request
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.failures import warn
from autodiff.evaluation.files import ReaderGone, WholeFile
from autodiff.evaluation.reading import Reading, check_complete, unused
from autodiff.rows.batch import POLICIES, Reader
from autodiff.rows.formats.text import TEXTS, Text
from autodiff.rows.input import DELIMITERS, ENDINGS, Input, Source, known_format
from autodiff.rows.out import OUT_FORMATS, Stdout, Table
from autodiff.rows.question import Question, question
from autodiff.rows.run import Run
from autodiff.rows.sources import Files, Several, found

_PATIENCE = 2.0  # seconds until a word is said about input that does not come


def check(request: Request) -> None:
    """Failure where what is asked for has no place in rows."""
    for option, given in (("--nodes", request.nodes), ("--render", request.render)):
        if given:
            raise WrongRequest(f"{option} has no place where there are rows")
    if request.reduce not in (None, "sum", "mean"):
        raise WrongRequest(f"--reduce is sum or mean, not '{request.reduce}'")
    if request.on_error not in (None, *POLICIES):
        raise WrongRequest(f"--on-error is {', '.join(POLICIES[:-1])} or {POLICIES[-1]}, not '{request.on_error}'")
    if request.out and request.rejects and Path(request.out).resolve() == request.rejects.resolve():
        raise WrongRequest(f"--out and --rejects are both {request.out}")
    if request.reduce and request.keep:
        raise WrongRequest("--keep and --reduce do not go together")


def put_out_rows(
    request: Request, reading: Reading, wrt: Sequence[str] | None = None, *, gradient: bool = False
) -> None:
    """Answer for every row."""
    check(request)
    sources, first = first_of(request, reading)
    if request.data is None and not first.start:
        check_complete(reading.program, reading.values)  # /dev/null and the like: no rows were meant
    source: Input | Files = first
    rows = reader_of(first, request.columns)
    if len(sources) > 1:
        source = Files(sources, first, request.from_)
        rows = Several(source, rows, lambda one: reader_of(one, request.columns))
    asked = question(reading, rows, wrt, gradient)
    if (spare := unused(asked.program, reading.given)) and not request.quiet:
        warn("note", spare)
    rows.bind(asked.free, request.keep, policy_of(request))
    check_names(rows, asked)
    kind = answer_format(request, source.kind)
    with opened_files(request) as (sink, rejects):
        writer = (Text if kind in TEXTS else Table)(kind, rows, asked.names, sink)
        run = Run(rows, asked.compile(), writer, rejects, policy_of(request), request.reduce)
        run.all(source, progress=bool(request.out or not sys.stdout.isatty()) and not request.quiet)
        run.finish(request)


def first_of(request: Request, reading: Reading) -> tuple[list[Source], Input]:
    """Where the rows are, and the first of these places, opened."""
    free = reading.free  # what is wrong with a program is said before what is wrong with its rows
    sources = found(request.data, request.from_)
    if request.rejects and any(request.rejects.resolve() == Path(source.path).resolve() for source in sources):
        raise WrongRequest(f"--data and --rejects are both {request.rejects}")
    return sources, Input(sources[0], request.from_, _note_awaited(free))


def policy_of(request: Request) -> str:
    """What to do about bad rows."""
    return request.on_error or ("skip" if request.rejects else "fail")


def check_names(rows: Reader, asked: Question) -> None:
    """Failure where a kept column has the name of an answer."""
    if taken := [name for name in asked.names if name in rows.kept]:
        raise WrongRequest(f"--keep would put out two columns '{taken[0]}'", "rename the one in the rows")


@contextmanager
def opened_files(request: Request, folder: Any = None) -> Iterator[tuple[Any, Any]]:
    """Where the answer goes, which may be a folder, and where bad rows do: all written in the end, or nothing."""
    try:
        with _ended_by_signals(), ExitStack() as files:
            out = folder or (WholeFile(Path(request.out)) if request.out else None)
            sink = files.enter_context(out) if out else Stdout()
            yield sink, files.enter_context(WholeFile(request.rejects)) if request.rejects else None
    except ReaderGone:
        if not request.out:  # what is left goes nowhere, and no complaint comes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """To be told to end, or to lose the terminal, ends it as Ctrl-C does: nothing half-written is left behind."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def reader_of(source: Input, columns: str | None) -> Reader:
    """The reader for the format of the rows."""
    if source.kind in DELIMITERS:
        from autodiff.rows.formats.csv import Separated

        return Separated(source, columns)
    if columns is not None:
        raise WrongRequest(f"--columns names the columns of csv or tsv; {source.kind} has names of its own")
    if source.kind == "jsonl":
        from autodiff.rows.formats.json import Objects

        return Objects(source)
    from autodiff.rows.formats.arrow import Typed

    return Typed(source)


def _note_awaited(free: Sequence[str]) -> Callable[["Input"], None]:
    def before_first(source: Input) -> None:
        if sys.stderr is not None and sys.stderr.isatty() and not source.readable(_PATIENCE):
            names = " and ".join(f"'{name}'" for name in free) or "the rows"
            warn("note", f"waiting for rows from {source.name}, with values of {names}")

    return before_first


def answer_format(request: Request, kind: str) -> str:
    """The format of the answer: what is asked for, what the ending of its file says, or that of the rows."""
    out = Path(request.out or "")
    if request.format:
        kind = known_format(request.format, OUT_FORMATS)
    elif out.suffix:
        ending = ENDINGS.get(out.suffix.lower())
        if ending is None and (out.is_file() or not out.exists()):
            raise WrongRequest(f"cannot tell the format of {out} by its ending", f"use {', '.join(ENDINGS)}")
        kind = ending or kind
    if sys.stdout.isatty() and not request.out and kind not in TEXTS:
        raise WrongRequest(f"{kind} is not for a terminal", "write it into a file with --out FILE")
    return kind
