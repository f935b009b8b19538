"""A program as a function of Python numbers, the library's main class."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from autodiff.engine.graph import Input
from autodiff.evaluation.errors import Failure
from autodiff.evaluation.evaluation import Evaluation, evaluate, unevaluated
from autodiff.evaluation.reading import Number, read
from autodiff.grammar.errors import NeedsVector
from autodiff.grammar.parser import input_names
from autodiff.grammar.program import Program
from autodiff.grammar.values import Value, scalars

if TYPE_CHECKING:
    from autodiff.notebook import Page

_MOST_PROGRAMS = 16
"""How many programs of one text, for vectors of different lengths, are remembered."""


def parse(text: str, *, lengths: Mapping[str, int] | None = None, gates: str = "written") -> "Function":
    """Read a program of the language, whose outputs become a function of its variables.

    A variable is a vector where its value is one, as long as that. `lengths` fixes the lengths of some; `derivative`
    and `compile`, which have no values to go by, need it for every vector. `gates` is "written", "basic" or "fused".

    ProgramError, a ValueError, where the text is not a program; TypeError where it is not a str; ValueError where a
    length or the gates are impossible.
    """
    from autodiff.engine.gates import GATES

    if not isinstance(text, str):
        raise TypeError(f"a program is a str, not {type(text).__name__}")
    for name, length in (lengths or {}).items():
        if type(length) is not int or length < 1:
            raise ValueError(f"the length of {name!r} must be a whole number from 1 on, not {length!r}")
    if gates not in GATES:
        raise ValueError(f"gates must be one of {', '.join(GATES)}, not {gates!r}")
    source = _Source(text.strip(), dict(lengths or {}), gates)
    try:
        names = tuple(source.program({}).inputs)
    except NeedsVector:
        names = input_names(source.text, source.lengths)
    return Function(source, names)


@dataclass(frozen=True)
class _Source:
    """A text that becomes a program once it is known which variables are vectors, and of which lengths."""

    text: str
    lengths: Mapping[str, int]
    """The lengths of the variables that are vectors of a fixed length."""
    gates: str
    programs: dict[tuple[tuple[str, int], ...], Program] = field(default_factory=dict, compare=False)
    """The programs read so far, by the lengths of the other vectors."""

    def program(self, values: Mapping[str, Number]) -> Program:
        """The program in which the variables whose values are lists are vectors of their lengths."""
        others = tuple((name, len(x)) for name, x in values.items() if type(x) is list and name not in self.lengths)
        if others not in self.programs:
            if len(self.programs) == _MOST_PROGRAMS:
                self.programs.clear()
            self.programs[others] = read(self.text, {**dict(others), **self.lengths}, self.gates)
        return self.programs[others]


class Function:
    """A differentiable function of named variables, as `parse` and `derivative` make it; `str` is its expression.

    `f(...)`, `gradient`, `hessian` and `draw` take the values of the variables by name, or in the order of `inputs`: a
    number, or for a vector a sequence of numbers. They raise TypeError where a value is missing, unknown, given twice
    or not made of numbers, and ValueError where a vector has a wrong length, or must be one and is not.
    """

    def __init__(self, source: _Source | Program, names: tuple[str, ...]) -> None:
        self._source, self._names = source, names

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the variables, in order of first appearance."""
        return self._names

    @property
    def program(self) -> Program:
        """The program whose only vectors are those with a given length. ProgramError where another must be one."""
        if isinstance(self._source, Program):
            return self._source
        try:
            return self._source.program({})
        except NeedsVector as error:
            example = f"lengths={{{next(iter(error.inputs), 'w')!r}: 3}}"
            error.hint = f"say how long the vectors are, as in autodiff.parse(..., {example})"
            raise

    def __call__(self, /, *args: Any, **values: Any) -> Any:
        """The value: a float, a list for a vector, or a list of these where there are several outputs.

        Overflow gives inf and a bad argument nan; neither raises.
        """
        found = self._evaluation(args, values, gradient=False)
        return _shaped(found.program, [found.values[i] for i in found.outputs])

    def gradient(self, /, *args: Any, **values: Any) -> Any:
        """The derivatives by name of variable: a float, or a list for a vector; of several outputs a list of such."""
        found = self._evaluation(args, values, gradient=True)
        gradients = []
        for adjoints in found.adjoints or ():
            rest = (adjoint or 0.0 for adjoint in adjoints)  # the inputs come first
            gradients.append(
                {
                    name: [next(rest) for _ in value] if isinstance(value, tuple) else next(rest)
                    for name, value in found.program.inputs.items()
                }
            )
        return _shaped(found.program, gradients)

    def derivative(self, *names: str) -> "Function":
        """The derivative by a variable, then by the next and so on, as a function of the same variables.

        An element of a vector is named "w[0]". ValueError where a name is not a variable; ProgramError where `parse`
        must be given the lengths of vectors.
        """
        from autodiff.engine.derivatives import repeated
        from autodiff.engine.symbolic.algebra import Algebra

        m, variables = Algebra(), {variable.name: variable for variable in self.program.graph.inputs}
        for name in names:
            if not isinstance(name, str) or name not in variables:
                raise ValueError(f"{name!r} is not a variable of {self}")
        wrt = [variables[name] for name in names]
        made = {output: repeated(output, wrt, m) for output in self.program.graph.outputs}
        outputs = [tuple(made[node] for node in v) if isinstance(v, tuple) else made[v] for v in self.program.outputs]
        return Function(self.program.with_outputs(outputs), self.inputs)

    def hessian(self, /, *args: Any, **values: Any) -> dict[tuple[str, str], float]:
        """The second derivatives of the one output, by pairs of names; elements of vectors are named "w[0]".

        ValueError where there are several outputs.
        """
        from autodiff.engine.hessians import hessian

        program, numbers = self._program_at(args, values)
        graph = program.graph
        _check_scalar(program)
        matrix = hessian(graph, _point(program, numbers), graph.inputs)
        names = [variable.name for variable in graph.inputs]
        return {(a, b): number for a, row in zip(names, matrix) for b, number in zip(names, row)}

    def compile(self, wrt: Sequence[str] | None = None, *, threads: int = 1) -> Callable[..., Any]:
        """A fast plain function: g(a, x, b) -> (value, (da, db)), of floats or of NumPy arrays alike.

        It takes the variables in the order of `inputs`, elements of vectors one by one, and differentiates by those
        named, by default all. Arrays are broadcast and computed in blocks on so many threads, as doubles.

        ValueError where a name is not a variable, the number of threads is impossible, or there are several outputs;
        ProgramError where `parse` must be given the lengths of vectors.
        """
        from autodiff.engine.code.compiled import compile_graph

        _check_scalar(self.program)
        if not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads must be a whole number from 1 on, not {threads!r}")
        graph = self.program.graph
        positions = {variable.name: [i] for i, variable in enumerate(graph.inputs)}
        for name, value in self.program.inputs.items():
            positions[name] = [graph.position[node] for node in scalars(value)]
        if unknown := [name for name in wrt or () if name not in positions]:
            raise ValueError(f"{unknown[0]!r} is not a variable of {self}")
        function = compile_graph(
            graph, [i for name in (self.inputs if wrt is None else wrt) for i in positions[name]], threads
        )
        names = ", ".join(variable.name for variable in graph.inputs)
        function.__doc__ = f"The value of {self} and a tuple of its derivatives, of {names} in this order."
        return function

    def draw(
        self,
        file: str | PathLike[str],
        /,
        *args: Any,
        style: str = "record",
        local: bool = False,
        collapse: bool = False,
        digits: int | None = None,
        max_drawn: int = 500,
        **values: Any,
    ) -> None:
        """Draw the graph into a file, whose ending says the kind of picture: svg, png, jpg, dot, pdf or html.

        With values it shows them and the gradient, without any the bare graph. The file is replaced as a whole. `style`
        is "record", boxes of values, or "circuit", gates with numbers on their wires; `local` adds the local
        derivatives to a circuit, `collapse` draws each call of a function and each long sum as one gate, `digits` are
        the significant ones of numbers, and more than `max_drawn` nodes are refused. A variable with the name of an
        option is given by position.

        ValueError where the ending or the style is unknown or the graph too large, OSError where the file cannot be
        written or there is no renderer.
        """
        from autodiff.evaluation.files import write_whole
        from autodiff.pictures.options import DrawingOptions
        from autodiff.pictures.pictures import kind_of, picture

        bare = self.inputs and not args and not values
        evaluation = unevaluated(self.program) if bare else self._evaluation(args, values, gradient=True)
        options = DrawingOptions(style, local, collapse, digits, max_drawn)
        with _pythonic_errors():
            write_whole(Path(file), picture(evaluation, kind_of(Path(file)), options))

    def player(self, /, *args: Any, style: str = "record", collapse: bool = False, **values: Any) -> "Page":
        """The page that plays both passes at a point, for a notebook: it shows itself in a frame.

        `style` and `collapse` are those of `draw`, which writes the same page into a file that ends in .html.
        ValueError where the style is unknown or the graph too large.
        """
        from autodiff.notebook import Page
        from autodiff.pictures.options import DrawingOptions

        evaluation = self._evaluation(args, values, gradient=True)
        with _pythonic_errors():
            return Page(evaluation, DrawingOptions(style, collapse=collapse))

    def _repr_svg_(self) -> str | None:
        """For notebooks: the graph without numbers; None where there is no such picture."""
        from autodiff.notebook import svg

        try:
            return svg(unevaluated(self.program))
        except NeedsVector:
            return None

    def __str__(self) -> str:
        from autodiff.grammar.print.text import print_program

        if isinstance(self._source, Program):
            return print_program(self._source.graph.outputs, brief=True)
        return self._source.text

    def __repr__(self) -> str:
        if isinstance(self._source, Program):
            lengths: Mapping[str, int] = {
                name: len(value) for name, value in self._source.inputs.items() if isinstance(value, tuple)
            }
            gates = "written"
        else:
            lengths, gates = self._source.lengths, self._source.gates
        options = f"{f', lengths={lengths}' if lengths else ''}{f', gates={gates!r}' if gates != 'written' else ''}"
        return f"autodiff.parse({str(self)!r}{options})"

    def _evaluation(self, args: Sequence[Any], values: Mapping[str, Any], *, gradient: bool) -> Evaluation:
        return evaluate(*self._program_at(args, values), gradient=gradient)

    def _program_at(self, args: Sequence[Any], values: Mapping[str, Any]) -> tuple[Program, dict[str, Number]]:
        """The program that belongs to some values, and the values by name."""
        given = {**dict(zip(self.inputs, args)), **values} if args else values
        if len(args) + len(values) != len(self.inputs) or any(name not in given for name in self.inputs):
            self._refuse(args, values)
        numbers = {name: x if type(x) is float else _number(name, x) for name, x in given.items()}
        source = self._source
        program = source if isinstance(source, Program) else source.program(numbers)
        for name in program.inputs if isinstance(source, Program) else source.lengths:
            if name in numbers:
                _check_length(name, program.inputs[name], numbers[name])
        return program, numbers

    def _refuse(self, args: Sequence[Any], values: Mapping[str, Any]) -> NoReturn:
        """Raise TypeError where the values do not belong to the variables one by one."""
        inputs = self.inputs
        if len(args) > len(inputs):
            raise TypeError(f"takes {len(inputs)} values ({', '.join(inputs)}), not {len(args)}")
        if twice := [name for name in inputs[: len(args)] if name in values]:
            raise TypeError(f"{twice[0]!r} is given twice")
        if unknown := values.keys() - set(inputs):
            raise TypeError(f"{min(unknown)!r} is not a variable; the variables are {', '.join(inputs)}")
        raise TypeError(f"no value for {next(name for name in inputs[len(args) :] if name not in values)!r}")


def _number(name: str, value: Any) -> Number:
    """A value as a float, or a list of floats: TypeError where it is neither, ValueError where the list is empty."""
    try:
        if isinstance(value, float | int) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0:
            return _double(value)
        numbers = [_double(x) for x in value]
    except TypeError:
        raise TypeError(f"{name!r} must be a number or a sequence of numbers, not {value!r}") from None
    if not numbers:
        raise ValueError(f"{name!r} must have at least one element")
    return numbers


def _double(x: Any) -> float:
    try:
        return float(x * 1.0)
    except OverflowError:  # of a long integer
        return inf if x > 0 else -inf


def _check_length(name: str, variable: Value, value: Number) -> None:
    """TypeError or ValueError where the value of a variable is not as long as the program was read with."""
    if isinstance(variable, tuple) != isinstance(value, list):
        kind = "a sequence of numbers" if isinstance(variable, tuple) else "a number"
        raise TypeError(f"{name!r} must be {kind}, not {value!r}")
    if isinstance(value, list) and len(value) != len(scalars(variable)):
        raise ValueError(f"{name!r} has {len(scalars(variable))} elements, not {len(value)}")


def _point(program: Program, numbers: Mapping[str, Number]) -> dict[str, float]:
    """The value of every input node by its name."""
    point: dict[str, float] = {}
    for name, value in program.inputs.items():
        number = numbers[name]
        nodes = [node.name for node in scalars(value) if isinstance(node, Input)]
        point.update(zip(nodes, number if isinstance(number, list) else [number]))
    return point


def _check_scalar(program: Program) -> None:
    if program.several:
        raise ValueError("this needs a function with one output")


def _shaped(program: Program, items: Sequence[Any]) -> Any:
    """One result for each output, in the shape of the program's outputs."""
    rest = iter(items)
    shaped = [[next(rest) for _ in v] if isinstance(v, tuple) else next(rest) for v in program.outputs]
    return shaped if len(shaped) > 1 else shaped[0]


@contextmanager
def _pythonic_errors() -> Iterator[None]:
    """Turn errors meant for users of the command into the exceptions that a Python program expects."""
    from autodiff.evaluation.errors import WrongRequest
    from autodiff.pictures.drawing import TooLargeToDraw

    try:
        yield
    except TooLargeToDraw as error:
        raise ValueError(f"{error.message}; raise max_drawn, or collapse calls and long sums") from None
    except Failure as error:
        message = f"{error.message} ({error.hint})" if error.hint else error.message
        raise (ValueError if isinstance(error, WrongRequest) else OSError)(message) from None
