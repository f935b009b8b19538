"""`autodiff check`: the gradient against slopes of the function, or a formula of your own against the gradient."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Column, Grid, Lines, derivative_column, name_column
from autodiff.cli.options import Options, PrintOptions, ProgramOptions, TableOptions, Wrt, names_in, with_options
from autodiff.cli.output import check_no_rows, check_tabular, written
from autodiff.cli.reading import read, read_and_evaluate, read_program
from autodiff.engine.graph import Graph, Input
from autodiff.engine.passes import forward
from autodiff.engine.study.verdicts import Comparison, Finding, Formula, Outcome, Verdict
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.formulas import read_formula, read_within
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.grammar.values import scalars

_FEWEST = 5

Point = dict[str, float]


@dataclass(frozen=True)
class Row:
    """The result for one derivative or one formula: its cells, which are numbers or text, and its verdict."""

    cells: dict[str, Any]
    verdict: Verdict
    words: str


class AgainstOptions(Options):
    """What the gradient is compared with."""

    against: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FORMULA", help="Your own derivative by NAME; with --data it may be a column."),
    ] = None
    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="Compare at points where this holds: 'sigma > 0'.")
    ] = None
    rtol: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="In rows allow for N times our derivative; default 1e-5.")
    ] = None
    atol: Annotated[float | None, typer.Option(min=0, metavar="N", help="In rows allow for N more; default 0.")] = None


@with_options
def check(
    console: Console,
    program: ProgramOptions,
    printing: PrintOptions,
    yours: AgainstOptions,
    rows: TableOptions,
    wrt: Wrt = None,
) -> None:
    """Check the gradient by slopes of the function, or your own formula for it.

    autodiff check 'sigmoid(a*x)' --against x='a*sigmoid(a*x)*sigmoid(-a*x)'
    autodiff check 'sigmoid(a*x)' a=0.2 x=2
    autodiff check 'x^2' --data rows.csv --against x=gx
    """
    check_tabular(printing, "a check")
    if wrt and yours.against:
        raise WrongRequest("--wrt has no place beside --against")
    if yours.where and not yours.against:
        raise WrongRequest("--where has no place without --against")
    if rows.data:
        _check_rows(console, program, printing, yours, rows)
        return
    check_no_rows(rows)
    if yours.rtol is not None or yours.atol is not None:
        raise WrongRequest("--rtol and --atol are for rows: a formula is compared with a proof")
    if yours.against:
        what, (text, checks) = "formula", _check_formulas(console, program, yours.against, yours.where)
    else:
        result = read_and_evaluate(program, console, names_in(wrt))
        what, text, checks = "derivative", result.program.text, _check_gradient(result)
    console.write(written(Checked(text, checks), printing, console))
    _fail_where_due([row.verdict for row in checks], printing.strict, what)
    if not checks:
        console.note("there is no variable to differentiate by")


def _check_rows(
    console: Console, program: ProgramOptions, printing: PrintOptions, yours: AgainstOptions, table: TableOptions
) -> None:
    """Compare derivatives that stand in rows with ours."""
    if not yours.against:
        raise WrongRequest("rows are checked --against their columns", "such as --against x=COLUMN")
    from autodiff.cli.compared import ComparedRows
    from autodiff.cli.rows import compare_rows
    from autodiff.rows.check import Claims

    tolerances = {"relative": yours.rtol, "absolute": yours.atol}
    given = {name: number for name, number in tolerances.items() if number is not None}
    claims = Claims(read(program, console), None, True, yours.against, yours.where, **given)
    answer = ComparedRows(claims, compare_rows(console, claims, table))
    console.write(written(answer, printing, console))
    _fail_where_due(answer.verdicts, printing.strict, "formula", answer.hint)


def _fail_where_due(verdicts: Sequence[Verdict], strict: bool, what: str, hint: str | None = None) -> None:
    for verdict, words in ((Verdict.DISAGREE, "wrong"), (Verdict.UNDECIDED, "could not be checked")):
        bad = verdicts.count(verdict)
        if bad and (verdict is Verdict.DISAGREE or strict or what == "formula"):
            raise NotMet(f"{bad} of {len(verdicts)} {what}s {words}", hint)


@dataclass(frozen=True)
class Checked:
    """The results of a check, as an answer for every format."""

    text: str
    rows: list[Row]

    @property
    def _head(self) -> list[str]:
        return [*(self.rows[0].cells if self.rows else ["name"])]

    def lines(self) -> Lines:
        """A line for each derivative."""
        return [[*map(_cell, row.cells.values()), row.words] for row in self.rows]

    def sheet(self) -> Lines:
        """The same with a header."""
        return [[*map(_key, self._head), "verdict"], *self.lines()]

    def document(self) -> dict[str, Any]:
        """An object for each derivative."""
        checks = [{**{_key(name): cell for name, cell in row.cells.items()}, "verdict": row.words} for row in self.rows]
        return {"expression": self.text, "checks": checks}

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """One row for each derivative; of errors two digits are enough."""
        few = partial(rounded, digits=2)
        writers = {"error": few, "relative error": few}
        rows = [
            [*(_cell(cell, writers.get(name, number)) for name, cell in row.cells.items()), row.words]
            for row in self.rows
        ]
        columns = [derivative_column("+/-" if name == "error" else name) for name in self._head[1:]]
        return [Grid("", [name_column(self._head[0]), *columns, Column("verdict", narrowest=20)], rows)]


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _cell(cell: Any, number: Callable[[float], str] = shortest) -> str:
    return number(cell) if isinstance(cell, float) else str(cell or "")


def _check_gradient(result: Evaluation) -> list[Row]:
    """Every derivative that was asked for beside the slopes of the function."""
    from autodiff.engine.study.differences import findings

    graph = result.program.graph
    point = {variable.name: value for variable, value in zip(graph.inputs, result.values)}
    wrt = [node for i in result.asked if isinstance(node := graph.nodes[i], Input)]
    gradients = [[result.derivative(i, k) for i in result.asked] for k in range(len(result.outputs))]
    return [
        Row(
            {
                **({"output": result.names[output]} if result.program.several else {}),
                "name": result.names[i],
                "derivative": ours,
                "numerical": found.slope,
                "error": found.apart,
                "relative error": None if found.slope is None else _apart(ours, found.slope),
            },
            found.verdict,
            _worded(found, result.values[output]),
        )
        for output, row, gradient in zip(result.outputs, findings(graph, point, wrt, gradients), gradients)
        for i, ours, found in zip(result.asked, gradient, row)
    ]


def _apart(a: float, b: float) -> float:
    """The distance of two numbers relative to the greater."""
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def _worded(found: Finding, value: float) -> str:
    """The text of a finding in the verdict's column."""
    why = f"the value is {shortest(value)}" if found.value_is_not_finite else found.why
    return f"{found.verdict.value}: {why}" if why else found.verdict.value


def _check_formulas(
    console: Console, options: ProgramOptions, against: list[str], where: str | None
) -> tuple[str, list[Row]]:
    """Every formula beside the gradient, at the point given or at many."""
    program, values = read_program(options, console)
    if program.several:
        raise WrongRequest("--against needs an expression with one output")
    formulas = [read_formula(program, item, options.max_nodes) for item in against]
    condition = read_within(program, where, options.max_nodes).graph if where else None
    if condition and len(condition.outputs) > 1:
        raise WrongRequest("--where takes one condition", "such as --where 'x > 0 and y > 0'")
    fixed: Point = {}
    for name, value in program.inputs.items():
        if name in values:
            number = values[name]
            numbers = number if isinstance(number, list) else [number]
            fixed.update(zip((node.name for node in scalars(value) if isinstance(node, Input)), numbers))
    return program.text, [_check_formula(program.graph, formula, fixed, condition) for formula in formulas]


def _check_formula(graph: Graph, formula: Formula, fixed: Point, condition: Graph | None) -> Row:
    """The first point where a formula is wrong, or how many there were where it is right."""
    from autodiff.engine.study.formulas import compare, points

    missing = [variable.name for variable in graph.inputs if variable.name not in fixed]
    if not missing:
        return _formula_row(formula, *_verdict_here(graph, formula, fixed))
    compared: list[float] = []
    outcomes, almost = Counter[Outcome](), ""
    for sampled in points(missing, [graph, formula.graph]):
        point = {**fixed, **sampled}
        if condition is not None and not forward(condition, point)[condition.position[condition.outputs[0]]]:
            continue
        found = compare(graph, formula, point)
        at = ", ".join(f"{name}={shortest(value)}" for name, value in sampled.items())
        if found.outcome in (Outcome.OTHER, Outcome.NOT_FINITE):
            return _formula_row(formula, Verdict.DISAGREE, f" at {at}: {_numbers(found)}")
        outcomes[found.outcome] += 1
        if found.outcome is Outcome.ALMOST:
            almost = almost or f" at {at}: {_numbers(found)}"
        if found.outcome in (Outcome.EQUAL, Outcome.ALMOST):
            compared.extend(sampled.values())
    count, undecided = outcomes[Outcome.EQUAL] + outcomes[Outcome.ALMOST], outcomes[Outcome.UNDECIDED]
    if count < _FEWEST:
        why = f": only {count} points could be compared; give values where there are some"
        return _formula_row(formula, Verdict.UNDECIDED, why)
    if undecided > count:
        return _formula_row(formula, Verdict.UNDECIDED, f" at {undecided} points; equal at {count} more")
    if almost:
        return _formula_row(formula, Verdict.ALMOST, almost)
    least, most = (rounded(end, 3) for end in (min(compared), max(compared)))
    but = f"; {undecided} more could not be decided" if undecided else ""
    return _formula_row(formula, Verdict.AGREE, f" at {count} points from {least} to {most}{but}")


def _formula_row(formula: Formula, verdict: Verdict, rest: str) -> Row:
    return Row({"name": formula.name}, verdict, f"{verdict.value}{rest}")


def _verdict_here(graph: Graph, formula: Formula, point: Point) -> tuple[Verdict, str]:
    """The verdict on a formula at the one point given, in words."""
    from autodiff.engine.study.formulas import compare

    found = compare(graph, formula, point)
    if found.outcome is Outcome.EQUAL:
        return Verdict.AGREE, f" here{', by convention: ' if found.why else ''}{found.why}"
    if found.outcome is Outcome.ALMOST:
        return Verdict.ALMOST, f" here: {_numbers(found)}"
    if found.outcome in (Outcome.OTHER, Outcome.NOT_FINITE):
        return Verdict.DISAGREE, f" here: {_numbers(found)}"
    return Verdict.UNDECIDED, f": {found.why or _numbers(found)}"


def _numbers(found: Comparison) -> str:
    return f"yours {shortest(found.yours)}, ours {shortest(found.ours)}"
