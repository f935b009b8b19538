"""What is asked of every row: the outputs of a program, and their derivatives."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from autodiff.engine.graph import Graph
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.reading import Number, Reading, selected
from autodiff.grammar.errors import NeedsVector
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars
from autodiff.rows.batch import Batch, Reader


@dataclass(frozen=True)
class Question:
    """A program, the values that hold for all rows, and the derivatives wanted."""

    program: Program
    values: Mapping[str, Number]
    asked: Sequence[str]
    """The names of the variables, and elements of them, that derivatives are wanted by."""

    @property
    def by(self) -> list[str]:
        """The same, with every vector as its elements."""
        return [each for name in self.asked for each in self._elements.get(name, [name])]

    @property
    def free(self) -> list[str]:
        """The names of the columns that are needed: variables without a value, and elements of such."""
        return [each for name, elements in self._elements.items() if name not in self.values for each in elements]

    @property
    def names(self) -> list[str]:
        """The names of the columns of the answer."""
        if not self.program.several:
            return ["value", *[f"d_{name}" for name in self.by]]
        names, uses = self.program.names(), Counter[str]()
        columns = []
        for output in self.program.graph.outputs:
            name = names[self.program.graph.position[output]]
            uses[name] += 1
            numbered = name if uses[name] == 1 else f"{name} ({uses[name]})"
            columns += [f"{kind}({numbered})" for kind in ["value", *[f"d_{each}" for each in self.by]]]
        return columns

    @property
    def _elements(self) -> dict[str, list[str]]:
        """The names of the inputs that each variable is made of."""
        return {name: [node.label or "" for node in scalars(value)] for name, value in self.program.inputs.items()}

    def compile(self) -> Callable[[Batch], list[Any]]:
        """A function from rows to the columns of their answers."""
        import numpy as np

        from autodiff.engine.code.compiled import compile_graph

        inputs = self.program.graph.inputs
        position = {variable.name: i for i, variable in enumerate(inputs)}
        wrt = [position[name] for name in self.by]
        functions = [compile_graph(Graph([output], inputs), wrt) for output in self.program.graph.outputs]
        free, elements = self.free, self._elements
        fixed: dict[str, float] = {}
        for name, value in self.values.items():
            fixed.update(zip(elements.get(name, ()), value if isinstance(value, list) else [value]))

        def columns(batch: Batch) -> list[Any]:
            if not batch.count:
                return [np.empty(0)] * len(functions) * (1 + len(wrt))
            numbers = {**fixed, **dict(zip(free, batch.numbers))}
            operands = [numbers[variable.name] for variable in inputs]
            answers = []
            for function in functions:
                value, derivatives = function(*operands)
                answers += [value, *(derivative + 0.0 for derivative in derivatives)]  # `0`, not `-0`, as scalars have
            return [np.broadcast_to(column, (batch.count,)) for column in answers]

        return columns


def question(reading: Reading, rows: Reader, wrt: Sequence[str] | None, gradient: bool) -> Question:
    """What is asked of these rows, whose columns tell how long the vectors are that have no value."""
    lengths = vectors(rows.names)
    try:
        program = reading.program_with(lengths) if lengths else reading.program
    except NeedsVector as error:
        missing = [name for name in error.inputs if name not in reading.values and name not in lengths]
        if missing and missing[0] in rows.names:
            hint = f"in rows the elements of a vector are columns of their own: {missing[0]}[0], {missing[0]}[1], ..."
            raise WrongRequest(error.message, hint, place=(error.text, error.span)) from None
        if missing:
            hint = f"'{missing[0]}' is a vector here; or give {missing[0]}=[1, 2, 3]"
            raise rows.without(f"{missing[0]}[0]", hint) from None
        raise
    found = set(rows.names)
    for name in program.inputs:
        if name not in reading.values and name not in found:
            end = lengths.get(name, 0)
            if any(_index(name, column) > end for column in rows.names):
                hint = f"the elements of a vector are counted from 0, without a gap; or give {name}=[1, 2, 3]"
                raise rows.without(f"{name}[{end}]", hint)
    return Question(program, reading.values, selected(program, wrt) if gradient else ())


def vectors(columns: Sequence[str]) -> dict[str, int]:
    """How long the vectors are whose elements are columns: `w[0]`, `w[1]` and so on."""
    found = set(columns)
    names = [column.removesuffix("[0]") for column in columns if column.endswith("[0]")]
    return {name: next(i for i in count() if f"{name}[{i}]" not in found) for name in names if name not in found}


def _index(name: str, column: str) -> int:
    """Which element of a vector a column is; -1 where it is none."""
    index = column.removeprefix(f"{name}[").removesuffix("]")
    return int(index) if index.isdecimal() and column == f"{name}[{int(index)}]" else -1
