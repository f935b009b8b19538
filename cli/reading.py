"""From the command line and files to a program and the values of its variables."""

from collections.abc import Mapping
from pathlib import Path

from autodiff.cli.bindings import read_bindings, read_vars
from autodiff.cli.console import Console
from autodiff.cli.request import Request
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.evaluation import Evaluation, evaluate, unevaluated
from autodiff.evaluation.reading import Number, Reading, check_complete, unused
from autodiff.grammar.program import Program


def read(request: Request, console: Console) -> Reading:
    """The text of the program and the values, from the command line and from files."""
    text, bindings = _read_program(request, console)
    given = read_bindings(bindings)
    values = {**(read_vars(request.vars, console) if request.vars else {}), **given}
    return Reading(text, values, list(given), request.gates, request.max_nodes)


def program_of(reading: Reading, console: Console) -> Program:
    """The program; values that nothing depends on are noted."""
    program = reading.program
    if note := unused(program, reading.given):
        console.note(note)
    return program


def wants_rows(request: Request, reading: Reading, console: Console) -> bool:
    """Whether to answer for rows: where they are named, or where a value is missing and may come through a pipe."""
    if request.data is not None:
        return True
    program_in_stdin = request.file is not None and str(request.file) in ("-", "/dev/stdin")
    if request.no_stdin or request.drawn or program_in_stdin or not console.has_piped_input:
        return False
    return bool(reading.free)


def evaluate_reading(
    request: Request, reading: Reading, console: Console, wrt: tuple[str, ...] | None = None, *, gradient: bool
) -> Evaluation:
    """The program at the point given; a graph to be drawn may do without one."""
    program = program_of(reading, console)
    if not reading.values and program.inputs and request.drawn:  # the names come before the numbers
        return unevaluated(program)
    check_complete(program, reading.values)
    return evaluate(program, reading.values, wrt, gradient=gradient)


def read_request(request: Request, console: Console) -> tuple[Program, Mapping[str, Number]]:
    """The program and the values given."""
    reading = read(request, console)
    return program_of(reading, console), reading.values


def evaluate_request(request: Request, console: Console, wrt: tuple[str, ...] | None = None) -> Evaluation:
    """The program with its gradient at the point given."""
    return evaluate_reading(request, read(request, console), console, wrt, gradient=True)


def names_in(lists: list[str] | None) -> tuple[str, ...] | None:
    """The names in `--wrt a,b --wrt c`."""
    return tuple(name.strip() for names in lists for name in names.split(",")) if lists else None


def _read_program(request: Request, console: Console) -> tuple[str, list[str]]:
    """The program's text and the bindings: with `-f FILE` the first argument is a binding already."""
    expression, bindings = request.expression, request.bindings or []
    if request.file is not None:
        if expression is not None and "=" not in expression:
            raise WrongRequest(f"two programs: '{expression}' and the one in {request.file}")
        return console.read_text(request.file), [*([] if expression is None else [expression]), *bindings]
    if expression is None:
        raise WrongRequest("no expression", "write it in quotes, such as 'x^2', or read it from a file with -f FILE")
    if expression.startswith("@"):
        return console.read_text(Path(expression[1:])), bindings
    return expression, bindings
