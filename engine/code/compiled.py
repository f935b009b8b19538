"""Straight-line code made from a graph: value and gradient together, of floats or of arrays."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autodiff.engine.code import python
from autodiff.engine.graph import Graph
from autodiff.engine.passes import backward, forward


def compile_graph(graph: Graph, wrt: Sequence[int], threads: int = 1) -> Callable[..., Any]:
    """A function of the inputs, in their order, that gives the output and a tuple of its derivatives by some of them.

    `wrt` are their positions. Floats give floats. Where one operand is an array the others are broadcast to it, and all
    results are arrays; the rows are shared out to some threads.
    """
    arrays: list[Callable[..., Any]] = []

    def otherwise(*operands: Any) -> Any:
        if all(type(x) is float for x in operands):
            return careful(graph, wrt, operands)
        if all(isinstance(x, (float, int)) for x in operands):
            return floats(*map(float, operands))
        if not arrays:
            from autodiff.engine.code.numpy import compile_arrays  # which imports NumPy

            arrays.append(compile_arrays(graph, wrt, threads))
        return arrays[0](*operands)

    with uncollected():
        m = python.FloatLowering()
        inputs, outputs = m.lowered(graph, wrt)
        floats = python.load(python.source(inputs, outputs, m.terms), otherwise)
    return floats


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause Python's cyclic garbage collector: nothing here is cyclic, and its searches take more than linear time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def careful(graph: Graph, wrt: Sequence[int], operands: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
    """Value and derivatives by the passes over the graph, which never raise."""
    values = forward(graph, {variable.name: x for variable, x in zip(graph.inputs, operands, strict=True)})
    (output,) = graph.outputs
    adjoints = backward(graph, values, output)
    flows = [adjoints[i] for i in wrt]
    return values[graph.position[output]], tuple(0.0 if flow is None else flow for flow in flows)
