"""Rows answered in parts, each by itself: by the threads of this process, or by the workers of a cluster.

The cut into parts depends on the files alone, and within a part nothing depends on who answers it. So the answers are
the same, bit for bit, wherever they are made.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path

from autodiff.evaluation.errors import Failure, NotMet
from autodiff.evaluation.files import WholeFile
from autodiff.rows.formats.arrow import ParquetWriter
from autodiff.rows.formats.base import Layout, Reader, Sink
from autodiff.rows.reporter import Reporter
from autodiff.rows.run import Job, Run, Shape
from autodiff.rows.sinks import Folder, part_name
from autodiff.rows.sources import Part, Source
from autodiff.rows.tally import Tally
from autodiff.rows.workers import Map, threads

PART_BYTES = 1 << 24  # of text: the answer to it has some hundred thousand rows


@dataclass
class Answered:
    """The result of a part: its tally, and its bad rows where they are wanted."""

    tally: Tally
    rejects: bytes
    types: dict[str, str]
    """The types of the kept columns, by their names."""


def answer_parts(
    job: Job, sources: Sequence[Source], layout: Layout, folder: Folder | None, rejects: Sink | None, reporter: Reporter
) -> Tally:
    """Answer all rows of some files, into a folder, or without one only sum up."""
    tally, names = Tally(), list[str]()
    with _workers(job.table.cluster, reporter) as work:
        job, parts = _planned(work, job, sources)
        with reporter.progress(f"0 of {len(parts):,} parts", len(parts)) as advance:
            for number, answered in enumerate(_answers(work, job, parts, folder)):
                tally.add(answered.tally)
                names += [part_name(number)] * bool(answered.tally.count)
                if rejects:
                    rejects.write(answered.rejects)
                advance(number + 1, f"{number + 1:,} of {len(parts):,} parts, {tally.count:,} rows")
    if folder:
        folder.check_whole(names or _empty(folder, layout))
    return tally


def _workers(cluster: str | None, reporter: Reporter) -> AbstractContextManager[Map]:
    if cluster is None:
        return threads()
    from autodiff.rows.dask import workers

    return workers(cluster, reporter)


# --- What is to be done -----------------------------------------------------------------------------------------------


def _planned(work: Map, job: Job, sources: Sequence[Source]) -> tuple[Job, list[Part]]:
    """The parts of all files, and the job with the format that all of them have."""
    shapes, parts = list[Shape](), list[Part]()
    for plan in work(partial(cut, job, PART_BYTES), sources):
        if isinstance(plan, Failure):
            raise plan
        shapes.append(plan[0])
        shapes[0].check(plan[0])
        parts += plan[1]
    return replace(job, table=replace(job.table, data_format=shapes[0].format)), parts


def cut(job: Job, size: int, source: Source) -> tuple[Shape, list[Part]]:
    """The cut of a file into parts of about that many bytes."""
    with job.opened(source) as reader:
        return Shape.of(reader), list(reader.parts(size))


# --- What is done to each part ----------------------------------------------------------------------------------------


def answer_part(job: Job, folder: str | None, numbered: tuple[int, Part]) -> Answered:
    """Read, answer and write one part, and return its tally."""
    number, part = numbered
    _check_there(folder)
    with job.opened(part.source, part) as reader:
        if folder is None:
            return _answer_part(job, reader, folder, BytesIO())
        with suppress(_Empty), WholeFile(Path(folder, part_name(number))) as file:
            answered = _answer_part(job, reader, folder, file)
            if not answered.tally.count:
                raise _Empty
        return answered


class _Empty(Exception):
    """A part without rows is not written: the types of its columns would not be known."""


def _answer_part(job: Job, reader: Reader, folder: str | None, file: Sink) -> Answered:
    layout, rejects = job.layout(reader, "parquet"), BytesIO()
    writer = ParquetWriter(layout, file)
    run = Run(job, layout, writer, rejects)
    for block in job.blocks(reader):
        _check_there(folder)  # it is gone where nobody waits for the answer any more
        run.write(run.answer(block))
    if folder and run.tally.count:
        writer.finish()
    return Answered(run.tally, rejects.getvalue() if job.table.rejects else b"", writer.kept_types())


def _check_there(folder: str | None) -> None:
    if folder and not os.path.exists(folder):
        hint = "all workers must see the folder of the answer under the same path as this machine"
        raise NotMet(f"no worker can write the answer: there is no {folder}", hint)


# --- What comes of it -------------------------------------------------------------------------------------------------


def _answers(work: Map, job: Job, parts: Sequence[Part], folder: Folder | None) -> Iterator[Answered]:
    """The results of all parts, in their order, up to the first that has failed."""
    types: dict[str, str] = {}
    answer = partial(answer_part, job, folder.hidden if folder else None)
    for part, answered in zip(parts, work(answer, list(enumerate(parts)))):
        if isinstance(answered, Failure):
            raise answered
        for name, kind in answered.types.items():
            # A column that is empty in one part goes with any type in the others.
            if "null" not in (kind, known := types.get(name, "null")) and kind != known:
                raise NotMet(f"cannot write parquet: column '{name}' is {kind} in {part.name}, and {known} above it")
        types |= {name: kind for name, kind in answered.types.items() if kind != "null"}
        yield answered


def _empty(folder: Folder, layout: Layout) -> list[str]:
    """One part without rows, which says what the columns are."""
    with WholeFile(Path(folder.hidden, part_name(0))) as file:
        ParquetWriter(layout, file).finish()
    return [part_name(0)]
