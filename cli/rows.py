"""Answers for every row of a table: blocks of rows are read, computed on two cores, and put out in their order."""

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ..grammar.program import Program
from .bindings import Number, check_complete
from .failures import NOT_MET, Failure, warn
from .numbers import shortest
from .request import Request
from .rows_batch import POLICIES, Batch
from .rows_in import DELIMITERS, ENDINGS, Input, known_format
from .rows_out import OUT_FORMATS, Stdout, Table, Text, WholeFile, written
from .rows_tally import Tally, exact_sum
from .sources import Files, Several, found

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
    sources = found(request.data, request.from_)
    first = Input(sources[0], request.from_, _note_awaited(question))
    if request.data is None and not first.start:
        check_complete(question.program, question.values)  # /dev/null and the like: no rows were meant
    source: Input | Files = first
    rows = open_rows(first, question.free, request)
    if len(sources) > 1:
        source = Files(sources, first, request.from_)
        rows = Several(source, rows, lambda one: open_rows(one, question.free, request))
    sink, writer = opened_writer(request, rows, question, source.kind)
    rejects = WholeFile(request.rejects) if request.rejects else None
    with written(sink, rejects):
        run = Run(rows, compute, writer, rejects, policy_of(request), request.reduce)
        run.all(source, progress=bool(request.out or not sys.stdout.isatty()) and not request.quiet)
        run.finish(request)


def policy_of(request: Request) -> str:
    """What to do about bad rows."""
    return request.on_error or ("skip" if request.rejects else "fail")


def open_rows(source: Input, wanted: Sequence[str], request: Request) -> Any:
    """The reader for the format of the rows."""
    reader: Any
    if source.kind in DELIMITERS:
        from .rows_csv import Separated as reader  # noqa: N813
    elif source.kind == "jsonl":
        from .rows_json import Objects as reader  # noqa: N813
    else:
        from .rows_arrow import Typed as reader  # noqa: N813
    return reader(source, wanted, request.columns, request.keep, policy_of(request))


def opened_writer(request: Request, rows: Any, question: Question, kind: str) -> tuple[Any, Any]:
    """Where the answer goes, and what writes it there; `kind` is the format of the rows."""
    kind = _format(request, kind)
    if sys.stdout.isatty() and not request.out and kind not in (*DELIMITERS, "jsonl", "plain"):
        raise Failure(f"{kind} is not for a terminal", "write it into a file with --out FILE")
    check_names(rows, question)
    sink = WholeFile(Path(request.out)) if request.out else Stdout()
    make = Text if kind in (*DELIMITERS, "jsonl", "plain") else Table
    return sink, make(kind, rows.kept, question.names, rows.header, sink)


def check_names(rows: Any, question: Question) -> None:
    """Failure where a kept column has the name of an answer."""
    if taken := [name for name in question.names if name in rows.kept]:
        raise Failure(f"--keep would put out two columns '{taken[0]}'", "rename the one in the rows")


def _note_awaited(question: Question) -> Callable[["Input"], None]:
    def before_first(source: Input) -> None:
        if sys.stderr is not None and sys.stderr.isatty() and not source.readable(_PATIENCE):
            names = " and ".join(f"'{name}'" for name in question.free) or "the rows"
            warn("note", f"waiting for rows from {source.name}, with values of {names}")

    return before_first


def _format(request: Request, kind: str) -> str:
    """The format of the answer: what is asked for, what the ending of its file says, or that of the rows."""
    if request.format:
        return known_format(request.format, OUT_FORMATS)
    out = Path(request.out or "")
    if out.suffix:
        told = ENDINGS.get(out.suffix.lower())
        if told is None and out.is_file() | (not out.exists()):
            raise Failure(f"cannot tell the format of {out} by its ending", f"use {', '.join(ENDINGS)}")
        return told or kind
    return kind


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
        rows: Any,
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
                raise Failure(reason, hint, NOT_MET)

    def finish(self, request: Request) -> None:
        """The end of the answer, and what is to be said of it."""
        if self.reduce:
            write_reduced(self.writer, self.tally, self.reduce)
        self.writer.finish()
        self.tally.report(request, self.policy)


def write_reduced(writer: Any, tally: Tally, how: str) -> None:
    """Put out one row for all."""
    import numpy as np

    totals = tally.reduced(how, len(writer.names))
    writer.write(writer.encode(1, [], [np.array([total]) for total in totals]))


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
