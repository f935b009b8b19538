"""Queries: the outputs of a program, and their derivatives, for every row."""

import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count

from autodiff.engine.graph import Graph
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.reading import Number, Reading, selected
from autodiff.grammar.errors import NeedsVector
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars
from autodiff.rows.batch import Batch, Floats
from autodiff.rows.formats.base import Reader


@dataclass(frozen=True)
class Query:
    """A program as it was written, with the values that hold for all rows, and the derivatives wanted."""

    reading: Reading
    wrt: Sequence[str] | None = None
    """The names to differentiate by; None for all."""
    gradient: bool = False

    def bound_to(self, rows: Reader) -> "BoundQuery":
        """The query for these rows, whose columns tell how long the vectors are that have no value."""
        lengths = _vectors(rows.names)
        values = self.reading.values
        try:
            bound = self.with_lengths(lengths)
        except NeedsVector as error:
            missing = [name for name in error.inputs if name not in values and name not in lengths]
            if missing and missing[0] in rows.names:
                first = missing[0]
                hint = f"in rows the elements of a vector are columns of their own: {first}[0], {first}[1], ..."
                raise WrongRequest(error.message, hint, place=(error.text, error.span)) from None
            if missing:
                hint = f"'{missing[0]}' is a vector here; or give {missing[0]}=[1, 2, 3]"
                raise rows.without(f"{missing[0]}[0]", hint) from None
            raise
        found = set(rows.names)
        for name in bound.program.inputs:
            end = lengths.get(name, 0)
            if name not in values and name not in found and any(_index(name, each) > end for each in found):
                hint = f"the elements of a vector are counted from 0, without a gap; or give {name}=[1, 2, 3]"
                raise rows.without(f"{name}[{end}]", hint)
        return bound

    def with_lengths(self, lengths: Mapping[str, int]) -> "BoundQuery":
        """The query where variables without a value are vectors of those lengths."""
        program = self.reading.program_with(lengths) if lengths else self.reading.program
        wrt = selected(program, self.wrt) if self.gradient else ()
        return BoundQuery(program, self.reading.values, wrt, self, lengths)


@dataclass(frozen=True)
class BoundQuery:
    """A query that knows which columns it needs."""

    program: Program
    values: Mapping[str, Number]
    wrt: Sequence[str]
    """The names of the variables, and elements of them, to differentiate by."""
    query: Query | None = None
    lengths: Mapping[str, int] = field(default_factory=dict)
    """The query that it was made from."""

    def __reduce__(self) -> tuple[Callable[[bytes], "BoundQuery"], tuple[bytes]]:
        """To another process the text goes with the values, not the graph: it is read once there."""
        assert self.query is not None
        values = {name: self.values[name] for name in self.program.inputs if name in self.values}
        reading = replace(self.query.reading, values=values, given=())
        return _read_again, (pickle.dumps((replace(self.query, reading=reading), self.lengths)),)

    @cached_property
    def by(self) -> list[str]:
        """The names to differentiate by, with every vector as its elements."""
        return [each for name in self.wrt for each in self.elements.get(name, [name])]

    @cached_property
    def free(self) -> list[str]:
        """The names of the columns that are needed: variables without a value, and elements of such."""
        return [each for name, elements in self.elements.items() if name not in self.values for each in elements]

    @cached_property
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

    def numbers(self, batch: Batch) -> "dict[str, Floats | float]":
        """The numbers of every input, by its name: a column of the rows, or the value that holds for all."""
        return {**self._fixed, **dict(zip(self.free, batch.numbers))}

    @cached_property
    def _fixed(self) -> dict[str, float]:
        fixed: dict[str, float] = {}
        for name, value in self.values.items():
            fixed.update(zip(self.elements.get(name, ()), value if isinstance(value, list) else [value]))
        return fixed

    @cached_property
    def elements(self) -> dict[str, list[str]]:
        """The names of the inputs that each variable is made of."""
        return {name: [node.label or "" for node in scalars(value)] for name, value in self.program.inputs.items()}

    @cached_property
    def compute(self) -> Callable[[Batch], list[Floats]]:
        """A function from rows to the columns of their answers."""
        import numpy as np

        from autodiff.engine.code.compiled import compile_graph

        inputs = self.program.graph.inputs
        position = {variable.name: i for i, variable in enumerate(inputs)}
        wrt = [position[name] for name in self.by]
        functions = [compile_graph(Graph([output], inputs), wrt) for output in self.program.graph.outputs]

        def columns(batch: Batch) -> list[Floats]:
            if not batch.count:
                return [np.empty(0)] * len(functions) * (1 + len(wrt))
            numbers = self.numbers(batch)
            operands = [numbers[variable.name] for variable in inputs]
            answers = []
            for function in functions:
                value, derivatives = function(*operands)
                answers += [value, *(derivative + 0.0 for derivative in derivatives)]  # `0`, not `-0`, as scalars have
            return [np.broadcast_to(column, (batch.count,)) for column in answers]

        return columns


@lru_cache(4)
def _read_again(pickled: bytes) -> BoundQuery:
    """Bind a query once for all parts that a process answers."""
    query, lengths = pickle.loads(pickled)
    bound: BoundQuery = query.with_lengths(lengths)
    return bound


def _vectors(columns: Sequence[str]) -> dict[str, int]:
    """How long the vectors are whose elements are columns: `w[0]`, `w[1]` and so on."""
    found = set(columns)
    names = [column.removesuffix("[0]") for column in columns if column.endswith("[0]")]
    return {name: next(i for i in count() if f"{name}[{i}]" not in found) for name in names if name not in found}


def _index(name: str, column: str) -> int:
    """The index of the element that a column is of a vector; -1 where it is not an element."""
    index = column.removeprefix(f"{name}[").removesuffix("]")
    return int(index) if index.isdecimal() and column == f"{name}[{int(index)}]" else -1
