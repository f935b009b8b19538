"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self

from autodiff.evaluation.errors import NotMet

_ASKING = Lock()


class ReaderGone(Exception):
    """The reader of the output has closed it, as `head` does."""


class AllOrNothing:
    """A context that puts its result in place at the end, or leaves no trace if anything went wrong."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, wrong: object, *_: object) -> None:
        if wrong:
            self._abandon()
            return
        try:
            self._finish()
        except BaseException:
            self._abandon()
            raise

    def _finish(self) -> None:
        raise NotImplementedError

    def _abandon(self) -> None:
        raise NotImplementedError


class WholeFile(AllOrNothing):
    """A file to write: it replaces the old one in one step at the end. NotMet where it cannot be written."""

    closed = False

    def __init__(self, path: Path) -> None:
        import tempfile

        self.path, self.part, self.dead = path, None, False
        try:
            if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
                self.file = path.open("wb", buffering=0)
                return
            self.target = path.resolve()  # through a symbolic link, to what it points to
            handle, self.part = tempfile.mkstemp(dir=self.target.parent, prefix=f".{path.name}.")
            self.file = open(handle, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self.failure(error) from None

    def failure(self, error: OSError) -> NotMet:
        return NotMet(f"cannot write {self.path}: {error.strerror}")

    def write(self, data: Any) -> int:
        rest = memoryview(b"" if self.dead else data).cast("B")
        try:
            while rest:
                rest = rest[self.file.write(rest) :]
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as error:
            raise self.failure(error) from None
        return len(data)

    def flush(self) -> None: ...

    def close(self, whole: bool = False) -> None:
        """For pyarrow's writers, which do not know whether all went well."""

    def _finish(self) -> None:
        try:
            self.file.close()
            if self.part:
                os.chmod(self.part, 0o666 & ~umask())
                os.replace(self.part, self.target)
                self.part = None
        except OSError as error:
            raise self.failure(error) from None

    def _abandon(self) -> None:
        self.dead = True
        with suppress(OSError):
            self.file.close()
            if self.part:
                os.unlink(self.part)


def write_whole(file: Path, data: bytes) -> None:
    """Write a file whole or not at all; NotMet where it cannot be written."""
    with suppress(ReaderGone), WholeFile(file) as part:
        part.write(data)


def umask() -> int:
    """The bits of a mode that new files do not get."""
    with _ASKING:  # to know them is to change them
        mask = os.umask(0)
        os.umask(mask)
    return mask
