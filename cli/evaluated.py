"""The value of a program, and its gradient: what `eval` and `grad` answer, at a point or for rows."""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Grid, Lines, derivative_column, name_column, value_column
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.options import DRAWN, EvaluationPrintOptions, PictureOptions, ProgramOptions, RowOptions
from autodiff.cli.output import check_format, check_no_rows, check_picture, print_evaluation, written
from autodiff.cli.precise import InDigits, check_precision
from autodiff.cli.reading import program_of, read, wants_rows
from autodiff.engine.graph import Constant, Input
from autodiff.evaluation.evaluation import Evaluation, evaluate, unevaluated
from autodiff.evaluation.numbers import shortest
from autodiff.evaluation.reading import Reading, check_complete
from autodiff.grammar.program import Program

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning


class Evaluated:
    """An evaluation as an answer, with what is wrong in it.

    The intermediate nodes are shown too with `nodes`, the value beside a plain gradient with `value`; in a table of
    values those of the outputs are `whole`.
    """

    def __init__(
        self, at: Evaluation, warnings: "Sequence[Warning]", *, nodes: bool, value: bool = False, whole: bool = False
    ) -> None:
        self.at, self.warnings, self.nodes, self.value, self.whole = at, warnings, nodes, value, whole

    def lines(self) -> Lines:
        """One number a line, or of a gradient its name and the derivative; the output first where there are several."""
        at = self.at
        if at.adjoints is None:
            positions = sorted({*at.gates, *at.outputs}) if self.nodes else at.outputs
            return [[*([at.names[i]] if self.nodes else []), shortest(at.values[i])] for i in positions]
        lines = list[list[str]]()
        for k, output in enumerate(at.outputs):
            of = [at.names[output]] if at.program.several else []
            if self.value:
                lines.append([*of, "value", shortest(at.values[output])])
            lines += [[*of, name, shortest(at.derivative(i, k))] for i, name in self._shown(at.gates)]
        return lines

    def sheet(self) -> Lines:
        """A line for each output: `value`, then `d_NAME` for each derivative."""
        at, several = self.at, self.at.program.several
        lines = [[*["output"] * several, "value", *[f"d_{name}" for name in at.asked_names]]]
        for k, i in enumerate(at.outputs):
            derivatives = [shortest(at.derivative(j, k)) for j in at.asked]
            lines.append([*[at.names[i]] * several, shortest(at.values[i]), *derivatives])
        return lines

    def document(self) -> dict[str, Any]:
        """The value, the inputs and the gradient; numbers that are not finite are named in `warnings`."""
        at, several = self.at, self.at.program.several
        document: dict[str, Any] = {
            "expression": at.program.text,
            "value": _one_or_list([at.values[i] for i in at.outputs], several),
            "inputs": at.inputs,
        }
        if at.adjoints is not None:
            gradients = [
                {name: self._derivatives(place, k) for name, place in at.asked_by_name.items()}
                for k in range(len(at.outputs))
            ]
            document["gradient"] = _one_or_list(gradients, several)
        if self.nodes:
            asked = set(at.asked)
            document["nodes"] = [self._node(i, i in asked) for i in range(len(at.values))]
        if warnings := [*(warning.message() for warning in self.warnings), *self._null_numbers()]:
            document["warnings"] = warnings
        return document

    def _shown(self, gates: Iterable[int]) -> list[tuple[int, str]]:
        """The nodes to differentiate by with their names, and those gates too where the nodes are shown."""
        at = self.at
        asked = list(zip(at.asked, at.asked_names, strict=True))
        return [*asked, *((i, at.names[i]) for i in gates if self.nodes and i not in at.asked)]

    def _derivatives(self, place: list[int] | int, k: int) -> list[float] | float:
        """The derivatives of the k-th output by the elements of a vector, or the one by a scalar."""
        if isinstance(place, list):
            return [self.at.derivative(i, k) for i in place]
        return self.at.derivative(place, k)

    def _node(self, i: int, asked: bool) -> dict[str, Any]:
        at, graph = self.at, self.at.program.graph
        operation = graph.nodes[i].operation
        node: dict[str, Any] = {
            "name": at.names[i],
            "operation": operation.name if operation else None,
            "operands": [at.names[j] for j in graph.operands[i]],
            "value": at.values[i],
        }
        if at.adjoints is not None and (asked or not isinstance(graph.nodes[i], Input)):
            node["gradient"] = _one_or_list(at.derivatives(i), at.program.several)
        return node

    def _null_numbers(self) -> list[str]:
        """The numbers beside the answer itself that JSON has no notation for, by name."""
        at = self.at
        # The value and the derivatives asked for are in the warnings of the evaluation already.
        numbers = [(f"the input {node.name}", at.values[i]) for i, node in enumerate(at.program.graph.inputs)]
        for i in at.gates if self.nodes else ():
            numbers.append((f"the value of node {at.names[i]}", at.values[i]))
            numbers += [(f"the gradient of node {at.names[i]}", d) for d in at.derivatives(i)]
        return [f"{what} is {shortest(number)}" for what, number in numbers if not isfinite(number)]

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """A gradient by name, one row an input; of several outputs the Jacobian, one row an output."""
        at, several = self.at, self.at.program.several

        def value(i: int) -> str:
            return number(at.values[i])

        gates = sorted({*at.gates} - {*at.outputs}) if self.nodes else []
        inputs = range(len(at.program.graph.inputs))
        if at.adjoints is None:
            once = dict.fromkeys([*inputs, *gates, *at.outputs])
            whole = set(at.outputs if self.whole else ())
            rows = [[at.names[i], shortest(at.values[i]) if i in whole else value(i)] for i in once]
            return [Grid("", [name_column(), value_column()], rows)]
        shown = self._shown(gates)
        derivatives = [[number(d) for d in at.derivatives(i)] for i, _ in shown]
        if not several or self.nodes:
            of = [f"d {at.names[i]}" for i in at.outputs] if several else ["derivative"]
            title = ", ".join(f"{at.names[i]} = {value(i)}" for i in at.outputs)
            rows = [[name, value(i), *row] for (i, name), row in zip(shown, derivatives, strict=True)]
            return [Grid(title, [name_column(), value_column(), *map(derivative_column, of)], rows)]
        title = ", ".join(f"{at.names[i]} = {value(i)}" for i in inputs)
        by = [derivative_column(f"by {name}") for _, name in shown]
        rows = [[at.names[i], value(i), *[d[k] for d in derivatives]] for k, i in enumerate(at.outputs)]
        return [Grid(title, [name_column("output"), value_column(), *by], rows)]


def _one_or_list(items: list[Any], several: bool) -> Any:
    return items if several else items[0]


def answer(
    console: Console,
    options: ProgramOptions,
    printing: EvaluationPrintOptions,
    picture: PictureOptions,
    rows: RowOptions,
    wrt: Sequence[str] | None = None,
    *,
    precision: int | None,
    gradient: bool,
    value: bool = False,
) -> None:
    """Answer for every row, where there are rows; else at the point given, with `value` beside a plain gradient."""
    reading = read(options, console)
    drawn = bool(picture.render) or printing.format in DRAWN
    many = wants_rows(options, rows, drawn, reading, console)
    if precision is not None:
        check_precision(printing, drawn=drawn, rows=many)
    if many:
        # With it come NumPy and all that reads and writes rows.
        from autodiff.cli.rows import print_rows
        from autodiff.rows.query import Query

        print_rows(console, Query(reading, wrt, gradient), rows, printing, picture)
        return
    check_no_rows(rows)
    check_format(printing.format, (*FORMATS, *DRAWN))
    check_picture(picture)
    _print_at_point(console, reading, printing, picture, wrt, precision=precision, gradient=gradient, value=value)


def _print_at_point(
    console: Console,
    reading: Reading,
    printing: EvaluationPrintOptions,
    picture: PictureOptions,
    wrt: Sequence[str] | None,
    *,
    precision: int | None,
    gradient: bool,
    value: bool,
) -> None:
    program, drawn = program_of(reading, console), bool(picture.render) or printing.format in DRAWN
    if drawn and program.inputs and not reading.values:  # the names come before the numbers
        at = shown = unevaluated(program)
        doubts: Sequence[Warning] = ()
    else:
        at, shown, doubts = _at_point(program, reading, wrt, gradient, precision, printing.nodes)

    def write(found: "Sequence[Warning]") -> str:
        if printing.format in DRAWN:
            from autodiff.cli.drawn import as_text

            return as_text(at, printing.format, picture, printing.digits, console)
        whole = console.is_terminal and not (printing.digits or printing.format)
        evaluated = Evaluated(shown, found, nodes=printing.nodes, value=value, whole=whole)
        return written(evaluated if precision is None else InDigits(evaluated), printing, console)

    print_evaluation(console, at, printing, picture, write, doubts)
    if gradient and not (program.inputs or at.wrt):
        console.note(_nothing_varies(program))


def _at_point(
    program: Program, reading: Reading, wrt: Sequence[str] | None, gradient: bool, precision: int | None, nodes: bool
) -> "tuple[Evaluation, Evaluation, Sequence[Warning]]":
    """The evaluation in doubles, the one to show, and what of it is not proved."""
    check_complete(program, reading.values)
    if precision is None:
        at = evaluate(program, reading.values, wrt, gradient=gradient, assigned=True)
        return at, at, ()
    from autodiff.evaluation.precise import evaluate_precisely  # with it comes FLINT

    found = evaluate_precisely(program, reading.written, wrt, precision, gradient=gradient, nodes=nodes)
    return found.doubles, found.digits, found.doubts


def _nothing_varies(program: Program) -> str:
    """A note for a program without a variable; a number assigned in it may be meant as one."""
    numbers = [name for name, value in program.assigned.items() if isinstance(value, Constant) and value.label == name]
    but = f"; '{numbers[0]}' is assigned in the program: --wrt {numbers[0]} differentiates by it" if numbers else ""
    return f"there is no variable to differentiate by{but}"
