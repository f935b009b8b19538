"""Derivatives that another program computed, in columns of the rows, beside ours."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from autodiff.engine.graph import Graph
from autodiff.engine.study.verdicts import Formula
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.files import WholeFile
from autodiff.evaluation.formulas import read_formula, read_within
from autodiff.evaluation.numbers import shortest
from autodiff.evaluation.reading import lengths_of, unused
from autodiff.rows.answer import opened
from autodiff.rows.batch import Batch, Floats, Refusal
from autodiff.rows.formats.base import Block, Sink
from autodiff.rows.query import BoundQuery, Query
from autodiff.rows.reporter import Reporter
from autodiff.rows.run import Answered, Job, Pass
from autodiff.rows.stream import answer_stream
from autodiff.rows.table import Table
from autodiff.rows.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from autodiff.engine.study.row_kinks import RowKinks

    Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Claims(Query):
    """Formulas in the names of a program and in columns of the rows, each said to be one of its derivatives."""

    against: Sequence[str] = ()
    """The formulas, as `NAME=FORMULA`."""
    where: str | None = None
    """A condition: only rows where it holds are compared."""
    relative: float = 1e-5  # many programs print six digits
    absolute: float = 0.0
    """Two numbers agree where they are no further apart than `relative` times ours, plus `absolute`."""

    def with_lengths(self, lengths: Mapping[str, int]) -> "BoundClaims":
        bound, most = super().with_lengths(lengths), self.reading.max_nodes
        if bound.program.several:
            raise WrongRequest("--against needs an expression with one output")
        others = {**lengths, **lengths_of(self.reading.values)}
        formulas = [read_formula(bound.program, item, most, others) for item in self.against]
        condition = read_within(bound.program, self.where, most, others).graph if self.where else None
        if condition and len(condition.outputs) > 1:
            raise WrongRequest("--where takes one condition", "such as --where 'x > 0 and y > 0'")
        wrt = [variable.name for formula in formulas for variable in formula.wrt]
        return BoundClaims(
            bound.program, bound.values, wrt, self, lengths, claims=self, formulas=formulas, condition=condition
        )


@dataclass(frozen=True)
class BoundClaims(BoundQuery):
    """Claims that know which columns they need."""

    claims: Claims = field(kw_only=True)
    formulas: Sequence[Formula] = field(kw_only=True)
    condition: Graph | None = field(kw_only=True)

    @cached_property
    def elements(self) -> dict[str, list[str]]:
        """The names of the inputs that each variable, and each other name in the formulas, is made of."""
        found, own = super().elements, {node.name for node in self.program.graph.inputs}
        graphs = [*(formula.graph for formula in self.formulas), *([self.condition] if self.condition else [])]
        for name in dict.fromkeys(node.name for graph in graphs for node in graph.inputs if node.name not in own):
            found.setdefault(name.partition("[")[0], []).append(name)
        return found

    @cached_property
    def compute_theirs(self) -> Callable[[Batch], list[Floats]]:
        """A function from rows to the columns of what the formulas give, in the order of our derivatives."""
        return self._columns([formula.graph for formula in self.formulas])

    @cached_property
    def holds(self) -> Callable[[Batch], list[Floats]]:
        """A function from rows to the one column that tells where the condition holds."""
        return self._columns([self.condition] if self.condition else [])

    def _columns(self, graphs: Sequence[Graph]) -> Callable[[Batch], list[Floats]]:
        import numpy as np

        from autodiff.engine.code.compiled import compile_graph

        functions = [
            (compile_graph(Graph([output], graph.inputs), []), [node.name for node in graph.inputs])
            for graph in graphs
            for output in graph.outputs
        ]

        def columns(batch: Batch) -> list[Floats]:
            numbers = self.numbers(batch)
            found = [function(*[numbers[name] for name in names])[0] for function, names in functions]
            return [np.broadcast_to(column, (batch.count,)) for column in found]

        return columns

    def at_kinks(self, name: str, batch: Batch, rows: "Truths") -> "Truths":
        """Those of some rows at which a gate that depends on a variable sits at a kink."""
        import numpy as np

        found, numbers = np.zeros(batch.count, bool), self.numbers(batch)
        columns = [numbers[node.name] for node in self.program.graph.inputs]
        found[rows] = self._kinks[name].at([np.broadcast_to(x, (batch.count,))[rows] for x in columns])
        return found

    @cached_property
    def _kinks(self) -> dict[str, "RowKinks"]:
        from autodiff.engine.study.row_kinks import RowKinks

        graph = self.program.graph
        return {node.name: RowKinks(graph, [i]) for i, node in enumerate(graph.inputs) if node.name in self.by}


@dataclass
class Compared:
    """The rows compared so far of one derivative."""

    name: str
    rows: int = 0
    agree: int = 0
    wrong: int = 0
    at_kinks: int = 0
    """Where they differ, and a convention chose ours."""
    not_finite: int = 0
    """Where they differ, and ours, or the value, is not finite, so that there is nothing to compare with."""
    apart: float = 0.0
    """The difference over what is allowed, at the worst row of those that agree or are wrong."""
    place: str = ""
    yours: float = 0.0
    ours: float = 0.0

    def add(self, more: "Compared") -> None:
        """Count the rows below these too."""
        for name in ("rows", "agree", "wrong", "at_kinks", "not_finite"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        if more.apart > self.apart:
            self.apart, self.place, self.yours, self.ours = more.apart, more.place, more.yours, more.ours


def check_rows(claims: Claims, table: Table, stdin: int | None, reporter: Reporter) -> list[Compared]:
    """Compare at every row of a table.

    Args:
        claims: what is said of the derivatives.
        table: which rows these are; those at which a formula is wrong go to its `rejects`, with the bad rows.
        stdin: the descriptor of stdin, None where it is closed.
        reporter: who is told how far it is, and what is wrong with some rows.

    Returns:
        What was found of each derivative, in the order of the formulas.

    Raises:
        Failure: there is no such table, or it is not as it was described; or a row is bad, and that is the end.
        ProgramError: the program or a formula is wrong.
    """
    given, reading = claims.reading.given, replace(claims.reading, given=())  # a name may be one of a formula's
    job, reader, sources = opened(replace(claims, reading=reading), table, stdin, reporter)
    if note := unused(job.query.elements, given):
        reporter.note(note)
    with WholeFile(table.rejects) if table.rejects else nullcontext() as rejects:
        run = Comparing(job, rejects)
        answer_stream(run, sources, reader, reporter, watched=True)
    run.tally.report(table, reporter)
    return run.found


class Comparing(Pass):
    """A pass that compares derivatives, and writes only the rows that it rejects."""

    def __init__(self, job: Job, rejects: Sink | None) -> None:
        super().__init__(job, rejects)
        assert isinstance(job.query, BoundClaims)
        self.query = job.query
        self.found = [Compared(name) for name in self.query.by]

    def answer(self, block: Block) -> Answered:
        batch = block()
        reason = batch.refused[0].reason if batch.refused else ""
        tally = Tally(batch.count, 0, "", len(batch.refused), reason)
        if not batch.count:
            return Answered(batch, tally, lambda: None)
        value, *ours = self.query.compute(batch)
        holds = next(iter(self.query.holds(batch)), None)
        found, reasons = [Compared(name) for name in self.query.by], dict[int, list[str]]()
        for compared, mine, other in zip(found, ours, self.query.compute_theirs(batch), strict=True):
            numbers = _Numbers(value, mine, other, holds)
            for i in self._compare(compared, batch, numbers):
                text = f"{compared.name}: yours {shortest(float(other[i]))}, ours {shortest(float(mine[i]))}"
                reasons.setdefault(i, []).append(text)
        wrong = [Refusal(f"{batch.place(i)}, {', '.join(reasons[i])}", batch.text(i), "") for i in sorted(reasons)]
        return Answered(batch, tally, partial(self._add, found), wrong)

    def _add(self, found: Sequence[Compared]) -> None:
        for compared, more in zip(self.found, found, strict=True):
            compared.add(more)

    def _compare(self, found: Compared, batch: Batch, of: "_Numbers") -> Sequence[int]:
        """Count how the rows of a batch compare; the indices of those that are wrong and are to be rejected."""
        import numpy as np

        claims, ours, theirs = self.query.claims, of.ours, of.theirs
        with np.errstate(all="ignore"):
            apart = np.abs(theirs - ours)
            times = apart / (claims.absolute + claims.relative * np.abs(ours))
            right = (times <= 1.0) | (theirs == ours) | (np.isnan(theirs) & np.isnan(ours))
        meant = np.ones(batch.count, bool) if of.holds is None else of.holds != 0.0
        wrong = meant & ~right
        found.rows, found.agree = int(meant.sum()), int((meant & right).sum())
        if wrong.any():
            nothing = wrong & ~(np.isfinite(ours) & np.isfinite(of.value))
            kinks = self.query.at_kinks(found.name, batch, wrong & ~nothing)
            wrong &= ~(nothing | kinks)
            found.not_finite, found.at_kinks, found.wrong = int(nothing.sum()), int(kinks.sum()), int(wrong.sum())
        times[wrong & np.isnan(times)] = np.inf
        times[~(wrong | (meant & right)) | (theirs == ours) | np.isnan(times)] = 0.0
        worst = int(times.argmax())
        found.apart = float(times[worst])
        if found.apart:
            found.place, found.yours, found.ours = batch.place(worst), float(theirs[worst]), float(ours[worst])
        return np.flatnonzero(wrong).tolist() if self.rejects else ()


class _Numbers(NamedTuple):
    """Columns: the value, a derivative and what it is said to be, and where the condition holds, if there is one."""

    value: Floats
    ours: Floats
    theirs: Floats
    holds: "Floats | None"
