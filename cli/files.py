"""Reading programs and writing answers, with failures in words."""

import os
import sys
from pathlib import Path
from threading import Lock

from .failures import NOT_MET, Failure

_ASKING = Lock()


def read_text(file: Path) -> str:
    """The text of a file, `-` being stdin; Failure where there is none."""
    name = "stdin" if str(file) == "-" else str(file)
    if name == "stdin" and sys.stdin is None:
        raise Failure("cannot read stdin: it is closed")
    try:
        data = sys.stdin.buffer.read() if name == "stdin" else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Failure(f"cannot read {name}: it is not UTF-8 text") from None


def write_stdout(text: str) -> None:
    """Print an answer. A reader that has seen enough is no failure, a full disk is one."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # `head` has gone away; what is left goes nowhere, and no complaint comes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise Failure(f"cannot write the answer: {error.strerror}", code=NOT_MET) from None


def write_whole(file: Path, data: bytes) -> None:
    """Write a file at once or not at all: a reader sees the old content or the new one."""
    import tempfile

    try:
        if file.exists() and not file.is_file():  # a device or a pipe cannot be replaced
            file.write_bytes(data)
            return
        target = file.resolve()  # through a symbolic link, to what it points to
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{file.name}.", delete=False) as part:
            try:
                part.write(data)
                part.close()
                os.chmod(part.name, 0o666 & ~umask())
                os.replace(part.name, target)
            except BaseException:
                os.unlink(part.name)
                raise
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}", code=NOT_MET) from None


def umask() -> int:
    """The bits of a mode that new files do not get."""
    with _ASKING:  # to know them is to change them
        mask = os.umask(0)
        os.umask(mask)
    return mask
