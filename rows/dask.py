"""Parts answered by the workers of a Dask cluster. Nothing else here knows of Dask."""

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.rows.reporter import Reporter
from autodiff.rows.sinks import InterruptHeld
from autodiff.rows.workers import Map, Result, Thing, guarded

_CONNECT = 3.0  # seconds until a scheduler has answered, if it is there
_PATIENCE = 30.0  # seconds without any worker
_SOON = 3.0  # seconds until a word is said about it
_PAUSE = 0.02  # seconds between looks at what has come


@contextmanager
def workers(address: str, reporter: Reporter) -> Iterator[Map]:
    """The workers of the scheduler at an address; for `local`, a new process for each core."""
    try:
        import distributed
    except ImportError:
        raise WrongRequest("--cluster needs Dask, which is not installed", "pip install 'autodiff-cli[dask]'") from None
    logging.disable(logging.CRITICAL)  # what there is to say is said here, once
    warnings.simplefilter("ignore")
    server = _local(distributed) if address == "local" else None
    try:
        client = _connected(distributed, address, server)
        try:
            yield _Workers(distributed, client, address, reporter)
        finally:
            with suppress(Exception):
                client.close(_CONNECT)  # and the scheduler drops what only this client wanted
    finally:
        if server is not None:
            with suppress(Exception):
                server.close(_CONNECT)


def _local(distributed: Any) -> Any:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    options = {"n_workers": cores, "threads_per_worker": 1, "dashboard_address": None}
    try:
        with InterruptHeld(), _silent_children():
            return distributed.LocalCluster(**options, silence_logs=logging.CRITICAL)
    except Exception as error:  # of many kinds: no memory, no sockets, no processes
        reason = str(error).partition("\n")[0]
        raise NotMet(f"cannot start a cluster on this machine: {reason}") from None


@contextmanager
def _silent_children() -> Iterator[None]:
    """Silence the processes started here: Ctrl-C reaches them too, and only this one should speak of it."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # Children inherit the descriptor: to replace the stream of this process would not silence them.
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _connected(distributed: Any, address: str, server: Any) -> Any:
    try:
        return distributed.Client(server or address, timeout=_CONNECT)
    except (OSError, TimeoutError):
        hint = f"start one with: dask scheduler; and its workers with: dask worker {address}"
        raise NotMet(f"no Dask scheduler answers at {address}", hint) from None
    except ValueError as error:
        raise WrongRequest(f"--cluster {address}: {error}", "an address is of the form tcp://host:8786") from None


class _Workers:
    """The workers of a scheduler, as a Map."""

    def __init__(self, distributed: Any, client: Any, address: str, reporter: Reporter) -> None:
        self.distributed, self.client, self.address, self.reporter = distributed, client, address, reporter

    def __call__(self, work: Callable[[Thing], Result], things: Sequence[Thing]) -> Iterator[Result | Failure]:
        """The results of the workers, in the order of the things."""
        # Not pure: Dask must not return what it remembers of a file that may have changed since.
        futures = self.client.map(partial(guarded, work), things, pure=False)
        position = {future.key: i for i, future in enumerate(futures)}
        came = self.distributed.as_completed(futures, with_results=True, raise_errors=False)
        del futures  # so that the workers need not keep what has been seen
        waiting: dict[int, Result | Failure] = {}
        watch = _Watch(self.client, self.address, self.reporter)
        # Results come in any order. They leave in the order of the parts, so that the answer is that of one process.
        for turn in range(len(things)):
            while turn not in waiting:
                batch = came.next_batch(block=False)
                for future, result in batch:
                    if future.status in ("pending", "lost") and self.client.status == "running":
                        came.add(future)  # its worker died with the result: another will do it again
                        continue
                    i = position[future.key]
                    done = future.status == "finished"
                    waiting[i] = result if done else _lost(future, result, self.address, things[i])
                if batch:
                    watch.saw()
                else:
                    watch.look()
                    time.sleep(_PAUSE)
            yield waiting.pop(turn)


class _Watch:
    """Checks now and then whether there are workers to wait for."""

    def __init__(self, client: Any, address: str, reporter: Reporter) -> None:
        self.client, self.address, self.reporter = client, address, reporter
        self.alive = self.looked = time.monotonic()
        self.told = False

    def saw(self) -> None:
        self.alive = time.monotonic()

    def look(self) -> None:
        if time.monotonic() - self.looked < 1:
            return
        with suppress(Exception):  # a scheduler that does not answer has no workers either
            if self.client.sync(self.client.scheduler.ncores, callback_timeout=_CONNECT):
                self.saw()
        self.looked = time.monotonic()
        if self.looked - self.alive > _SOON and not self.told:
            self.told = True
            self.reporter.note(f"waiting for workers at {self.address}")
        if self.looked - self.alive > _PATIENCE:
            hint = f"start some with: dask worker {self.address}"
            raise NotMet(f"no workers are left at {self.address}", hint)


def _lost(future: Any, result: Any, address: str, thing: object) -> Failure:
    """The failure to report where a worker gave no answer."""
    if future.status != "error":
        return NotMet(f"the connection to the scheduler at {address} is lost")
    error = result[1] if isinstance(result, tuple) else result
    name = getattr(thing[1] if isinstance(thing, tuple) else thing, "name", "")
    if type(error).__name__ == "KilledWorker":
        hint = "it may have had too little memory: see the log of the worker"
        return NotMet(f"{name}: every worker that tried it died", hint)
    if isinstance(error, ImportError):
        hint = "install the same autodiff-cli[dask] on the scheduler and on all workers"
        return NotMet(f"the workers of {address} cannot load autodiff: {error}", hint)
    return NotMet(f"{name}: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
