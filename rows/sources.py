"""What `--data` names: a file, or the files of a glob or of a folder, or what is behind a URL."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.rows.batch import Batch, Reader, Refusal
from autodiff.rows.input import STDIN, Input, Source, known_format

_WILD = "*?["


def found(data: str | None, kind: str | None) -> list[Source]:
    """The places of the rows, in their order; `kind` is their format where it was asked for."""
    if data is None or data == "-":
        return [STDIN]
    sources = _remote(data) if "://" in data else _local(data)
    if kind is None:
        _check_alike(data, sources)
    else:
        known_format(kind)
    return sources


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
    """Those of a dataset: all in it and below, but not those whose names say that they are none of the data."""
    for parent, folders, files in os.walk(folder):
        folders[:] = filter(_visible, folders)
        yield from (os.path.join(parent, name) for name in files if _visible(name))


def _visible(name: str) -> bool:
    return not name.startswith((".", "_"))


def _check_alike(data: str, sources: list[Source]) -> None:
    """Failure where the endings of the files say that they are not of one format."""
    first = sources[0]
    for source in sources:
        if source.ending != first.ending:
            hint = "name the files of one format by a glob, such as '*.csv', or say with --from what all of them are"
            raise WrongRequest(f"{data} holds files of several formats: {first.name} and {source.name}", hint)


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
        raise WrongRequest(
            f"no file matches '{data}'" if any(sign in path for sign in _WILD) else f"no files in {data}"
        )
    return [Source(data, data)] if urls == [fs.unstrip_protocol(path)] else [Source(url, url) for url in urls]


def opened(url: str) -> tuple[Any, int | None]:
    """The file behind a URL, and its size."""
    file = _tried(url, lambda core: core.open(url, "rb").open())
    return file, getattr(file, "size", None)


def _tried(url: str, work: Callable[[Any], Any]) -> Any:
    """What fsspec does, in its own words where it cannot."""
    import fsspec

    try:
        return work(fsspec.core)
    except FileNotFoundError:
        raise WrongRequest(f"cannot read {url}: No such file or directory") from None
    except Exception as error:  # each kind of file system has its own
        raise WrongRequest(f"cannot read {url}: {str(error).partition(chr(10))[0] or type(error).__name__}") from None


class Files:
    """Many files as one input: how much there is, and how much has been read."""

    def __init__(self, sources: list[Source], first: Input, asked: str | None) -> None:
        self.sources, self.current, self.asked = sources, first, asked
        self.name, self.kind = f"{len(sources)} files", first.kind
        self.before = 0
        sizes = [os.path.getsize(source.path) if os.path.isfile(source.path) else None for source in sources]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def done(self) -> int:
        return self.before + self.current.done

    def rest(self) -> Iterator[Input]:
        """The files behind the first, each of which is closed before the next is opened."""
        for source in self.sources[1:]:
            self.before += self.current.done
            self.current.close()
            self.current = Input(source, self.asked)
            yield self.current


class _Piece(NamedTuple):
    name: str
    reader: Reader
    rows: Any


class Several(Reader):
    """The rows of many files, one after the other, as those of one."""

    def __init__(self, files: Files, first: Reader, open: Callable[[Input], Reader]) -> None:
        self.files, self.first, self.open = files, first, open
        self.header, self.text, self.without = first.header, first.text, first.without  # type: ignore[method-assign]
        super().__init__(first.source_name, first.written)

    def bind(self, wanted: Sequence[str], keep: bool, policy: str) -> None:
        self.bound = wanted, keep, policy
        self.first.bind(*self.bound)
        self.columns = self.first.columns

    def blocks(self, busy: Callable[[], bool], before_wait: Callable[[], None]) -> Iterator[tuple[_Piece, int]]:
        """Those of all files."""
        for name, reader in self._readers():
            for block, line in reader.blocks(busy, before_wait):
                yield _Piece(name, reader, block), line

    def _readers(self) -> Iterator[tuple[str, Reader]]:
        first = Shape(self.files.current.name, self.files.kind, self.kept)
        yield first.name, self.first
        for source in self.files.rest():
            reader = self.open(source)
            reader.bind(*self.bound)
            first.check(Shape(source.name, source.kind, reader.kept))
            yield source.name, reader

    def parse(self, piece: _Piece, line: int) -> Batch:
        return named(piece.reader.parse(piece.rows, line), piece.name)


class Shape(NamedTuple):
    """What all files must have in common with the first: their format, and the columns that are kept."""

    name: str
    kind: str
    kept: list[str]

    def check(self, other: "Shape") -> None:
        """Failure where another file is of another shape."""
        if other.kind != self.kind:
            raise NotMet(f"{self.name} is {self.kind}, but {other.name} is {other.kind}")
        if other.kept != self.kept:
            theirs, ours = (", ".join(kept[:12]) for kept in (other.kept, self.kept))
            message = f"--keep needs the same columns in all files: {self.name} has {ours}, and {other.name} {theirs}"
            raise NotMet(message)


def named(batch: Batch, name: str) -> Batch:
    """The same rows, whose places begin with the name of their file."""
    refused = [Refusal(f"{name}, {each.reason}", each.text) for each in batch.refused]
    return replace(batch, place=lambda i: f"{name}, {batch.place(i)}", refused=refused)
