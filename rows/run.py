"""One pass over rows: blocks are read, answered on two cores, and written in their order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from autodiff.cli.request import Request
from autodiff.evaluation.errors import Failure, NotMet
from autodiff.evaluation.numbers import shortest
from autodiff.rows.batch import Batch, Reader
from autodiff.rows.input import Input
from autodiff.rows.sources import Files
from autodiff.rows.tally import Tally, exact_sum, object_to

_WORKERS = 2
_AHEAD = 4  # blocks that are worked on or wait for their turn: what bounds the memory


@dataclass
class Done:
    """A block that was answered."""

    batch: Batch
    line: int
    encoded: Any
    not_finite: int
    first: str
    sums: list[list[float]]


class Run:
    """One pass over the rows, and what is to be told of it in the end."""

    def __init__(
        self,
        rows: Reader,
        compute: Callable[[Batch], list[Any]],
        writer: Any,
        rejects: Any,
        policy: str,
        reduce: str | None,
    ) -> None:
        self.rows, self.compute, self.writer, self.rejects = rows, compute, writer, rejects
        self.policy, self.reduce = policy, reduce
        self.tally = Tally()

    def answer(self, block: Any, line: int) -> Done:
        """What can be done by another core: everything but reading and writing."""
        batch = self.rows.parse(block, line)
        results = self.compute(batch)
        not_finite, first = _not_finite(results, batch)
        if self.reduce:
            return Done(batch, line, None, not_finite, first, [exact_sum(column.tolist()) for column in results])
        kept = self._kept(batch)
        return Done(batch, line, self.writer.encode(batch.count, kept, results), not_finite, first, [])

    def _kept(self, batch: Batch) -> list[Any]:
        """The kept columns: text stays as it is, but where the answer has types the variables are numbers."""
        kept = list(batch.kept)
        columns = self.rows.columns
        if kept and self.rows.text and self.writer.typed:
            for i, numbers in zip(columns.used, batch.numbers):
                kept[i] = numbers
        return kept

    def all(self, source: Input | Files, progress: bool) -> None:
        """Read, answer and write all blocks."""
        from concurrent.futures import Future, ThreadPoolExecutor

        from autodiff.rows.progress import bar

        pending: deque[Future[Done]] = deque()

        def write(at_most: int) -> None:
            while pending and (len(pending) > at_most or pending[0].done()):
                self.write(pending.popleft().result())

        def busy() -> bool:
            return sum(not future.done() for future in pending) >= _WORKERS

        pool = ThreadPoolExecutor(_WORKERS)
        try:
            with bar(source, progress) as advance:
                try:
                    for block, line in self.rows.blocks(busy, lambda: write(0)):
                        pending.append(pool.submit(self.answer, block, line))
                        write(_AHEAD)
                        advance()
                except Failure:  # of what could not be read; all above it is answered
                    write(0)
                    raise
                write(0)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def write(self, done: Done) -> None:
        """Put out one block, in its turn."""
        batch = done.batch
        reason = batch.refused[0].reason if batch.refused else ""
        self.tally.add(Tally(batch.count, done.not_finite, done.first, len(batch.refused), reason, done.sums))
        if batch.count and not self.reduce:
            self.writer.write(done.encoded)
        if batch.refused:
            if self.rejects:
                lines = [f"{each.reason}\t{each.text.rstrip(chr(10))}\n" for each in batch.refused]
                self.rejects.write("".join(lines).encode("utf-8", "surrogateescape"))
            if self.policy == "fail":
                hint = "go on at such rows with --on-error nan or skip"
                if done.line == 1 and not batch.count and not self.rows.header:
                    hint = "without --columns the first line is the header"
                raise NotMet(reason, hint)

    def finish(self, request: Request) -> None:
        """The end of the answer, and what is to be said of it."""
        if self.reduce:
            finish_reduced(self.writer, self.tally, request, self.policy)
            return
        self.writer.finish()
        self.tally.report(request, self.policy)


def finish_reduced(writer: Any, tally: Tally, request: Request, policy: str) -> None:
    """Say what there is to say, and put out one row for all."""
    import numpy as np

    totals = tally.reduced(request.reduce or "", len(writer.names))
    tally.report(request, policy)
    wrong = [(name, total) for name, total in zip(writer.names, totals) if not isfinite(total)]
    if wrong and not tally.not_finite:
        name, total = wrong[0]
        object_to(f"the {request.reduce} of {name} over {tally.count:,} rows is {shortest(total)}", request)
    writer.write(writer.encode(1, [], [np.array([total]) for total in totals]))
    writer.finish()


def _not_finite(results: Sequence[Any], batch: Batch) -> tuple[int, str]:
    """How many rows have a number in their answer that is not finite, and the first of them with its number."""
    import numpy as np

    finite = np.isfinite(results[0])
    for column in results[1:]:
        finite &= np.isfinite(column)
    if finite.all():
        return 0, ""
    first = int(np.argmin(finite))
    number = next(float(column[first]) for column in results if not isfinite(column[first]))
    return int((~finite).sum()), f"{batch.place(first)}: {shortest(number)}"
