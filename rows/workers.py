"""Workers for the parts of a table: the threads of this process, or, in dask.py, those of a cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from autodiff.evaluation.errors import Failure

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_THREADS = 2


class Map(Protocol):
    """Does the same work on many things, and yields the results in their order; some may be Failures."""

    def __call__(self, work: Callable[[Thing], Result], things: Sequence[Thing]) -> Iterator[Result | Failure]:
        """The results as they are wanted."""


@contextmanager
def threads() -> Iterator[Map]:
    """This process does the work itself."""
    pool = ThreadPoolExecutor(_THREADS)

    def run(work: Callable[[Thing], Result], things: Sequence[Thing]) -> Iterator[Result | Failure]:
        return pool.map(partial(guarded, work), things)

    try:
        yield run
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def guarded(work: Callable[[Thing], Result], thing: Thing) -> Result | Failure:
    """Do the work, and return its result or the Failure that it raised."""
    try:
        return work(thing)
    except Failure as failure:
        return failure
