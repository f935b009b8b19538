"""Reads the program and the values of its variables from the command line and from files."""

from collections.abc import Mapping
from pathlib import Path

from autodiff.cli.bindings import read_bindings, read_vars
from autodiff.cli.console import Console
from autodiff.cli.options import ProgramOptions, RowOptions
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.evaluation import Evaluation, evaluate
from autodiff.evaluation.reading import Number, Reading, check_complete, doubts, numbers_of
from autodiff.grammar.errors import did_you_mean
from autodiff.grammar.program import Program


def read(options: ProgramOptions, console: Console) -> Reading:
    """The text of the program and the values, from the command line and from files."""
    _check_gates(options.gates)
    text, bindings = _read_text(options, console)
    given = read_bindings(bindings)
    # What is typed for this one run wins over the file.
    values = {**read_vars(options.vars or (), console), **given}
    return Reading(text, numbers_of(values), list(given), options.gates, options.max_nodes, values)


def read_program(options: ProgramOptions, console: Console) -> tuple[Program, Mapping[str, Number]]:
    """The program and the values given."""
    reading = read(options, console)
    return program_of(reading, console), reading.values


def program_of(reading: Reading, console: Console, lengths: Mapping[str, int] | None = None) -> Program:
    """The program; what may not be meant in it is noted. `lengths` are those of vectors without a value."""
    program = reading.program_with(lengths) if lengths else reading.program
    for note in doubts(program, [*reading.given, *(lengths or ())]):
        console.note(note)
    return program


def read_and_evaluate(options: ProgramOptions, console: Console, wrt: tuple[str, ...] | None) -> Evaluation:
    """The program with its gradient at the point given."""
    program, values = read_program(options, console)
    check_complete(program, values)
    return evaluate(program, values, wrt)


def wants_rows(program: ProgramOptions, rows: RowOptions, drawn: bool, reading: Reading, console: Console) -> bool:
    """Whether to answer for rows: where they are named, or where a value is missing and may come through a pipe."""
    if rows.data:
        return True
    # A stdin that the program was read from holds no rows.
    program_in_stdin = program.file is not None and str(program.file) in ("-", "/dev/stdin")
    if rows.no_stdin or drawn or program_in_stdin or not console.has_piped_input:
        return False
    return bool(reading.free)


def _check_gates(form: str) -> None:
    """WrongRequest where there is no such form of gates."""
    if form != "written":
        from autodiff.engine.gates import GATES

        if form not in GATES:
            hint = did_you_mean(form, list(GATES)) or f"gates are {', '.join(GATES)}"
            raise WrongRequest(f"unknown form of gates '{form}'", hint)


def _read_text(options: ProgramOptions, console: Console) -> tuple[str, list[str]]:
    """The program's text and the bindings: with `-f FILE` the first argument is a binding already."""
    expression, bindings = options.expression, options.bindings or []
    if options.file is not None:
        if expression is not None and "=" not in expression:
            raise WrongRequest(f"two programs: '{expression}' and the one in {options.file}")
        return console.read_text(options.file), [*([] if expression is None else [expression]), *bindings]
    if expression is None:
        raise WrongRequest("no expression", "write it in quotes, such as 'x^2', or read it from a file with -f FILE")
    if expression.startswith("@"):
        return console.read_text(Path(expression[1:])), bindings
    return expression, bindings
