"""From a text and values to a program: the values tell which variables are vectors."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autodiff.engine.graph import MAX_NODES, Graph, Input, Node
from autodiff.engine.passes import forward
from autodiff.engine.table.operations import SPELLINGS
from autodiff.evaluation.errors import UnknownVariable, WrongRequest
from autodiff.grammar.builder import CONSTANTS
from autodiff.grammar.errors import NeedsVector, ProgramError, did_you_mean, enumerated
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.program import Program
from autodiff.grammar.values import Value, scalars

_WITH_COMMAS = re.compile(r"(?<![\w.,])\d+(,\d+)+(?![\w.,])")

Number = float | list[float]
"""The value of a variable: a scalar or a vector."""


def read(text: str, lengths: Mapping[str, int | None], gates: str = "written", max_nodes: int = MAX_NODES) -> Program:
    """The program of a text where some variables are known as vectors of a length, or as scalars.

    NeedsVector where more of them must be known; ProgramError where the text is not a program.
    """
    program = parse(text.strip(), lengths, max_nodes)
    return program if gates == "written" else program.with_gates(gates)


class NoValue(ProgramError):
    """A variable has no value."""


_INSTEAD = {
    "e": "Euler's number is exp(1)",
    **dict.fromkeys(("PI", "Pi"), "the constant is pi"),
    **dict.fromkeys(("Inf", "INF", "Infinity", "infinity", "oo"), "the constant is inf"),
    **dict.fromkeys(("NaN", "NAN"), "the constant is nan"),
    **{"True": "that is 1", "true": "that is 1", "False": "that is 0", "false": "that is 0"},
}
"""What names of other languages are here, which may be variables as well."""


def lengths_of(values: Mapping[str, Number]) -> dict[str, int | None]:
    """The shapes of variables, by their values: the lengths of vectors, None for scalars."""
    return {name: len(value) if isinstance(value, list) else None for name, value in values.items()}


@dataclass(frozen=True)
class Reading:
    """The text of a program, and values by name; a variable may have none, and a name need not be a variable."""

    text: str
    values: Mapping[str, Number]
    given: Sequence[str] = ()
    """The names that must be variables of the program: they were given a value by hand, and may be mistyped."""
    gates: str = "written"
    max_nodes: int = MAX_NODES
    written: Mapping[str, Value] = field(default_factory=dict)
    """The values as they were given, each an expression without variables."""

    @cached_property
    def program(self) -> Program:
        """The program with its gates in the form asked for; ProgramError or WrongRequest where it cannot be read."""
        return self.program_with({})

    def program_with(self, lengths: Mapping[str, int]) -> Program:
        """The same where some variables without a value are vectors of those lengths."""
        variables = {name: length for name, length in lengths.items() if name not in CONSTANTS}
        program = read(self.text, {**variables, **lengths_of(self.values)}, self.gates, self.max_nodes)
        _check_names(program, self.given, self.values)
        return program

    @cached_property
    def free(self) -> list[str]:
        """The variables without a value; some of them, where the program cannot be read before one is a vector."""
        try:
            return [name for name in self.program.inputs if name not in self.values]
        except NeedsVector as error:
            if names := [name for name in error.inputs if name not in self.values]:
                return names
            raise


def numbers_of(values: Mapping[str, Value]) -> dict[str, Number]:
    """The numbers and vectors that expressions without variables stand for, by name."""
    graph = Graph([node for value in values.values() for node in scalars(value)], [])
    found = forward(graph, {})

    def number(node: Node) -> float:
        return found[graph.position[node]]

    return {
        name: list(map(number, value)) if isinstance(value, tuple) else number(value) for name, value in values.items()
    }


def _check_names(program: Program, given: Iterable[str], values: Collection[str]) -> None:
    """WrongRequest where a name is not a variable, and a variable has no value: one may be mistyped for the other."""
    unknown = next((name for name in given if name not in program.inputs), None)
    if unknown and not set(values).issuperset(program.inputs):
        raise WrongRequest(f"'{unknown}' is not a variable of the expression", known_variables(program))


def unused(variables: Collection[str], given: Iterable[str]) -> str | None:
    """What to note where values were given to names that are not variables.

    That is not an error: a derivative may have lost a variable, and is given the same values as the function.
    """
    spare = [f"'{name}'" for name in given if name not in variables]
    return f"nothing depends on {enumerated(spare)}" if spare else None


def doubts(program: Program, given: Iterable[str]) -> list[str]:
    """Notes on a program that may not mean what was meant, and on values that nothing depends on."""
    note = unused(program.inputs, given)
    return [*([note] if note else []), *_numbers_with_commas(program), *_functions_without_parentheses(program)]


def _numbers_with_commas(program: Program) -> list[str]:
    """Notes on outputs such as those of `1,5*x`, which may be one number with a decimal comma."""
    ends = {(scalars(value)[-1].span or (0, 0))[1] for value in program.outputs[:-1]}
    return [
        f"'{match[0]}' is read as two outputs; a number is written {' or '.join(spellings)}"
        for match in _WITH_COMMAS.finditer(program.text)
        if match.start() + match[0].index(",") in ends and (spellings := without_commas(match[0]))
    ]


def without_commas(number: str) -> list[str]:
    """How to write what may be a number with a decimal comma, or with commas between thousands: `1,5`, `1,000`."""
    # Nobody writes an element of a vector as 000, and a number has one decimal comma.
    first, *groups = number.split(",")
    thousands = [number.replace(",", "_")] if len(first) < 4 and all(len(group) == 3 for group in groups) else []
    if len(groups) > 1 or groups == ["000"]:
        return thousands
    return [number.replace(",", "."), *thousands]


def _functions_without_parentheses(program: Program) -> list[str]:
    """Notes on variables with the name of a function, as in `exp -x`, which is a difference."""
    # With a blank on both sides of the sign, or on neither, somebody wrote a difference.
    suspects = [name for name in program.inputs if name in SPELLINGS]
    found = [(name, re.search(rf"(?<!\w){name}[ \t]+(-[\w.]+)", program.text)) for name in suspects]
    note = "'{0}' is a variable here; the function is written {0}({1})"
    return [note.format(name, match[1]) for name, match in found if match]


def check_complete(program: Program, given: Iterable[str]) -> None:
    """ProgramError where a variable has no value, at its first appearance."""
    known = set(given)
    names = [name for name in program.inputs if name not in known]
    if not names:
        return
    place = scalars(program.inputs[names[0]])[0].span or (0, 0)
    hint = f"give {'it' if len(names) == 1 else 'them'} as {' '.join(f'{name}=VALUE' for name in names[:4])}"
    hint += "".join(f"; {_INSTEAD[name]}" for name in names if name in _INSTEAD)
    for name in names:
        if name in SPELLINGS:
            operand = re.search(rf"(?<!\w){name}[ \t]+(-[\w.]+)", program.text)
            hint += f"; the function is written {name}({operand[1] if operand else '...'})"
    quoted = [f"'{name}'" for name in names[:4]] + ["others"] * (len(names) > 4)
    raise NoValue(f"no value for {enumerated(quoted)}", program.text, place, hint)


def selected(program: Program, wrt: Sequence[str] | None, assigned: bool = False) -> tuple[str, ...]:
    """The variables, or elements of them, to differentiate by: those named, without repetition, or by default all.

    With `assigned` they may be names that the program assigns. UnknownVariable where a name is not one of them.
    """
    if wrt is None:
        return tuple(program.inputs)
    known = {variable.name for variable in program.graph.inputs}.union(
        program.inputs, program.assigned if assigned else ()
    )
    wanted = tuple(dict.fromkeys(map(normalized, wrt)))
    for name in wanted:
        if name not in known:
            raise no_variable(program, name)
        if name in program.assigned:
            _check_own(program, name)
    return wanted


def no_variable(program: Program, name: str) -> UnknownVariable:
    """The error for a name to differentiate by that is not a variable of the program."""
    if name in program.assigned:
        return UnknownVariable(name, f"it is assigned; only grad, at one point, takes such names: grad --wrt {name}")
    return UnknownVariable(name, did_you_mean(name, list(program.inputs)) or known_variables(program))


def _check_own(program: Program, name: str) -> None:
    """WrongRequest where an assigned name is only another name of a value, whose other uses would count too."""
    value = program.assigned[name]
    for i, node in enumerate(scalars(value)):
        other = node.name if isinstance(node, Input) else node.label
        if isinstance(node, Input) or other != (f"{name}[{i}]" if isinstance(value, tuple) else name):
            element = f"{name}[{i}]" if isinstance(value, tuple) else name
            raise WrongRequest(f"'{element}' is '{other}' under another name", f"differentiate by '{other}'")


def known_variables(program: Program) -> str:
    """A hint for a name that is not a variable."""
    return f"the variables are {', '.join(program.inputs)}" if program.inputs else "it has no variables"
