"""The steps of code for other languages, whose arithmetic is IEEE's and raises nothing: value, Jacobian and Hessian."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

from autodiff.engine.code.steps import Lowering, Operand, Term
from autodiff.engine.derivatives import adjoint_flows, guarded
from autodiff.engine.graph import Graph


class PortableLowering(Lowering):
    """Steps that are operators, or functions of one or two numbers."""

    def scale(self, *operands: Operand) -> Operand:
        plain = super().scale(*operands)
        return plain if type(plain) is not Term else self.apply("scale", self.greatest(operands))

    def greatest(self, operands: Sequence[Operand]) -> Operand:
        """The greatest absolute value, apart from nan."""

        def greater(x: Operand, y: Operand) -> Operand:
            return self.where(self.apply("or", y > x, self.negation(self.eq(x, x))), y, x)

        return reduce(greater, map(self.abs, operands))

    def norm(self, *operands: Operand) -> Operand:
        # Of many numbers hypot, one after the other, would add up its rounding.
        if len(operands) < 3:
            return self.hypot(*operands) if len(operands) == 2 else self.abs(*operands)
        greatest = self.greatest(operands)
        s = self.apply("scale", greatest)
        scaled = [x * s for x in operands]
        length = self.div(self.sqrt(reduce(add, [x * x for x in scaled])), s)
        return self.where(self.eq(greatest, math.inf), math.inf, length)

    def inside(self, result: Operand, derivative: Operand) -> Operand:
        return self.where(self.eq(result, result), derivative, math.nan)


@dataclass
class Lowered:
    """The steps of a graph and of its derivatives."""

    inputs: list[Term]
    terms: list[Term]
    values: list[Operand]
    """The value of every node of the graph."""
    forward: int
    """How many of the terms are made for values."""
    outputs: list[Operand]
    jacobian: list[list[Operand]] = field(default_factory=list)
    """A row for each output, of its derivatives by `wrt`."""
    adjoints: list[dict[Term, int]] = field(default_factory=list)
    """For each output the terms that are adjoints, and of which nodes."""


def lower(graph: Graph, wrt: Sequence[int], order: int, given: Mapping[str, float]) -> Lowered:
    """The steps of the outputs of a graph, and of their derivatives up to an order by the inputs at some positions.

    Inputs that are given a value are numbers.
    """
    m = PortableLowering()
    values = m.values(graph, given)
    inputs = [x for x in values[: len(graph.inputs)] if type(x) is Term]
    outputs = [values[graph.position[output]] for output in graph.outputs]
    found = Lowered(inputs, m.terms, values, len(m.terms), outputs)
    for output in graph.outputs if order else ():
        flows = adjoint_flows(graph, values, m, set(wrt), graph.position[output])
        found.jacobian.append([guarded(m, flows[i]) for i in wrt])
        terms = {flow.derivative: i for i, flow in enumerate(flows) if flow and type(flow.derivative) is Term}
        found.adjoints.append(terms)
    return found
