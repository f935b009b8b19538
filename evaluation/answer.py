"""A request, read and computed: what every output format prints."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from autodiff.cli.bindings import Number, check_bindings, check_complete, read_bindings, read_vars
from autodiff.cli.files import read_text
from autodiff.cli.request import Request
from autodiff.engine.passes import backward, forward
from autodiff.evaluation.errors import WrongRequest, warn
from autodiff.grammar.builder import CONSTANTS
from autodiff.grammar.errors import NeedsVector, did_you_mean
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.program import Program

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning


@dataclass(frozen=True)
class Answer:
    """A program, the values of its nodes and, where they were asked for, the adjoints of its nodes for each output.

    Of a bare graph, drawn before it has numbers, there are none.
    """

    program: Program
    inputs: dict[str, Number]
    values: list[float]
    adjoints: list[list[float | None]] | None
    wrt: tuple[str, ...]

    @cached_property
    def names(self) -> list[str]:
        """A unique name for every node."""
        return self.program.names()

    @cached_property
    def outputs(self) -> list[int]:
        """The positions of the outputs among the nodes."""
        return [self.program.graph.position[node] for node in self.program.graph.outputs]

    @cached_property
    def asked_by_name(self) -> dict[str, list[int] | int]:
        """For each input that derivatives are asked for, in the order asked, its position, or those of its elements."""
        position = self.program.graph.position
        scalar = {variable.name: position[variable] for variable in self.program.graph.inputs}
        vector = {
            name: [position[node] for node in value]
            for name, value in self.program.inputs.items()
            if isinstance(value, tuple)
        }
        return {name: vector[name] if name in vector else scalar[name] for name in self.wrt}

    @cached_property
    def asked(self) -> list[int]:
        """The positions of the inputs and elements of inputs that derivatives are asked for."""
        return [i for place in self.asked_by_name.values() for i in (place if isinstance(place, list) else [place])]

    @cached_property
    def gates(self) -> list[int]:
        """The positions of the nodes that are operations."""
        return [i for i, node in enumerate(self.program.graph.nodes) if node.operation is not None]

    def derivative(self, position: int, output: int) -> float:
        """The derivative of the output with that number by a node; where nothing flowed back it is 0."""
        assert self.adjoints is not None
        return self.adjoints[output][position] or 0.0

    def derivatives(self, position: int) -> list[float]:
        """The derivative of each output by a node."""
        return [self.derivative(position, k) for k in range(len(self.adjoints or ()))]

    def fused(self) -> "Answer":
        """The same answer computed with fused gates."""
        program = self.program.with_gates("fused")
        values = [self.values[i] for i in range(len(self.program.graph.inputs))]
        return Answer(program, self.inputs, *_passes(program, values, self.adjoints is not None), self.wrt)

    def finite(self) -> bool:
        """Whether every number in the answer is; there may be none."""
        if not self.values:
            return True
        numbers = [self.values[i] for i in self.outputs]
        return all(map(isfinite, numbers + [d for i in self.asked for d in self.derivatives(i)]))

    @cached_property
    def warnings(self) -> "list[Warning]":
        """What to say of numbers that are not finite; it takes two more passes to know."""
        if self.finite():
            return []
        from autodiff.evaluation.remarks import warnings

        return warnings(self)


def answer(request: Request, wrt: str | None = None, *, gradient: bool = False) -> Answer:
    """Read the program and its bindings, and run the forward and, for a gradient, the backward pass."""
    program, values = read_request(request)
    return answer_at(request, program, values, wrt, gradient=gradient)


def answer_at(
    request: Request, program: Program, values: dict[str, Number], wrt: str | None = None, *, gradient: bool = False
) -> Answer:
    """Run the forward and, for a gradient, the backward pass of a program at some values."""
    if not values and program.inputs and request.drawn:  # the names come before the numbers
        return Answer(program, {}, [], None, ())
    check_complete(program, values)
    inputs = {name: values[name] for name in program.inputs}
    wanted = asked(wrt, program) if gradient else ()
    numbers = [number for value in inputs.values() for number in (value if isinstance(value, list) else [value])]
    return Answer(program, inputs, *_passes(program, numbers, gradient), wanted)


def wants_rows(request: Request, reading: "Reading") -> bool:
    """Whether to answer for rows: where they are named, or where a value is missing and may come through a pipe."""
    if request.data is not None:
        return True
    program_in_stdin = request.file is not None and str(request.file) in ("-", "/dev/stdin")
    if request.no_stdin or request.drawn or program_in_stdin or sys.stdin is None or sys.stdin.isatty():
        return False
    return bool(reading.free)


def _passes(
    program: Program, numbers: Sequence[float], gradient: bool
) -> tuple[list[float], list[list[float | None]] | None]:
    """The values of all nodes and, for each output of a gradient, their adjoints."""
    graph = program.graph
    values = forward(graph, dict(zip((variable.name for variable in graph.inputs), numbers, strict=True)))
    return values, [backward(graph, values, output) for output in graph.outputs] if gradient else None


@dataclass(frozen=True)
class Reading:
    """What was written: the text of a program, and values of its variables, from which follows what are vectors."""

    text: str
    values: dict[str, Number]
    """Of all its variables, or fewer, or others."""
    given: Sequence[str]
    """The names that must be variables of the program."""
    gates: str
    max_nodes: int
    quiet: bool

    @cached_property
    def program(self) -> Program:
        """The program, in the form of gates asked for."""
        return self.program_with({})

    def program_with(self, lengths: Mapping[str, int]) -> Program:
        """The same where some variables without a value are vectors of those lengths."""
        variables = {name: length for name, length in lengths.items() if name not in CONSTANTS}
        values = {name: len(value) if isinstance(value, list) else None for name, value in self.values.items()}
        program = parse(self.text.strip(), {**variables, **values}, self.max_nodes)
        spare = check_bindings(program, self.given, self.values)
        if spare and not self.quiet:
            warn("note", spare)
        return program if self.gates == "written" else program.with_gates(self.gates)

    @cached_property
    def free(self) -> list[str]:
        """The variables without a value; some of them, where the program cannot be read before one is a vector."""
        try:
            return [name for name in self.program.inputs if name not in self.values]
        except NeedsVector as error:
            if names := [name for name in error.inputs if name not in self.values]:
                return names
            raise


def read(request: Request) -> Reading:
    """The text of the program and the values, from the command line and from files."""
    text, bindings = _read_program(request)
    given = read_bindings(bindings)
    values = {**(read_vars(request.vars) if request.vars else {}), **given}
    return Reading(text, values, list(given), request.gates, request.max_nodes, request.quiet)


def read_request(request: Request) -> tuple[Program, dict[str, Number]]:
    """The program and the values."""
    reading = read(request)
    return reading.program, reading.values


def _read_program(request: Request) -> tuple[str, list[str]]:
    """The program's text and the bindings: with `-f FILE` the first argument is a binding already."""
    expression, bindings = request.expression, request.bindings or []
    if request.file is not None:
        if expression is not None and "=" not in expression:
            raise WrongRequest(f"two programs: '{expression}' and the one in {request.file}")
        return read_text(request.file), [*([] if expression is None else [expression]), *bindings]
    if expression is None:
        raise WrongRequest("no expression", "write it in quotes, such as 'x^2', or read it from a file with -f FILE")
    if expression.startswith("@"):
        return read_text(Path(expression[1:])), bindings
    return expression, bindings


def asked(wrt: str | None, program: Program) -> tuple[str, ...]:
    """The names of the variables, or elements of them, that derivatives are wanted by."""
    names = list(program.inputs)
    if wrt is None:
        return tuple(names)
    wanted = [normalized(name.strip()) for name in wrt.split(",")]
    for name in wanted:
        if name not in names and name not in (variable.name for variable in program.graph.inputs):
            hint = did_you_mean(name, names) or known_variables(program)
            raise WrongRequest(f"--wrt names '{name}', which is no variable of the expression", hint)
    return tuple(dict.fromkeys(wanted))


def known_variables(program: Program) -> str:
    """The hint of a name that is none of the variables."""
    return f"the variables are {', '.join(program.inputs)}" if program.inputs else "it has no variables"
