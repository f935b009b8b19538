"""Rows answered as they come: blocks are read, answered on two cores, and written in their order."""

import os
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from queue import SimpleQueue
from threading import Condition, Lock
from typing import NoReturn

from autodiff.rows.formats.base import Block, Reader
from autodiff.rows.reporter import Reporter
from autodiff.rows.run import Answered, Job, Pass, Shape
from autodiff.rows.sources import Source

_WORKERS = 3  # for two cores: one of them mostly waits for Python's lock or for its turn
_MOMENT = 0.1  # seconds in which a file is read


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

    def blocks(self) -> Iterator[Block]:
        """The rows in pieces."""
        shape = Shape.of(self.first)
        for source in self.sources:
            with nullcontext(self.first) if source is self.sources[0] else self.job.opened(source) as reader:
                self.current = reader.source
                shape.check(Shape.of(reader))
                yield from self.job.blocks(reader)
                self.before += self.current.done


class _Relay:
    """Threads that each read a block, answer it and write it in its turn, while it is in the cache of their core."""

    def __init__(self, run: Pass, blocks: Iterator[Block], written: Callable[[], None]) -> None:
        """`written` is called behind each block."""
        self.run, self.blocks, self.written = run, blocks, written
        self.reading, self.turn = Lock(), Condition()
        self.taken = self.done = 0
        self.ended = False
        # What the main thread waits for. A signal that strikes in the locks or threads of `threading` would break them.
        self.running, self.idle = Lock(), SimpleQueue[None]()
        for _ in range(_WORKERS):
            self.idle.put(None)
        self.error: BaseException | None = None

    def answer(self, interrupt: Callable[[], None]) -> None:
        """Answer all blocks; on Ctrl-C `interrupt` the block that is being written, which ends with a whole line."""
        try:
            self.running.acquire()
            for _ in range(_WORKERS):
                start_new_thread(self._work, ())
            # Python may miss a signal that came just before a wait, so no wait is long.
            while not self.running.acquire(timeout=_MOMENT):
                pass
        except BaseException:
            interrupt()
            raise
        finally:
            self._stop()
        if self.error:
            raise self.error

    def _stop(self) -> None:
        self.ended = True
        with self.turn:
            self.turn.notify_all()
        # No thread may be within Arrow as the process ends. One that waits for rows cannot be called back.
        for _ in range(_WORKERS):
            self.idle.get()
        self.reading.acquire(timeout=_MOMENT)

    def _work(self) -> None:
        while not self.ended:
            with self.reading:
                number, self.taken = self.taken, self.taken + 1
                block = self._next()
            self.idle.get()
            write = self._answered(block) if block else self._end
            self.idle.put(None)
            self._in_turn(number, write)

    def _next(self) -> Block | None:
        try:
            return None if self.ended else next(self.blocks, None)
        except BaseException as error:
            return _failing(error)

    def _answered(self, block: Block) -> Callable[[], None]:
        try:
            return partial(self._write, self.run.answer(block))
        except BaseException as error:  # the blocks above it are written first
            return _failing(error)

    def _in_turn(self, number: int, write: Callable[[], None]) -> None:
        with self.turn:
            self.turn.wait_for(lambda: self.ended or self.done == number)
            try:
                if not self.ended:
                    write()
            except BaseException as error:
                self.error, self.ended = error, True
            self.done += 1
            self.turn.notify_all()
            if self.ended and self.running.locked():
                self.running.release()

    def _write(self, answered: Answered) -> None:
        self.run.write(answered)
        self.written()

    def _end(self) -> None:
        self.ended = True


def _failing(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


def answer_stream(
    run: Pass,
    sources: Sequence[Source],
    first: Reader,
    reporter: Reporter,
    watched: bool,
    interrupt: Callable[[], None] = lambda: None,
) -> None:
    """Answer all rows of some files, of which the first is open.

    `watched` is whether progress is to be shown; `interrupt` ends a write early, at the end of a line.
    """
    rows = _Rows(run.job, sources, first)
    with reporter.progress(rows.name, rows.size if watched else None) as advance:
        _Relay(run, rows.blocks(), lambda: advance(rows.done, rows.name)).answer(interrupt)
