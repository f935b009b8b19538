"""Reading programs and writing answers, with failures in words."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self

from autodiff.evaluation.errors import Failure, NotMet, WrongRequest

_ASKING = Lock()


def read_text(file: Path) -> str:
    """The text of a file, `-` being stdin; Failure where there is none."""
    name = "stdin" if str(file) == "-" else str(file)
    if name == "stdin" and sys.stdin is None:
        raise WrongRequest("cannot read stdin: it is closed")
    try:
        data = sys.stdin.buffer.read() if name == "stdin" else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise WrongRequest(f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongRequest(f"cannot read {name}: it is not UTF-8 text") from None


def write_stdout(text: str) -> None:
    """Print an answer. A reader that has seen enough is no failure, a full disk is one."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # `head` has gone away; what is left goes nowhere, and no complaint comes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise NotMet(f"cannot write the answer: {error.strerror}") from None


class ReaderGone(Exception):
    """`head` has seen enough."""


class AllOrNothing:
    """What takes its place at the end of a `with`, if nothing went wrong in it, and is else never seen."""

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
    """A file to write, which takes the place of the old one."""

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

    def failure(self, error: OSError) -> Failure:
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
    """Write a file at once or not at all."""
    with suppress(ReaderGone), WholeFile(file) as part:
        part.write(data)


def umask() -> int:
    """The bits of a mode that new files do not get."""
    with _ASKING:  # to know them is to change them
        mask = os.umask(0)
        os.umask(mask)
    return mask
