"""`autodiff check`: the gradient against differences, or a derivative worked out by hand against the gradient."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations_with_replacement, islice
from math import isfinite
from typing import Annotated, Any

import typer

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Column, Grid, Lines, derivative_column, name_column
from autodiff.cli.options import PrintOptions, ProgramOptions, Wrt, names_in, with_options
from autodiff.cli.output import check_tabular, written
from autodiff.cli.reading import read_and_evaluate, read_program
from autodiff.engine.graph import Graph, Input, Node
from autodiff.engine.passes import backward, forward
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded, shortest
from autodiff.evaluation.reading import known_variables
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars

_CLOSE, _CLOSE_BY_HAND, _TINY = 1e-6, 1e-9, 1e-12
_ULP = 2.0**-52
_SIMPLEST = (1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 0.0, 10.0, -0.5, 0.1, -3.0, 5.0, -10.0, 0.25, 20.0, -0.1, 100.0, -20.0)
_SIMPLE_POINTS, _RANDOM_POINTS, _FEWEST = 200, 300, 5

AGREE, DISAGREE, CANNOT_TELL = "agree", "DISAGREE", "cannot tell"

Point = dict[str, float]


@dataclass(frozen=True)
class Row:
    """What was found on one derivative, or on one formula: its cells, numbers or text, and its verdict."""

    cells: dict[str, Any]
    verdict: str


@with_options
def check(
    console: Console,
    program: ProgramOptions,
    printing: PrintOptions,
    wrt: Wrt = None,
    against: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FORMULA", help="Your own derivative by NAME, to be checked.")
    ] = None,
) -> None:
    """Check the gradient by differences of values, or your own formula for it.

    autodiff check 'sigmoid(a*x)' --against x='a*sigmoid(a*x)*sigmoid(-a*x)'
    """
    check_tabular(printing, "a check")
    if wrt and against:
        raise WrongRequest("--wrt has no place beside --against")
    if against:
        what, (text, rows) = "formula", _check_formulas(console, program, against)
    else:
        result = read_and_evaluate(program, console, names_in(wrt))
        what, text, rows = "derivative", result.program.text, _check_gradient(result)
    console.write(written(Checked(text, rows), printing, console))
    _fail_where_due(rows, printing.strict, what)
    if not rows:
        console.note("there is no variable to differentiate by")


def _fail_where_due(rows: list[Row], strict: bool, what: str) -> None:
    for verdict, words in ((DISAGREE, "wrong"), (CANNOT_TELL, "could not be checked")):
        bad = sum(row.verdict.startswith(verdict) for row in rows)
        if bad and (verdict == DISAGREE or strict or what == "formula"):
            raise NotMet(f"{bad} of {len(rows)} {what}s {words}")


@dataclass(frozen=True)
class Checked:
    """What was found, as an answer."""

    text: str
    rows: list[Row]

    @property
    def _head(self) -> list[str]:
        return [*(self.rows[0].cells if self.rows else ["name"])]

    def lines(self) -> Lines:
        """A line for each derivative."""
        return [[*map(_cell, row.cells.values()), row.verdict] for row in self.rows]

    def sheet(self) -> Lines:
        """The same with a header."""
        return [[*map(_key, self._head), "verdict"], *self.lines()]

    def document(self) -> dict[str, Any]:
        """An object for each derivative."""
        checks = [
            {**{_key(name): cell for name, cell in row.cells.items()}, "verdict": row.verdict} for row in self.rows
        ]
        return {"expression": self.text, "checks": checks}

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """One row for each derivative; of errors two digits are enough."""
        few = partial(rounded, digits=2)
        writers = {"error": few, "relative error": few}
        rows = [
            [*(_cell(cell, writers.get(name, number)) for name, cell in row.cells.items()), row.verdict]
            for row in self.rows
        ]
        columns = [derivative_column("+/-" if name == "error" else name) for name in self._head[1:]]
        return [Grid("", [name_column(self._head[0]), *columns, Column("verdict", narrowest=20)], rows)]


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _cell(cell: Any, number: Callable[[float], str] = shortest) -> str:
    return number(cell) if isinstance(cell, float) else str(cell or "")


def _check_gradient(result: Evaluation) -> list[Row]:
    """Every derivative that was asked for beside a numerical one."""
    from autodiff.engine.study.differences import Numerical, derivatives

    graph = result.program.graph
    point = {v.name: value for v, value in zip(graph.inputs, result.values)}
    noise = [_noise(result.values, adjoints) for adjoints in result.adjoints or ()]
    found: dict[int, list[Numerical]] = {}
    for i in result.asked:
        name = graph.inputs[i].name
        found[i] = derivatives(lambda x, name=name: _outputs(graph, {**point, name: x}), point[name], noise)  # type: ignore[misc]
    rows = []
    for k, output in enumerate(result.outputs):
        for i in result.asked:
            ours, numerical = result.derivative(i, k), found[i][k]
            both = numerical.both
            known = numerical.smooth and isfinite(both.error)
            rows.append(
                Row(
                    {
                        **({"output": result.names[output]} if result.program.several else {}),
                        "name": result.names[i],
                        "derivative": ours,
                        "numerical": both.value if known else None,
                        "error": both.error if known else None,
                        "relative error": _apart(ours, both.value) if known else None,
                    },
                    _verdict(ours, numerical),
                )
            )
    return rows


def _outputs(graph: Graph, point: Point) -> list[float]:
    values = forward(graph, point)
    return [values[graph.position[node]] for node in graph.outputs]


def _noise(values: Sequence[float], adjoints: Sequence[float | None]) -> float:
    """How far rounding in every node may put an output off."""
    noise = _ULP * sum(abs(adjoint * value) for adjoint, value in zip(adjoints, values) if adjoint)
    return noise if isfinite(noise) else 0.0


def _apart(a: float, b: float) -> float:
    """The distance of two numbers relative to the greater."""
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def _verdict(ours: float, found: Any) -> str:
    """What to say of our derivative, given what differences found."""
    if not isfinite(found.at):
        return f"not differentiable here: the value is {shortest(found.at)}"
    if found.edge:
        return "at the edge of the domain"
    if found.jump:
        return "not differentiable here: a jump"
    if found.kink:
        left, right = (rounded(side.value, 6) for side in (found.left, found.right))
        return f"not differentiable here: {left} from the left, {right} from the right"
    if found.steep and not isfinite(ours):
        return "not differentiable here: the slope is infinite"
    number, error = found.both.value, found.both.error
    if not isfinite(error) or found.restless:
        return f"{CANNOT_TELL}: differences do not settle"
    size = max(abs(ours), abs(number))
    if _apart(ours, number) <= _CLOSE and error <= _CLOSE * size:
        return AGREE
    if size == 0.0 and error <= _TINY:
        return AGREE
    if size <= 4 * error <= _TINY:
        return f"zero within {rounded(error, 1)}"
    if abs(ours - number) <= 4 * error:
        return f"{CANNOT_TELL}: differences are good to {rounded(error, 1)} only"
    if error > max(abs(number), _TINY):  # they know not even its sign: sin(1/x) at 1e-7 turns within every step
        return f"{CANNOT_TELL}: differences do not settle"
    return DISAGREE


@dataclass(frozen=True)
class _Formula:
    """A derivative worked out by hand: of which inputs, by their positions, and its graph with one output each."""

    name: str
    text: str
    graph: Graph
    positions: list[int]


def _check_formulas(console: Console, options: ProgramOptions, against: list[str]) -> tuple[str, list[Row]]:
    """Every formula beside the gradient, at the point given or at many."""
    program, values = read_program(options, console)
    if program.several:
        raise WrongRequest("--against needs an expression with one output")
    formulas = [_read_formula(program, item, options.max_nodes) for item in against]
    fixed: Point = {}
    for name, value in program.inputs.items():
        if name in values:
            number = values[name]
            numbers = number if isinstance(number, list) else [number]
            fixed.update(zip((node.name for node in scalars(value) if isinstance(node, Input)), numbers))
    return program.text, [_check_formula(program.graph, formula, fixed) for formula in formulas]


def _read_formula(program: Program, item: str, max_nodes: int) -> _Formula:
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
    lengths = {key: len(value) if isinstance(value, tuple) else None for key, value in program.inputs.items()}
    formula = parse(text, lengths, max_nodes)
    for key, value in formula.inputs.items():
        if key not in program.inputs:
            place = scalars(value)[0].span or (0, len(text))
            raise ProgramError(
                f"'{key}' is not a variable of the expression", formula.text, place, known_variables(program)
            )
    outputs, inputs = len(formula.graph.outputs), len(nodes[name])
    if outputs != inputs:
        message = f"the derivative by '{name}' has {inputs} element{'s' * (inputs > 1)}, the formula {outputs}"
        raise ProgramError(message, formula.text, (0, len(text)))
    return _Formula(name, formula.text, formula.graph, [program.graph.position[node] for node in nodes[name]])


def _check_formula(graph: Graph, formula: _Formula, fixed: Point) -> Row:
    """The first point where a formula is wrong, or how many there were where it is right."""
    missing = [variable.name for variable in graph.inputs if variable.name not in fixed]
    if not missing:
        return Row({"name": formula.name}, _verdict_here(graph, formula, fixed))
    compared: list[float] = []
    points = gaps = 0
    for sampled in _points(missing):
        found = _compare(graph, formula, {**fixed, **sampled})
        if found.same is False and isfinite(found.yours):  # a formula may have a gap, such as sin(x)/x at 0
            at = ", ".join(f"{name}={shortest(value)}" for name, value in sampled.items())
            return Row({"name": formula.name}, f"{DISAGREE} at {at}: {found.numbers}")
        gaps += found.same is False
        if found.same:
            points += 1
            compared.extend(sampled.values())
    if points < _FEWEST:
        return Row(
            {"name": formula.name},
            f"{CANNOT_TELL}: only {points} points could be compared; give values where there are some",
        )
    least, most = (rounded(end, 3) for end in (min(compared), max(compared)))
    but = f"; yours is not finite at {gaps} more" if gaps else ""
    return Row({"name": formula.name}, f"{AGREE} to {_CLOSE_BY_HAND:g} at {points} points from {least} to {most}{but}")


def _verdict_here(graph: Graph, formula: _Formula, point: Point) -> str:
    """What to say of a formula at the one point given."""
    found = _compare(graph, formula, point)
    if found.same is None:
        return f"{CANNOT_TELL}: {found.why}"
    if not found.same:
        return f"{DISAGREE} here: {found.numbers}"
    from autodiff.engine.study.kinks import kinks

    values = forward(graph, point)
    at_kink = kinks(graph, values, backward(graph, values, graph.outputs[0]), formula.positions)
    return f"{AGREE} here{', at a kink' if at_kink else ''}"


def _points(names: list[str]) -> Iterator[Point]:
    """Simple points, the simplest first, then random ones, half of them positive."""
    import random

    last = len(_SIMPLEST) - 1
    ranks = (
        Counter(moved)
        for total in range(len(names) * last + 1)
        for moved in combinations_with_replacement(range(len(names)), total)
    )
    simple = (rank for rank in ranks if max(rank.values(), default=0) <= last)
    for rank in islice(simple, _SIMPLE_POINTS):
        yield {name: _SIMPLEST[rank[i]] for i, name in enumerate(names)}
    dice = random.Random(0)
    for i in range(_RANDOM_POINTS):
        numbers = [float(f"{dice.uniform(-3, 3) * 10 ** dice.uniform(-1, 1):.3g}") for _ in names]
        yield dict(zip(names, map(abs, numbers) if i % 2 else numbers))


@dataclass(frozen=True)
class _Comparison:
    """Whether a formula is right at a point, None where that cannot be told, and why; with its number and ours."""

    same: bool | None
    yours: float = 0.0
    ours: float = 0.0
    why: str = ""

    @property
    def numbers(self) -> str:
        return f"yours {shortest(self.yours)}, ours {shortest(self.ours)}"


def _compare(graph: Graph, formula: _Formula, point: Point) -> _Comparison:
    values = forward(graph, point)
    adjoints = backward(graph, values, graph.outputs[0])
    theirs = forward(formula.graph, point)
    value = values[graph.position[graph.outputs[0]]]
    if not isfinite(value):
        return _Comparison(None, why=f"the value is {shortest(value)} here")
    for output, position in zip(formula.graph.outputs, formula.positions):
        yours, ours = theirs[formula.graph.position[output]], adjoints[position] or 0.0
        if not isfinite(ours):
            return _Comparison(None, yours, ours, f"the derivative is {shortest(ours)} here")
        if not isfinite(yours):
            return _Comparison(False, yours, ours)
        noise = 4 * _noise(theirs, backward(formula.graph, theirs, output))
        if abs(yours - ours) > noise + _CLOSE_BY_HAND * max(abs(yours), abs(ours)):
            same = _confirmed(graph, point, graph.inputs[position].name, yours, ours, _noise(values, adjoints))
            if same is not True:
                found = _Comparison(same, yours, ours)
                return found if same is False else replace(found, why=f"{found.numbers}, and differences do not decide")
    return _Comparison(True)


def _confirmed(graph: Graph, point: Point, name: str, yours: float, ours: float, noise: float) -> bool | None:
    """Whether two numbers that differ do so by rounding alone, as differences see it; None where these cannot tell."""
    from autodiff.engine.study.differences import derivatives

    (found,) = derivatives(lambda x: _outputs(graph, {**point, name: x}), point[name], [noise])
    error = 10 * found.both.error
    if not found.smooth or not isfinite(error):
        return None
    if max(abs(yours - found.both.value), abs(ours - found.both.value)) > error:
        return False
    return True if error <= _TINY else None
