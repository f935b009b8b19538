"""Answers for every row of a table: the one pipeline.

A table is opened, a query is bound to its columns, and a writer is chosen. Then the rows are answered: as a stream or
in parts, by this process or by a cluster, which differ in where the blocks go and in nothing else. In the end the tally
tells what is wrong with some rows, or what their sum is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from math import isfinite
from pathlib import Path

from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.files import ReaderGone, WholeFile
from autodiff.evaluation.numbers import shortest
from autodiff.evaluation.reading import check_complete, doubts
from autodiff.rows.formats.base import Answers, Layout, Reader, Writer
from autodiff.rows.formats.registry import ENDINGS, READ, Format, check_alike, known, reader_of
from autodiff.rows.input import Input
from autodiff.rows.partition import answer_parts
from autodiff.rows.query import Query
from autodiff.rows.reporter import Reporter
from autodiff.rows.run import Job, Run
from autodiff.rows.sinks import Folder, Stdout
from autodiff.rows.sources import Source, found
from autodiff.rows.stream import answer_stream
from autodiff.rows.table import Table
from autodiff.rows.tally import Tally, object_to

_PATIENCE = 2.0  # seconds until a word is said about input that does not come


def answer_rows(query: Query, table: Table, stdin: int | None, stdout: Stdout, reporter: Reporter) -> None:
    """Answer for every row of a table.

    Args:
        query: what to compute for every row.
        table: which rows these are, and where the answers go.
        stdin: the descriptor of stdin, None where it is closed.
        stdout: where answers go that do not go into a file.
        reporter: who is told how far it is, and what is wrong with some rows.

    Raises:
        Failure: there is no such table, or it is not as it was described; a row is wrong, and that is the end; an
            answer is not finite, and must be; or the answer cannot be written.
        ProgramError: the program is wrong.
    """
    job, reader, sources = opened(query, table, stdin, reporter)
    form = _format_of(table, reader.source.format, stdout)
    layout = job.layout(reader, form.name)
    _check_names(layout, form)
    with suppress(ReaderGone), ExitStack() as files:
        folder = files.enter_context(Folder(table.out, table.overwrite)) if table.out and table.in_folder else None
        sink = files.enter_context(WholeFile(Path(table.out))) if table.out and not folder else stdout
        rejects = files.enter_context(WholeFile(table.rejects)) if table.rejects else None
        writer = form.writer(layout, sink)
        if table.in_parts:
            tally = answer_parts(job, sources, layout, folder, rejects, reporter)
        else:
            run = Run(job, layout, writer, rejects)
            watched = bool(table.out) or not stdout.terminal
            answer_stream(run, sources, reader, reporter, watched, stdout.interrupt)
            tally = run.tally
        if table.reduce:
            _write_reduced(tally, table, layout.answers, writer, reporter)
            return
        if not folder:
            writer.finish()
        tally.report(table, reporter)


def opened(query: Query, table: Table, stdin: int | None, reporter: Reporter) -> tuple[Job, Reader, list[Source]]:
    """The first of the files, with its columns chosen, what is to be done to it, and all the files."""
    free = query.reading.free  # what is wrong with a program is said before what is wrong with its rows
    sources = _sources(table, stdin)
    first = Input(sources[0], awaited=_note_awaited(free, reporter))
    if table.data is None and not first.start:
        check_complete(query.reading.program, query.reading.values)  # /dev/null and the like: no rows were meant
    reader = reader_of(first, table)
    job = Job(query.bound_to(reader), table, len(sources) > 1)
    job.bind(reader)
    for note in doubts(job.query.program, query.reading.given):
        reporter.note(note)
    return job, reader, sources


def _sources(table: Table, stdin: int | None) -> list[Source]:
    """The files that the table names."""
    names = table.data or ["-"]
    sources = [source for name in names for source in found(name, stdin)]
    if table.data_format is None:
        check_alike(names, sources)
    else:
        known(table.data_format, READ)
    if table.rejects and any(source.is_at(table.rejects) for source in sources):
        raise WrongRequest(f"--data and --rejects are both {table.rejects}")
    if table.out and not table.overwrite and any(source.is_at(table.out) for source in sources):
        raise WrongRequest(f"{table.out} would be overwritten by the answer to its own rows", "allow it: --overwrite")
    return sources


def _check_names(layout: Layout, form: Format) -> None:
    """WrongRequest where the answer would have two columns of one name; only csv may have them."""
    if taken := [name for name in layout.answers if name in layout.kept]:
        hint = f"rename the one in the rows: --rename 'NAME={taken[0]}'"
        raise WrongRequest(f"--keep would write two columns '{taken[0]}'", hint)
    twice = [name for name, uses in Counter(layout.kept).items() if uses > 1]
    if twice and not form.separated:
        raise WrongRequest(f"--keep would write two columns '{twice[0]}'", f"{form.name} cannot have them, csv can")


def _note_awaited(free: Sequence[str], reporter: Reporter) -> Callable[[Input], None]:
    def before_first(source: Input) -> None:
        if reporter.watched and not source.readable(_PATIENCE):
            names = " and ".join(f"'{name}'" for name in free) or "the rows"
            reporter.note(f"waiting for rows from {source.name}, with values of {names}")

    return before_first


def _format_of(table: Table, of_rows: str, stdout: Stdout) -> Format:
    """The format of the answer: what is asked for, what the ending of its file says, or that of the rows."""
    if table.in_folder:
        return known("parquet")
    out = Path(table.out or "")
    name = table.format or ENDINGS.get(out.suffix.lower())
    if name is None and out.suffix and (out.is_file() or not out.exists()):
        raise WrongRequest(f"cannot tell the format of {out} by its ending", f"use {', '.join(ENDINGS)}")
    form = known(name or of_rows)
    if stdout.terminal and not table.out and not form.text:
        raise WrongRequest(f"{form.name} is not for a terminal", "write it into a file with --out FILE")
    return form


def _write_reduced(tally: Tally, table: Table, names: Sequence[str], writer: Writer, reporter: Reporter) -> None:
    """Say what there is to say, and write one row for all."""
    import numpy as np

    totals = tally.reduced(table.reduce or "", len(names))
    tally.report(table, reporter)
    wrong = [(name, total) for name, total in zip(names, totals) if not isfinite(total)]
    if wrong and not tally.not_finite:
        name, total = wrong[0]
        object_to(f"the {table.reduce} of {name} over {tally.count:,} rows is {shortest(total)}", table, reporter)
    writer.encoded(Answers(1, [], [np.array([total]) for total in totals]))()
    writer.finish()
