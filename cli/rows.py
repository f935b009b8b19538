"""Answers for every row of a table: blocks of rows are read, computed on two cores, and put out in their order."""

import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import fsum, isfinite
from typing import Any

from ..grammar.program import Program
from .bindings import Number, check_complete
from .failures import NOT_MET, Failure, warn
from .numbers import shortest
from .request import Request
from .rows_batch import POLICIES, Batch, Refusal
from .rows_in import DELIMITERS, ENDINGS, Input, known_format
from .rows_out import OUT_FORMATS, ReaderGone, Stdout, Table, Text, WholeFile

_WORKERS = 2
_AHEAD = 4  # blocks that are worked on or wait for their turn: what bounds the memory
_PATIENCE = 2.0  # seconds until a word is said about input that does not come


@dataclass(frozen=True)
class Question:
    """What is asked of every row: a program, the values that hold for all rows, and the derivatives wanted."""

    program: Program
    values: Mapping[str, Number]
    asked: Sequence[str]
    """The names of the variables, and elements of them, that derivatives are wanted by."""

    @property
    def scalars(self) -> list[str]:
        """The same, with every vector as its elements."""
        inputs = self.program.inputs
        vectors = {name: value for name, value in inputs.items() if isinstance(value, tuple)}
        return [
            each
            for name in self.asked
            for each in ([n.label or "" for n in vectors[name]] if name in vectors else [name])
        ]

    @property
    def free(self) -> list[str]:
        return [name for name in self.program.inputs if name not in self.values]

    @property
    def names(self) -> list[str]:
        return ["value", *[f"d_{name}" for name in self.scalars]]

    def compile(self) -> Callable[[Batch], list[Any]]:
        """A function from rows to the columns of their answers."""
        import numpy as np

        from ..engine.compiled import compile_graph

        if self.program.several:
            raise Failure("rows need an expression with one output", "run it once an output")
        position = {variable.name: i for i, variable in enumerate(self.program.graph.inputs)}
        function = compile_graph(self.program.graph, [position[name] for name in self.scalars])
        free = self.free
        fixed = {name: value if isinstance(value, list) else [value] for name, value in self.values.items()}

        def columns(batch: Batch) -> list[Any]:
            if not batch.count:
                return [np.empty(0)] * len(self.names)
            rows = dict(zip(free, batch.numbers))
            operands = [x for name in self.program.inputs for x in ([rows[name]] if name in rows else fixed[name])]
            value, derivatives = function(*operands)
            answers = [value, *(derivative + 0.0 for derivative in derivatives)]  # `0`, not `-0`, as scalars have it
            return [np.broadcast_to(column, (batch.count,)) for column in answers]

        return columns


def check(request: Request) -> None:
    """Failure where what is asked for has no place in rows."""
    for option, given in (("--nodes", request.nodes), ("--render", request.render)):
        if given:
            raise Failure(f"{option} has no place where there are rows")
    if request.reduce not in (None, "sum", "mean"):
        raise Failure(f"--reduce is sum or mean, not '{request.reduce}'")
    if request.on_error not in (None, *POLICIES):
        raise Failure(f"--on-error is {', '.join(POLICIES[:-1])} or {POLICIES[-1]}, not '{request.on_error}'")
    if request.reduce and request.keep:
        raise Failure("--keep and --reduce do not go together")
    if request.columns is not None and request.from_ not in (None, *DELIMITERS):
        raise Failure(f"--columns names the columns of csv or tsv; {request.from_} has names of its own")


def put_out_rows(request: Request, program: Program, values: Mapping[str, Number], asked: Sequence[str] = ()) -> None:
    """Answer for every row."""
    check(request)
    question = Question(program, values, asked)
    compute = question.compile()
    source = Input(request.data, request.from_, _note_awaited(question))
    if request.data is None and not source.start:
        check_complete(question.program, question.values)  # /dev/null and the like: no rows were meant
    policy = request.on_error or ("skip" if request.rejects else "fail")
    rows = _open(source, question.free, request, policy)
    kind = _format(request, source)
    if sys.stdout.isatty() and not request.out and kind not in (*DELIMITERS, "jsonl", "plain"):
        raise Failure(f"{kind} is not for a terminal", "write it into a file with --out FILE")
    if taken := [name for name in question.names if name in rows.kept]:
        raise Failure(f"--keep would put out two columns '{taken[0]}'", "rename the one in the rows")
    sink = WholeFile(request.out) if request.out else Stdout()
    rejects = WholeFile(request.rejects) if request.rejects else None
    make = Text if kind in (*DELIMITERS, "jsonl", "plain") else Table
    writer = make(kind, rows.kept, question.names, rows.header, sink)
    run = Run(rows, compute, writer, rejects, policy, request.reduce)
    try:
        run.all(source, progress=bool(request.out or not sys.stdout.isatty()) and not request.quiet)
        run.finish(request)
        for file in (sink, rejects):
            if isinstance(file, WholeFile):
                file.finish()
    except ReaderGone:
        if isinstance(sink, Stdout):  # what is left goes nowhere, and no complaint comes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sink.file)
        _abandon(sink, rejects)
    except BaseException:
        _abandon(sink, rejects)
        raise


def _open(source: Input, wanted: Sequence[str], request: Request, policy: str) -> Any:
    """The reader for the format of the rows."""
    reader: Any
    if source.kind in DELIMITERS:
        from .rows_csv import Separated as reader  # noqa: N813
    elif source.kind == "jsonl":
        from .rows_json import Objects as reader  # noqa: N813
    else:
        from .rows_arrow import Typed as reader  # noqa: N813
    return reader(source, wanted, request.columns, request.keep, policy)


def _abandon(*files: Any) -> None:
    for file in files:
        if isinstance(file, WholeFile):
            with suppress(OSError):
                file.abandon()


def _note_awaited(question: Question) -> Callable[["Input"], None]:
    def before_first(source: Input) -> None:
        if sys.stderr is not None and sys.stderr.isatty() and not source.readable(_PATIENCE):
            names = " and ".join(f"'{name}'" for name in question.free) or "the rows"
            warn("note", f"waiting for rows from {source.name}, with values of {names}")

    return before_first


def _format(request: Request, source: Input) -> str:
    """The format of the answer: what is asked for, what the ending of its file says, or that of the rows."""
    if request.format:
        return known_format(request.format, OUT_FORMATS)
    if request.out and request.out.suffix:
        kind = ENDINGS.get(request.out.suffix.lower())
        if kind is None and request.out.is_file() | (not request.out.exists()):
            raise Failure(f"cannot tell the format of {request.out} by its ending", f"use {', '.join(ENDINGS)}")
        return kind or source.kind
    return source.kind


@dataclass
class Done:
    """A block that was answered."""

    batch: Batch
    encoded: Any
    not_finite: int
    first: str
    sums: list[list[float]]


class Run:
    """One pass over the rows, and what is to be told of it in the end."""

    def __init__(
        self,
        rows: Any,
        compute: Callable[[Batch], list[Any]],
        writer: Any,
        rejects: Any,
        policy: str,
        reduce: str | None,
    ) -> None:
        self.rows, self.compute, self.writer, self.rejects = rows, compute, writer, rejects
        self.policy, self.reduce = policy, reduce
        self.count = self.not_finite = self.refused = 0
        self.first_not_finite = ""
        self.first_refused = Refusal("", "")
        self.sums: list[list[float]] = [[] for _ in writer.names]

    def answer(self, block: Any, line: int) -> Done:
        """What can be done by another core: everything but reading and writing."""
        batch = self.rows.parse(block, line)
        results = self.compute(batch)
        not_finite, first = _not_finite(results, batch)
        if self.reduce:
            return Done(batch, None, not_finite, first, [exact_sum(column.tolist()) for column in results])
        kept = self._kept(batch)
        return Done(batch, self.writer.encode(batch.count, kept, results), not_finite, first, [])

    def _kept(self, batch: Batch) -> list[Any]:
        """The kept columns: text stays as it is, but where the answer has types the variables are numbers."""
        kept = list(batch.kept)
        columns = self.rows.columns
        if kept and self.rows.text and self.writer.typed:
            for i, numbers in zip(columns.used, batch.numbers):
                kept[i] = numbers
        return kept

    def all(self, source: Input, progress: bool) -> None:
        """Read, answer and write all blocks."""
        from concurrent.futures import Future, ThreadPoolExecutor

        from .progress import bar

        pending: deque[Future[Done]] = deque()

        def write(at_most: int) -> None:
            while pending and (len(pending) > at_most or pending[0].done()):
                self.write(pending.popleft().result())

        def busy() -> bool:
            return sum(not future.done() for future in pending) >= _WORKERS

        pool = ThreadPoolExecutor(_WORKERS)
        try:
            with bar(source, progress) as advance:
                for block, line in self.rows.blocks(busy, lambda: write(0)):
                    pending.append(pool.submit(self.answer, block, line))
                    write(_AHEAD)
                    advance()
                write(0)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def write(self, done: Done) -> None:
        """Put out one block, in its turn."""
        batch = done.batch
        self.first_not_finite = self.first_not_finite or done.first
        self.not_finite += done.not_finite
        self.count += batch.count
        if self.reduce:
            self.sums = [exact_sum(parts + more) for parts, more in zip(self.sums, done.sums)]
        elif batch.count:
            self.writer.write(done.encoded)
        if batch.refused:
            self.first_refused = self.first_refused if self.refused else batch.refused[0]
            self.refused += len(batch.refused)
            if self.rejects:
                lines = [f"{each.reason}\t{each.text.rstrip(chr(10))}\n" for each in batch.refused]
                self.rejects.write("".join(lines).encode("utf-8", "surrogateescape"))
            if self.policy == "fail":
                hint = "go on at such rows with --on-error nan or skip"
                if not self.count and not self.rows.header:
                    hint = "without --columns the first line is the header"
                raise Failure(self.first_refused.reason, hint, NOT_MET)

    def finish(self, request: Request) -> None:
        """The end of the answer, and what is to be said of it."""
        if self.reduce:
            self._write_reduced()
        self.writer.finish()
        if self.refused and not request.quiet:
            treated = "read as nan" if self.policy == "nan" else "skipped"
            rows = "1 row" if self.refused == 1 else f"{self.refused:,} rows"
            warn("warning", f"{rows} {treated}; the first: {self.first_refused.reason}")
        if self.not_finite:
            are = "is" if self.not_finite == 1 else "are"
            message = (
                f"{self.not_finite:,} of {self.count:,} answers {are} not finite; the first: {self.first_not_finite}"
            )
            if request.strict:
                raise Failure(message, code=NOT_MET)
            if not request.quiet:
                warn("warning", message)

    def _write_reduced(self) -> None:
        import numpy as np

        totals = [fsum(parts) if all(map(isfinite, parts)) else sum(parts) for parts in self.sums]
        if self.reduce == "mean":
            totals = [total / self.count if self.count else float("nan") for total in totals]
        self.writer.write(self.writer.encode(1, [], [np.array([total]) for total in totals]))


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


def exact_sum(numbers: list[float]) -> list[float]:
    """The sum in two parts, the second of which is what the first has lost: so the cut into blocks does not matter."""
    try:
        total = fsum(numbers)
        return [total, fsum([*numbers, -total])]
    except (OverflowError, ValueError):  # it is not finite, or on the way to it something was not
        return [sum(numbers)]
