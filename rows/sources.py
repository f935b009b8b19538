"""Sources of rows: a file, the files of a glob or of a folder, a URL; and parts of these."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autodiff.evaluation.errors import WrongRequest

_WILD = "*?["
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Source:
    """Where rows are: what the user calls it, and the path or URL by which every process finds it."""

    name: str
    path: str
    descriptor: int | None = None
    """The file descriptor of stdin, which has no path; None where it is closed."""

    @property
    def ending(self) -> str:
        """The ending of its name, with the dot; where it is compressed, the one before."""
        path = Path(self.path)
        return Path(path.stem if path.suffix.lower() in (".gz", ".zst") else path).suffix.lower()

    def is_at(self, path: str | Path) -> bool:
        """Whether it is the file at a path, in whatever spelling or through a link."""
        try:
            own = os.stat(self.path.removeprefix("file://") if self.descriptor is None else self.descriptor)
            return stat.S_ISREG(own.st_mode) and os.path.samestat(own, os.stat(path))
        except OSError:  # one of them is not there, or not a file
            return False


@dataclass(frozen=True)
class Part:
    """A part of a file that is answered by itself: whole records of a text, a row group of parquet, or all of it."""

    source: Source
    start: int | None = None
    """Its first byte, or the number of its row group; None where it is the whole file."""
    size: int = 0
    line: int = 1
    """The number of its first line or row."""
    head: bytes = b""
    """The first record of the text, which tells the columns of all."""

    @property
    def name(self) -> str:
        """What a user calls it."""
        where = f", from {'line' if self.head else 'row'} {self.line:,} on" if self.start is not None else ""
        return f"{self.source.name}{where}"


def found(data: str, stdin: int | None) -> list[Source]:
    """The places of the rows behind a name, in their order; Failure where there are none."""
    if data == "-":
        return [Source("stdin", "", stdin)]
    return _remote(data) if "://" in data else _local(data)


def _local(data: str) -> list[Source]:
    if os.path.isdir(data):
        names = sorted(_files_in(data))
        if not names:
            raise WrongRequest(f"there are no files in {data}")
    elif any(sign in data for sign in _WILD) and not os.path.exists(data):
        from glob import glob

        names = sorted(name for name in glob(data, recursive=True) if not os.path.isdir(name))
        if not names:
            raise WrongRequest(f"no file matches '{data}'")
    else:
        names = [data]
    return [Source(name, os.path.abspath(name)) for name in names]


def _files_in(folder: str) -> Iterator[str]:
    """The files of a dataset: all in it and below, but those whose names say that they are not data."""
    for parent, folders, files in os.walk(folder):
        folders[:] = filter(_visible, folders)
        yield from (os.path.join(parent, name) for name in files if _visible(name))


def _visible(name: str) -> bool:
    return not name.startswith((".", "_"))


def _remote(data: str) -> list[Source]:
    fs, path = _tried(data, lambda core: core.url_to_fs(data))

    def names() -> list[str]:
        if any(sign in path for sign in _WILD):
            return sorted(fs.glob(path))
        if not fs.isdir(path):
            return [path]
        below = path.rstrip("/") + "/"
        return sorted(name for name in fs.find(path) if all(map(_visible, name.removeprefix(below).split("/"))))

    urls = [fs.unstrip_protocol(name) for name in _tried(data, lambda _: names())]
    if not urls:
        wild = any(sign in path for sign in _WILD)
        raise WrongRequest(f"no file matches '{data}'" if wild else f"no files in {data}")
    return [Source(data, data)] if urls == [fs.unstrip_protocol(path)] else [Source(url, url) for url in urls]


def opened(url: str) -> tuple[Any, int | None]:
    """The file behind a URL, as fsspec opens it, and its size."""
    file = _tried(url, lambda core: core.open(url, "rb").open())
    return file, getattr(file, "size", None)


def _tried(url: str, work: Callable[[Any], _Found]) -> _Found:
    """Call fsspec; WrongRequest, in its own words, where it fails."""
    import fsspec

    try:
        return work(fsspec.core)
    except FileNotFoundError:
        raise WrongRequest(f"cannot read {url}: No such file or directory") from None
    except Exception as error:  # each kind of file system has its own
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise WrongRequest(f"cannot read {url}: {reason}") from None
