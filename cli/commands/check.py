"""`autodiff check`: the gradient against slopes of the function, or a formula of your own against the gradient."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Column, Grid, Lines, derivative_column, name_column
from autodiff.cli.options import PrintOptions, ProgramOptions, Wrt, names_in, with_options
from autodiff.cli.output import check_tabular, written
from autodiff.cli.reading import read_and_evaluate, read_program
from autodiff.engine.graph import Graph, Input, Node
from autodiff.engine.passes import forward
from autodiff.engine.study.verdicts import Comparison, Finding, Formula, Outcome, Verdict
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.evaluation.reading import known_variables
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.program import Program, preamble
from autodiff.grammar.values import scalars

_FEWEST = 5

Point = dict[str, float]


@dataclass(frozen=True)
class Row:
    """The result for one derivative or one formula: its cells, which are numbers or text, and its verdict."""

    cells: dict[str, Any]
    verdict: Verdict
    words: str


@with_options
def check(
    console: Console,
    program: ProgramOptions,
    printing: PrintOptions,
    wrt: Wrt = None,
    against: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FORMULA", help="Your own derivative by NAME, to be checked.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="Compare at points where this holds: 'sigma > 0'.")
    ] = None,
) -> None:
    """Check the gradient by slopes of the function, or your own formula for it.

    autodiff check 'sigmoid(a*x)' --against x='a*sigmoid(a*x)*sigmoid(-a*x)'
    """
    check_tabular(printing, "a check")
    if wrt and against:
        raise WrongRequest("--wrt has no place beside --against")
    if where and not against:
        raise WrongRequest("--where has no place without --against")
    if against:
        what, (text, rows) = "formula", _check_formulas(console, program, against, where)
    else:
        result = read_and_evaluate(program, console, names_in(wrt))
        what, text, rows = "derivative", result.program.text, _check_gradient(result)
    console.write(written(Checked(text, rows), printing, console))
    _fail_where_due(rows, printing.strict, what)
    if not rows:
        console.note("there is no variable to differentiate by")


def _fail_where_due(rows: list[Row], strict: bool, what: str) -> None:
    for verdict, words in ((Verdict.DISAGREE, "wrong"), (Verdict.UNDECIDED, "could not be checked")):
        bad = sum(row.verdict is verdict for row in rows)
        if bad and (verdict is Verdict.DISAGREE or strict or what == "formula"):
            raise NotMet(f"{bad} of {len(rows)} {what}s {words}")


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
    formulas = [_read_formula(program, item, options.max_nodes) for item in against]
    condition = _read(program, where, options.max_nodes).graph if where else None
    if condition and len(condition.outputs) > 1:
        raise WrongRequest("--where takes one condition", "such as --where 'x > 0 and y > 0'")
    fixed: Point = {}
    for name, value in program.inputs.items():
        if name in values:
            number = values[name]
            numbers = number if isinstance(number, list) else [number]
            fixed.update(zip((node.name for node in scalars(value) if isinstance(node, Input)), numbers))
    return program.text, [_check_formula(program.graph, formula, fixed, condition) for formula in formulas]


def _read_formula(program: Program, item: str, max_nodes: int) -> Formula:
    match = re.fullmatch(r"\s*([^\W\d]\w*(?:\[\d+\])?)\s*=(.*)", normalized(item), re.DOTALL)
    if match is None:
        raise WrongRequest(f"--against '{item}' is not of the form NAME=FORMULA", "such as --against x='2*x'")
    name, text = match[1], match[2].strip()
    by_name = {variable.name: [variable] for variable in program.graph.inputs}
    nodes: dict[str, Sequence[Node]] = {**by_name, **{key: scalars(value) for key, value in program.inputs.items()}}
    if name not in nodes:
        raise WrongRequest(
            f"--against names '{name}', which is not a variable of the expression", known_variables(program)
        )
    formula = _read(program, text, max_nodes)
    outputs, inputs = len(formula.graph.outputs), len(nodes[name])
    if outputs != inputs:
        message = f"the derivative by '{name}' has {inputs} element{'s' * (inputs > 1)}, the formula {outputs}"
        raise ProgramError(message, text, (0, len(text)))
    return Formula(name, formula.graph, [node for node in nodes[name] if isinstance(node, Input)])


def _read(program: Program, text: str, max_nodes: int) -> Program:
    """A formula in the variables, assigned names and functions of a program."""
    lengths = {key: len(value) if isinstance(value, tuple) else None for key, value in program.inputs.items()}
    before = preamble(program.text)
    read = parse(f"{before}\n{text}" if before else text, lengths, max_nodes)
    for key, value in read.inputs.items():
        if key not in program.inputs:
            place = scalars(value)[0].span or (0, len(text))
            raise ProgramError(
                f"'{key}' is not a variable of the expression", read.text, place, known_variables(program)
            )
    return read


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
