"""Many points at once: which of them sit at a kink. `kinks.py` says of one point what the kink is."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from autodiff.engine.arithmetic.arrays import Array
from autodiff.engine.code.compiled import compile_graph
from autodiff.engine.graph import Constant, Graph, Input, Node, dependent
from autodiff.engine.study.kinks import SMOOTH, VALUE_STEPS
from autodiff.engine.table.operation import Operation

_ROWS = 1 << 12  # at once: the values of all nodes are held for so many


class RowKinks:
    """The gates of a graph that have kinks, and the rows at which one of them sits at one."""

    def __init__(self, graph: Graph, asked: Sequence[int]) -> None:
        """`asked` are the positions of the inputs to differentiate by."""
        self.graph, self.varies = graph, dependent(graph, asked)
        nodes = graph.nodes
        self.gates = [i for i in sorted(self.varies) if (gate := nodes[i].operation) is not None and gate.kinks]

    def at(self, inputs: Sequence[Array]) -> "np.typing.NDArray[np.bool_]":
        """For each row, given by the values of all inputs, whether one of the gates is at a kink there."""
        rows = np.broadcast_shapes(*[np.shape(x) for x in inputs])
        found = np.zeros(rows, bool)
        for start in range(0, found.size if self.gates else 0, _ROWS):
            here = slice(start, start + _ROWS)
            values = self._values([x[here] if np.shape(x) else x for x in inputs])
            for i in self.gates:
                found[here] |= self._at_kink(values, i)
        return found

    def _values(self, inputs: Sequence[Any]) -> list[Any]:
        values = list(inputs)
        for node, operands in zip(self.graph.nodes[len(values) :], self.graph.operands[len(values) :]):
            if isinstance(node, Constant):
                values.append(node.number)
            else:
                assert node.operation is not None
                values.append(_gate(node.operation, len(operands))(*[values[j] for j in operands])[0])
        return values

    def _at_kink(self, values: Sequence[Any], i: int) -> Any:
        operation, places = self.graph.nodes[i].operation, self.graph.operands[i]
        assert operation is not None
        gate, operands, value = _gate(operation, len(places)), [values[j] for j in places], values[i]
        found = np.zeros(np.shape(value), bool)
        with np.errstate(all="ignore"):
            finite = np.logical_and.reduce([np.isfinite(x) for x in np.broadcast_arrays(value, *operands)])
            for number, j in enumerate(places):
                if j in self.varies:
                    steps, only_here = _steps(gate, operands, number, value)
                    steps &= operands[number] == value if operation.variadic else True
                    found |= (steps & finite) | (only_here & np.isfinite(operands[number]) & np.isfinite(value))
        return found


def _steps(gate: Any, operands: Sequence[Any], number: int, value: Any) -> tuple[Any, Any]:
    """Where the value of a gate, or its derivative, by one of its operands makes a step; where it makes two."""
    x = np.asarray(operands[number])

    def moved(steps: int) -> tuple[Any, Any]:
        to = x
        for _ in range(abs(steps)):
            to = np.nextafter(to, np.inf if steps > 0 else -np.inf)
        there, derivatives = gate(*operands[:number], to, *operands[number + 1 :])
        return derivatives[number], there

    (left, below), (here, _), (right, above) = moved(-1), moved(0), moved(1)
    step = VALUE_STEPS * (np.nextafter(x, np.inf) - x) * (1 + np.abs(left) + np.abs(right))
    jumps = np.abs(above - below) > step
    only_here = np.minimum(np.abs(below - value), np.abs(above - value)) > step
    jump = np.abs(right - left)
    kink = (jump > SMOOTH * np.maximum(np.abs(left), np.abs(right))) & ~np.isnan(here)
    if kink.any():
        kink &= np.abs(moved(4)[0] - moved(-4)[0]) < 2 * jump
    return jumps | kink, only_here


@cache
def _gate(operation: Operation, operands: int) -> Any:
    """A function from the operands of a gate to its value and its local derivatives, where nothing flows 0."""
    inputs = [Input(f"x{i}") for i in range(operands)]
    return compile_graph(Graph([Node(operation, tuple(inputs))], inputs), range(operands))
