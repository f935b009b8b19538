"""Rows answered block by block, each by itself: by the threads of this process, or by the workers of a cluster.

The cut into blocks depends on the files alone, and within a block nothing depends on who answers it. So the parts are
the same, bit for bit, wherever they are made.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

from autodiff.cli.request import Request
from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.evaluation.failures import warn
from autodiff.evaluation.files import WholeFile
from autodiff.evaluation.reading import Reading, unused
from autodiff.rows.answer import (
    answer_format,
    check,
    check_names,
    first_of,
    opened_files,
    policy_of,
    put_out_rows,
    reader_of,
)
from autodiff.rows.batch import Batch, Reader
from autodiff.rows.formats.text import TEXTS, Text
from autodiff.rows.input import Block, Input, Lines, Source
from autodiff.rows.out import Table
from autodiff.rows.parts import Folder, part_name
from autodiff.rows.question import Question, question, vectors
from autodiff.rows.run import Run, finish_reduced
from autodiff.rows.sources import Shape, named
from autodiff.rows.tally import Tally

_BLOCK_BYTES = 1 << 24  # of text: a part of it has some hundred thousand rows
_THREADS = 2


@dataclass(frozen=True)
class Job:
    """What whoever answers a block has to know: the expression is text, and its values are."""

    request: Request
    values: tuple[tuple[str, float | tuple[float, ...]], ...]
    """Of the variables that have one."""
    lengths: tuple[tuple[str, int], ...]
    """Of the vectors without a value, as the columns of the first file tell them."""
    asked: tuple[str, ...]
    several: bool
    """Whether there are several files, so that a row is named with its own."""
    folder: str | None
    """Where the parts go; None where the rows are summed up."""
    block_bytes: int
    """How much text is one block."""


@dataclass
class Answered:
    """What comes back from a block: a few numbers, and its bad rows where they are wanted."""

    tally: Tally
    rejects: bytes
    types: dict[str, str]
    """Of the kept columns, by their names."""


Work = Callable[[Job, Any], Any]
Map = Callable[[Work, Job, Sequence[Any]], Iterator[Any]]
"""Does the same work on many things, and gives the results in the order of the things. One may be a Failure."""


def answer_rows(
    request: Request, reading: Reading, wrt: Sequence[str] | None = None, *, gradient: bool = False
) -> None:
    """Answer for every row, in one stream or block by block."""
    request = replace(request, out=None) if request.out == "-" else request
    folder = request.out is not None and request.out.endswith(("/", os.sep))
    if request.overwrite and not folder:
        raise WrongRequest("--overwrite is for a folder of answers", "name it with a slash at its end: --out FOLDER/")
    if folder or request.cluster is not None:
        _check(request, folder)
        _put_out_blocks(request, reading, wrt, gradient)
    else:
        put_out_rows(request, reading, wrt, gradient=gradient)


def _check(request: Request, folder: bool) -> None:
    check(request)
    if folder and request.reduce:
        raise WrongRequest("--reduce gives one row: --out needs a file for it, not a folder")
    if folder and "://" in str(request.out):
        raise WrongRequest(f"cannot write {request.out}: only folders are written, no URLs")
    if folder and request.format not in (None, "parquet"):
        raise WrongRequest(f"a folder of answers is parquet, not {request.format}")
    if not folder and not request.reduce:
        message = "--cluster answers into a folder, or with one row: rows do not come back through this machine"
        raise WrongRequest(message, "add --out FOLDER/, or --reduce sum or mean")
    if request.data in (None, "-"):
        option = "--cluster" if request.cluster is not None else "a folder of answers"
        raise WrongRequest(f"{option} needs files to read, no pipe", "name them with --data")


def _put_out_blocks(request: Request, reading: Reading, wrt: Sequence[str] | None, gradient: bool) -> None:
    sources, first = first_of(request, reading)
    rows = reader_of(first, request.columns)
    asked = question(reading, rows, wrt, gradient)
    if (spare := unused(asked.program, reading.given)) and not request.quiet:
        warn("note", spare)
    rows.bind(asked.free, request.keep, policy_of(request))
    check_names(rows, asked)
    kind = answer_format(request, first.kind) if request.reduce else "parquet"
    folder = None if request.reduce else Folder(str(request.out), request.overwrite)
    job = _job(request, asked, vectors(rows.names), len(sources) > 1, folder.hidden if folder else None)
    tally, parts = Tally(), []
    with opened_files(request, folder) as (sink, rejects), _workers(request.cluster) as run:
        blocks = _planned(run, job, sources)
        with _shown(request, len(blocks)) as show:
            for number, answered in enumerate(_answers(run, job, blocks)):
                tally.add(answered.tally)
                parts += [part_name(number)] * bool(answered.tally.count)
                if rejects:
                    rejects.write(answered.rejects)
                show(number + 1, tally.count)
        if folder:
            folder.check_whole(parts or _empty(folder, rows, asked.names))
        elif request.reduce:
            writer = (Text if kind in TEXTS else Table)(kind, rows, asked.names, sink)
            finish_reduced(writer, tally, request, policy_of(request))
            return
        tally.report(request, policy_of(request))


def _job(request: Request, asked: Question, lengths: Mapping[str, int], several: bool, folder: str | None) -> Job:
    values = {name: asked.values[name] for name in asked.program.inputs if name in asked.values}
    frozen = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
    plain = replace(request, expression=asked.program.text, bindings=None, file=None, vars=None)
    return Job(plain, frozen, tuple(lengths.items()), tuple(asked.asked), several, folder, _BLOCK_BYTES)


def _workers(cluster: str | None) -> AbstractContextManager[Map]:
    if cluster is None:
        return _threads()
    from autodiff.rows.dask import workers

    return workers(cluster)


@contextmanager
def _threads() -> Iterator[Map]:
    """This process does the work itself."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(_THREADS)
    try:
        yield lambda work, job, things: pool.map(partial(guarded, work, job), things)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def guarded(work: Work, job: Job, thing: Any) -> Any:
    """The result, or the Failure."""
    try:
        return work(job, thing)
    except Failure as failure:
        return failure


def _shown(request: Request, blocks: int) -> AbstractContextManager[Callable[[int, int], None]]:
    from autodiff.rows.progress import blocks_bar

    return blocks_bar(blocks, not request.quiet)


# --- What is to be done -----------------------------------------------------------------------------------------------


def _planned(run: Map, job: Job, sources: Sequence[Source]) -> list[Block]:
    """The blocks of all files."""
    blocks: list[Block] = []
    first: Shape | None = None
    for plan in run(plan_file, job, sources):
        if isinstance(plan, Failure):
            raise plan
        shape, more = plan
        first = first or shape
        first.check(shape)
        blocks += more
    return blocks


def plan_file(job: Job, source: Source) -> tuple[Shape, list[Block]]:
    """The cut of a file into blocks."""
    file = Input(source, job.request.from_)
    try:
        rows = _bound(job, file)
        if file.kind == "parquet":
            cut = _row_groups(source, file)
        else:
            cut = _whole(source, file) if file.kind == "arrow" else _texts(source, file, rows, job.block_bytes)
        return Shape(source.name, file.kind, rows.kept), list(cut)
    finally:
        file.close()


def _row_groups(source: Source, file: Input) -> Iterator[Block]:
    import pyarrow.parquet as pq

    metadata = pq.ParquetFile(file.seekable()).metadata
    row = 1
    for group in range(metadata.num_row_groups):
        count = metadata.row_group(group).num_rows
        yield Block(source, file.kind, group, count, row)
        row += count


def _whole(source: Source, file: Input) -> Iterator[Block]:
    yield Block(source, file.kind)


def _texts(source: Source, file: Input, rows: Any, enough: int) -> Iterator[Block]:
    """Whole records: only a look at all above them tells where they are, and the numbers of their lines."""
    lines: Lines = rows.lines
    start, size, first = file.done - len(lines.rest), 0, lines.line
    for records, line in lines.blocks(lambda: False, lambda: None):
        first = first if size else line
        size += len(records)
        if size >= enough:
            yield Block(source, file.kind, start, size, first, lines.head)
            start, size = start + size, 0
    if size:
        yield Block(source, file.kind, start, size, first, lines.head)


# --- What is done to each block ---------------------------------------------------------------------------------------


@lru_cache(4)
def _compiled(job: Job) -> tuple[Question, Callable[[Batch], list[Any]]]:
    """Once for all blocks that one process answers."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in job.values}
    reading = Reading(job.request.expression or "", values, (), job.request.gates, job.request.max_nodes)
    asked = Question(reading.program_with(dict(job.lengths)), reading.values, job.asked)
    return asked, asked.compile()


def _bound(job: Job, file: Input) -> Reader:
    rows = reader_of(file, job.request.columns)
    asked, _ = _compiled(job)
    rows.bind(asked.free, job.request.keep, policy_of(job.request))
    return rows


def answer_block(job: Job, numbered: tuple[int, Block]) -> Answered:
    """Read, answer and write one block, and tell what there is to tell of it."""
    number, block = numbered
    _check_folder(job)
    file = Input(block.source, block.kind, block=block)
    try:
        if not job.folder:
            return _answer_block(job, file, None)
        with suppress(_Empty), WholeFile(Path(job.folder, part_name(number))) as part:
            answered = _answer_block(job, file, part)
            if not answered.tally.count:
                raise _Empty
        return answered
    finally:
        file.close()


class _Empty(Exception):
    """A part without rows is not written: the types of its columns would not be known."""


def _answer_block(job: Job, file: Input, part: WholeFile | None) -> Answered:
    asked, compute = _compiled(job)
    rows = _bound(job, file)
    writer = Table("parquet", rows, asked.names, part)
    rejects = BytesIO()
    reader = _Named(rows, file.name) if job.several else rows
    run = Run(reader, compute, writer, rejects, policy_of(job.request), job.request.reduce)
    for records, line in rows.blocks(lambda: False, lambda: None):
        _check_folder(job)  # it is gone where nobody waits for the answer any more
        run.write(run.answer(records, line))
    if part and run.tally.count:
        writer.finish()
    return Answered(run.tally, rejects.getvalue() if job.request.rejects else b"", writer.kept_types())


def _check_folder(job: Job) -> None:
    if job.folder and not os.path.exists(job.folder):
        hint = "all workers must see the folder of the answer under the same path as this machine"
        raise NotMet(f"no worker can write the answer: there is no {job.folder}", hint)


class _Named(Reader):
    """A reader that names the file of a row too."""

    def __init__(self, reader: Reader, name: str) -> None:
        self.reader, self.name = reader, name
        self.header, self.columns, self.text = reader.header, reader.columns, reader.text

    def parse(self, block: Any, line: int) -> Batch:
        return named(self.reader.parse(block, line), self.name)


# --- What comes of it -------------------------------------------------------------------------------------------------


def _answers(run: Map, job: Job, blocks: Sequence[Block]) -> Iterator[Answered]:
    """Of all blocks, in their order, up to the first that has failed."""
    types: dict[str, str] = {}
    for block, answered in zip(blocks, run(answer_block, job, list(enumerate(blocks)))):
        if isinstance(answered, Failure):
            raise answered
        for name, kind in answered.types.items():
            if "null" not in (kind, known := types.get(name, "null")) and kind != known:
                message = f"cannot write parquet: column '{name}' is {kind} in {block.name}, and {known} above it"
                raise NotMet(message)
        types |= {name: kind for name, kind in answered.types.items() if kind != "null"}
        yield answered


def _empty(folder: Folder, rows: Reader, names: Sequence[str]) -> list[str]:
    """One part without rows, which says what the columns are."""
    with WholeFile(Path(folder.hidden, part_name(0))) as file:
        Table("parquet", rows, names, file).finish()
    return [part_name(0)]
