"""Destinations of answers other than a file: stdout, and a folder of parts."""

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Self

from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.files import AllOrNothing, ReaderGone, umask

_PART = re.compile(r"part-\d+\.parquet")


class Stdout:
    """Stdout as a file of bytes, which is left at the end of a line on Ctrl-C."""

    closed = False

    def __init__(self, descriptor: int, terminal: bool) -> None:
        self.descriptor, self.terminal, self.dead = descriptor, terminal, False
        self.interrupted, self.at_end = False, True

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it; ReaderGone where nobody reads it."""
        rest = memoryview(b"" if self.dead else data).cast("B")
        while rest and not (self.interrupted and self.at_end):
            # In small pieces, so that Ctrl-C does not wait for a whole block.
            size = bytes(rest[: 1 << 16]).find(b"\n") + 1 if self.interrupted else 1 << 16
            written = self._write(rest[: size or 1 << 16])
            # The line that has begun is completed: no reader gets half a record.
            self.at_end = rest[written - 1] == ord("\n")
            rest = rest[written:]
        return len(data)

    def interrupt(self) -> None:
        """Write no further than to the end of the present line."""
        self.interrupted = True

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self.descriptor, data)
        except BrokenPipeError:  # what is left goes nowhere, and no complaint comes at exit
            self.dead = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.descriptor)
            raise ReaderGone from None
        except OSError as error:
            self.dead = True  # and pyarrow's writers, which come again as they are closed, are not heard
            raise NotMet(f"cannot write the answer: {error.strerror}") from None

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """For pyarrow's writers; stdout itself stays open."""
        self.closed = True


class InterruptHeld:
    """Holds Ctrl-C back until a block is written; a second Ctrl-C takes effect at once."""

    came = False

    def __enter__(self) -> Self:
        self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, number: int, frame: FrameType | None) -> None:
        """Remember that Ctrl-C came."""
        self.came = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.before)
        if self.came:
            raise KeyboardInterrupt


def part_name(number: int) -> str:
    """The name of the answer to the part with that number."""
    return f"part-{number:05}.parquet"


class Folder(AllOrNothing):
    """A folder of parts, which are written into a hidden folder beside it that takes its place in the end."""

    def __init__(self, name: str, overwrite: bool) -> None:
        self.name, self.target = name, Path(name).resolve()
        try:
            self._check(os.listdir(self.target) if self.target.exists() else [], overwrite)
            # Beside the target, since a rename is a single step within one file system only.
            self.hidden = tempfile.mkdtemp(dir=self.target.parent, prefix=f".{self.target.name}.")
            os.chmod(self.hidden, 0o777 & ~umask())  # the workers of a cluster may be another user
        except OSError as error:
            raise self._failure(error) from None

    def _check(self, names: list[str], overwrite: bool) -> None:
        others = sorted(name for name in names if not _PART.fullmatch(name))
        if others:
            message = f"{self.name} holds other files than an answer, such as {others[0]}"
            raise NotMet(message, "name an empty folder, or one that does not exist")
        if names and not overwrite:
            raise NotMet(f"{self.name} holds an answer already", "replace it with --overwrite")

    def _failure(self, error: OSError) -> NotMet:
        return NotMet(f"cannot write {self.name}: {error.strerror}")

    def check_whole(self, parts: Iterable[str]) -> None:
        """Failure where one of the parts is not there."""
        if missing := sorted(set(parts) - set(os.listdir(self.hidden))):
            hint = "the workers must see the folder under the same path as this machine does"
            raise NotMet(f"{missing[0]} is not in {self.name}, though a worker wrote it", hint)

    def _finish(self) -> None:
        """Put the folder in its place, where an old one may be."""
        old = f"{self.hidden}.old"
        try:
            for name in os.listdir(self.hidden):
                if not _PART.fullmatch(name):  # half a part, of a worker that was killed
                    os.unlink(os.path.join(self.hidden, name))
            if self.target.exists():
                shutil.copymode(self.target, self.hidden)
                # Again: a file that somebody has put there meanwhile must not be lost.
                self._check(os.listdir(self.target), overwrite=True)
                os.rename(self.target, old)
            os.rename(self.hidden, self.target)
        except OSError as error:
            # The second rename failed, so the old answer comes back.
            if os.path.exists(old) and not self.target.exists():
                os.rename(old, self.target)
            raise self._failure(error) from None
        shutil.rmtree(old, ignore_errors=True)

    def _abandon(self) -> None:
        """Leave nothing behind; a worker may be about to write its part just now."""
        for _ in range(20):
            with suppress(OSError):
                shutil.rmtree(self.hidden)
            if not os.path.exists(self.hidden):
                return
            time.sleep(0.05)
