"""The library's face: a program as a function of Python numbers."""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from autodiff.engine.graph import Input
from autodiff.engine.passes import backward, forward
from autodiff.grammar.parser import parse as _parse
from autodiff.grammar.program import Program
from autodiff.grammar.values import Value, scalars

Number = float | list[float]
"""What a variable or an output is: a scalar, or a vector as a list."""


def parse(text: str, *, lengths: Mapping[str, int] | None = None, gates: str = "written") -> "Function":
    """Read a program of the language, whose outputs become a function of its variables.

    `lengths` tells which variables are vectors, and how long they are. `gates` is "written", "basic" or "fused".
    Raises ProgramError, a ValueError, where the text is no program.
    """
    from autodiff.engine.gates import GATES

    if not isinstance(text, str):
        raise TypeError(f"a program is a str, not {type(text).__name__}")
    for name, length in (lengths or {}).items():
        if type(length) is not int or length < 1:
            raise ValueError(f"the length of {name!r} must be a whole number from 1 on, not {length!r}")
    if gates not in GATES:
        raise ValueError(f"gates must be one of {', '.join(GATES)}, not {gates!r}")
    return Function(_parse(text.strip(), lengths or {}).with_gates(gates))


class Function:
    """A differentiable function of named variables; `str` gives its expression."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the variables, in order of first appearance."""
        return tuple(self.program.inputs)

    def __call__(self, /, *args: Any, **values: Any) -> Any:
        """The value: a float, a list for a vector, or a list of these where there are several outputs.

        Variables are given by name, or in the order of `inputs`. Raises TypeError where one is missing or unknown.
        Overflow gives inf and a bad argument nan; nothing raises.
        """
        graph = self.program.graph
        values_of = forward(graph, self._point(args, values))
        return self._shaped([values_of[graph.position[node]] for node in graph.outputs])

    def gradient(self, /, *args: Any, **values: Any) -> Any:
        """The derivative by every variable, by name; a list of such where there are several outputs."""
        graph = self.program.graph
        values_of = forward(graph, self._point(args, values))
        gradients = []
        for output in graph.outputs:
            adjoints = backward(graph, values_of, output)
            by_name = {node: adjoints[i] or 0.0 for i, node in enumerate(graph.inputs)}
            gradients.append({name: _mapped(value, by_name) for name, value in self.program.inputs.items()})
        return self._shaped(gradients)

    def derivative(self, *names: str) -> "Function":
        """The derivative by a variable, then by the next and so on, as a function of the same variables.

        An element of a vector is named "w[0]". Raises ValueError where a name is no variable.
        """
        from autodiff.engine.derivatives import repeated
        from autodiff.engine.symbolic.algebra import Algebra

        m, variables = Algebra(), {variable.name: variable for variable in self.program.graph.inputs}
        for name in names:
            if not isinstance(name, str) or name not in variables:
                raise ValueError(f"{name!r} is no variable of {self}")
        wrt = [variables[name] for name in names]
        made = {output: repeated(output, wrt, m) for output in self.program.graph.outputs}
        outputs = [_mapped(value, made, tuple) for value in self.program.outputs]
        return Function(self.program.with_outputs(outputs))

    def hessian(self, /, *args: Any, **values: Any) -> dict[tuple[str, str], float]:
        """The second derivatives of the one output, by pairs of names."""
        from autodiff.engine.derivatives import hessian

        graph = self.program.graph
        self._check_scalar()
        matrix = hessian(graph, self._point(args, values), graph.inputs)
        names = [variable.name for variable in graph.inputs]
        return {(a, b): number for a, row in zip(names, matrix) for b, number in zip(names, row)}

    def compile(self, wrt: Sequence[str] | None = None, *, threads: int = 1) -> Callable[..., Any]:
        """A fast plain function: g(a, x, b) -> (value, (da, db)), of floats or of NumPy arrays alike.

        It takes the variables in the order of `inputs`, elements of vectors one by one, and differentiates by those
        named, by default all. Arrays are broadcast and computed in blocks on so many threads, as doubles. Raises
        ValueError where a name is no variable, or the function has several outputs.
        """
        from autodiff.engine.code.compiled import compile_graph

        self._check_scalar()
        if not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads must be a whole number from 1 on, not {threads!r}")
        graph = self.program.graph
        positions = {variable.name: [i] for i, variable in enumerate(graph.inputs)}
        for name, value in self.program.inputs.items():
            positions[name] = [graph.position[node] for node in scalars(value)]
        if unknown := [name for name in wrt or () if name not in positions]:
            raise ValueError(f"{unknown[0]!r} is no variable of {self}")
        function = compile_graph(
            graph, [i for name in (self.inputs if wrt is None else wrt) for i in positions[name]], threads
        )
        names = ", ".join(variable.name for variable in graph.inputs)
        function.__doc__ = f"The value of {self} and a tuple of its derivatives, of {names} in this order."
        return function

    def _repr_svg_(self) -> str | None:
        """For notebooks: the graph without numbers."""
        from autodiff.evaluation.evaluation import Evaluation
        from autodiff.notebook import svg

        return svg(Evaluation(self.program, {}, [], None, ()))

    def __str__(self) -> str:
        from autodiff.grammar.print.text import print_program

        return self.program.text or print_program(self.program.graph.outputs, brief=True)

    def __repr__(self) -> str:
        lengths = {name: len(value) for name, value in self.program.inputs.items() if isinstance(value, tuple)}
        return f"autodiff.parse({str(self)!r}{f', lengths={lengths}' if lengths else ''})"

    def _check_scalar(self) -> None:
        if self.program.several:
            raise ValueError("this needs a function with one output")

    def _point(self, args: Sequence[Any], values: Mapping[str, Any]) -> dict[str, float]:
        """The value of every input node by its name."""
        inputs = self.program.inputs
        if len(args) > len(inputs):
            raise TypeError(f"takes {len(inputs)} values ({', '.join(inputs)}), not {len(args)}")
        placed = dict(zip(inputs, args))
        if twice := [name for name in placed if name in values]:
            raise TypeError(f"{twice[0]!r} is given twice")
        given = {**placed, **values}
        if unknown := [name for name in given if name not in inputs]:
            raise TypeError(f"{unknown[0]!r} is no variable; the variables are {', '.join(inputs)}")
        if missing := [name for name in inputs if name not in given]:
            raise TypeError(f"no value for {missing[0]!r}")
        point: dict[str, float] = {}
        for name, value in inputs.items():
            nodes = scalars(value)
            try:
                numbers = [_double(x) for x in (given[name] if isinstance(value, tuple) else [given[name]])]
            except TypeError:
                kind = "a sequence of numbers" if isinstance(value, tuple) else "a number"
                raise TypeError(f"{name!r} must be {kind}, not {given[name]!r}") from None
            if len(numbers) != len(nodes):
                raise ValueError(f"{name!r} has {len(nodes)} elements, not {len(numbers)}")
            point.update((node.name, x) for node, x in zip(nodes, numbers) if isinstance(node, Input))
        return point

    def _shaped(self, items: Sequence[Any]) -> Any:
        """What belongs to the outputs, as these stand in the program."""
        rest = iter(items)
        shaped = [[next(rest) for _ in v] if isinstance(v, tuple) else next(rest) for v in self.program.outputs]
        return shaped if len(shaped) > 1 else shaped[0]


def _double(x: Any) -> float:
    try:
        return float(x * 1.0)
    except OverflowError:  # of a long integer
        return inf if x > 0 else -inf


def _mapped(value: Value, found: Mapping[Any, Any], kind: Callable[[Any], Any] = list) -> Any:
    """What belongs to a node, or to every node of a vector."""
    return kind([found[node] for node in value]) if isinstance(value, tuple) else found[value]
