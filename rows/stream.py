"""Rows answered as they come: blocks are read, answered on two cores, and written in their order."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext

from autodiff.evaluation.errors import Failure
from autodiff.rows.formats.base import Block, Pace, Reader
from autodiff.rows.reporter import Reporter
from autodiff.rows.run import Answered, Job, Pass, Shape
from autodiff.rows.sources import Source

_WORKERS = 2
_AHEAD = 4  # blocks that are worked on or wait for their turn: what bounds the memory


class _Rows:
    """The rows of all files, one after the other, of which the first is open."""

    def __init__(self, job: Job, sources: Sequence[Source], first: Reader) -> None:
        self.job, self.sources, self.first = job, sources, first
        self.current, self.before = first.source, 0
        self.name, self.size = first.source.name, first.source.size
        if len(sources) > 1:
            sizes = [os.path.getsize(each.path) if os.path.isfile(each.path) else None for each in sources]
            self.name, self.size = f"{len(sources)} files", None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def done(self) -> int:
        """How many bytes have been read."""
        return self.before + self.current.done

    def blocks(self, pace: Pace) -> Iterator[Block]:
        """The rows in pieces."""
        shape = Shape.of(self.first)
        for source in self.sources:
            with nullcontext(self.first) if source is self.sources[0] else self.job.opened(source) as reader:
                self.current = reader.source
                shape.check(Shape.of(reader))
                yield from self.job.blocks(reader, pace)
                self.before += self.current.done


class _Pending(Pace):
    """The blocks that are worked on or wait for their turn to be written."""

    def __init__(self, run: Pass) -> None:
        self.run = run
        self.pool = ThreadPoolExecutor(_WORKERS)
        self.futures: deque[Future[Answered]] = deque()

    def busy(self) -> bool:
        return sum(not future.done() for future in self.futures) >= _WORKERS

    def before_wait(self) -> None:
        self.write(0)

    def add(self, block: Block) -> None:
        """Submit one more block, then write until there is room for the next."""
        self.futures.append(self.pool.submit(self.run.answer, block))
        self.write(_AHEAD)

    def write(self, at_most: int) -> None:
        """Write what is done, and wait until no more than so many are left."""
        while self.futures and (len(self.futures) > at_most or self.futures[0].done()):
            self.run.write(self.futures.popleft().result())


def answer_stream(run: Pass, sources: Sequence[Source], first: Reader, reporter: Reporter, watched: bool) -> None:
    """Answer all rows of some files, of which the first is open; `watched` where progress is to be shown."""
    rows, pending = _Rows(run.job, sources, first), _Pending(run)
    try:
        with reporter.progress(rows.name, rows.size if watched else None) as advance:
            try:
                for block in rows.blocks(pending):
                    pending.add(block)
                    advance(rows.done, rows.name)
            except Failure:  # what is above the place that could not be read is answered
                pending.write(0)
                raise
            pending.write(0)
    finally:
        # After an error nobody waits for the blocks that are still worked on.
        pending.pool.shutdown(wait=False, cancel_futures=True)
