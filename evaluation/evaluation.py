"""A program at a point."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import isfinite

from autodiff.engine.passes import backward, forward
from autodiff.evaluation.reading import Number, selected
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars


@dataclass(frozen=True, eq=False, repr=False)  # it may be large
class Evaluation:
    """A program with the values of its nodes and, where they were asked for, their adjoints for each output.

    A graph that has not been evaluated has no values: see `unevaluated`.
    """

    program: Program
    inputs: Mapping[str, Number]
    """The values of the variables."""
    values: Sequence[float]
    """The values of all nodes of the graph, in its order."""
    adjoints: Sequence[Sequence[float | None]] | None
    """For each output the adjoints of all nodes, None where nothing flows back; None where no gradient is wanted."""
    wrt: tuple[str, ...]
    """The variables, or elements of them, to differentiate by."""

    @cached_property
    def names(self) -> "_Names":
        """A unique name for every node, by its position."""
        return _Names(self.program.naming())

    @cached_property
    def outputs(self) -> list[int]:
        """The positions of the outputs among the nodes."""
        return [self.program.graph.position[node] for node in self.program.graph.outputs]

    @cached_property
    def asked_by_name(self) -> dict[str, list[int] | int]:
        """For each name in `wrt` the position of its node, or those of its elements."""
        graph, places = self.program.graph, dict[str, list[int] | int]()
        places.update((variable.name, i) for i, variable in enumerate(graph.inputs))
        for name, value in (*self.program.inputs.items(), *((n, self.program.assigned[n]) for n in self._by_assigned)):
            places[name] = (
                [graph.position[node] for node in value] if isinstance(value, tuple) else graph.position[value]
            )
        return {name: places[name] for name in self.wrt}

    @property
    def _by_assigned(self) -> list[str]:
        return [name for name in self.wrt if name in self.program.assigned]

    @cached_property
    def asked_names(self) -> list[str]:
        """The names of the nodes to differentiate by, as they were asked for."""
        return [
            each
            for name, place in self.asked_by_name.items()
            for each in ([f"{name}[{k}]" for k in range(len(place))] if isinstance(place, list) else [name])
        ]

    @cached_property
    def asked(self) -> list[int]:
        """The positions of the nodes to differentiate by."""
        return [i for place in self.asked_by_name.values() for i in (place if isinstance(place, list) else [place])]

    @cached_property
    def gates(self) -> list[int]:
        """The positions of the nodes that are operations."""
        return [i for i, node in enumerate(self.program.graph.nodes) if node.operation is not None]

    def derivative(self, position: int, output: int) -> float:
        """The derivative of the output with that number by a node; where nothing flowed back it is 0."""
        assert self.adjoints is not None
        # `or` makes 0 of None, and of -0.0 too, whose sign means nothing here.
        return self.adjoints[output][position] or 0.0

    def derivatives(self, position: int) -> list[float]:
        """The derivative of each output by a node."""
        return [self.derivative(position, k) for k in range(len(self.adjoints or ()))]

    def is_finite(self) -> bool:
        """Whether the values of the outputs and the derivatives asked for are all finite; there may be none."""
        if not self.values:
            return True
        numbers = [self.values[i] for i in self.outputs]
        return all(map(isfinite, numbers + [d for i in self.asked for d in self.derivatives(i)]))


class _Names:
    """A list of names that grows only as far as it is read: of a large graph mostly the inputs are shown, its start."""

    def __init__(self, rest: Iterator[str]) -> None:
        self.made, self.rest = list[str](), rest

    def __getitem__(self, position: int) -> str:
        self.made += islice(self.rest, max(0, position + 1 - len(self.made)))
        return self.made[position]


def evaluate(
    program: Program,
    values: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    *,
    gradient: bool = True,
    assigned: bool = False,
) -> Evaluation:
    """Run the forward and, for a gradient, the backward pass, one for each output.

    `values` has every variable of the program, a vector as a list of its length; it may have more. `wrt` are the names
    to differentiate by, by default all: UnknownVariable where one is not a variable, or, with `assigned`, a name that
    the program assigns.
    """
    inputs = {name: values[name] for name in program.inputs}
    numbers = [number for value in inputs.values() for number in (value if isinstance(value, list) else [value])]
    program, wanted = asking(program, wrt, assigned=assigned) if gradient else (program, ())
    graph = program.graph
    found = forward(graph, dict(zip((variable.name for variable in graph.inputs), numbers, strict=True)))
    adjoints = [backward(graph, found, output) for output in graph.outputs] if gradient else None
    return Evaluation(program, inputs, found, adjoints, wanted)


def asking(program: Program, wrt: Sequence[str] | None, *, assigned: bool) -> tuple[Program, tuple[str, ...]]:
    """The names to differentiate by, as `evaluate` takes them, and the program with their nodes in its graph."""
    wanted = selected(program, wrt, assigned)
    if by := [node for name in wanted if name in program.assigned for node in scalars(program.assigned[name])]:
        program = replace(program, also=by)  # the output may depend on none of them
    return program, wanted


def unevaluated(program: Program) -> Evaluation:
    """A bare graph, to be drawn without numbers."""
    return Evaluation(program, {}, [], None, ())
