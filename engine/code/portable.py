"""The steps of code for other languages, whose arithmetic is IEEE's and raises nothing: value, Jacobian and Hessian."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

from autodiff.engine.arithmetic.duals import Dual, Duals, Tangents, number, tangents
from autodiff.engine.code import helpers
from autodiff.engine.code.steps import Lowering, Operand, Term
from autodiff.engine.derivatives import adjoint_flows, guarded
from autodiff.engine.graph import Graph
from autodiff.engine.passes import evaluate
from autodiff.engine.symbolic.algebra import Flow
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS


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

    def sum(self, *operands: Operand) -> Operand:
        total, lost = operands[0], list[Operand]()
        for x in operands[1:]:
            if type(total) is float and type(x) is float:
                lost.append(helpers.lost_in_sum(total, x))
            else:
                lost.append(self.apply("lost_in_sum", total, x))
            total = total + x
        return total + reduce(add, lost) if len(lost) > 1 else total

    def inside(self, result: Operand, derivative: Operand) -> Operand:
        return self.where(self.eq(result, result), derivative, math.nan)


class DualLowering(Duals):
    """Steps with their derivatives by some directions: run on them, the backward pass makes second derivatives."""

    base: PortableLowering

    def times(self, derivative: Any, tangent: Any) -> Any:
        # A tangent is 0 where a gate has not chosen the operand, whatever the local derivative is there.
        if isinstance(derivative, Flow):
            return self.base.where(derivative.condition, derivative.derivative * tangent, 0.0)
        return derivative * tangent

    def when(self, taken: Any, derivative: Any) -> Any:
        flow = self.base.when(number(taken), 1.0)
        return flow._replace(derivative=derivative) if isinstance(flow, Flow) else flow and derivative

    def route(self, result: Dual, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        return self.base.route(result.number, tuple(map(number, operands)))

    def known(self, x: Any) -> bool:
        return not isinstance(number(x), Term)

    def local(self, operation: Operation, result: Any, *operands: Any) -> tuple[Any, ...]:
        return operation.local(self, result, *operands)

    def apply(self, name: str, *conditions: Operand) -> Operand:
        return self.base.apply(name, *conditions)

    def hessian(self, graph: Graph, values: Sequence[Operand], wrt: Sequence[int]) -> list[list[Operand]]:
        """The second derivatives of the first output, given the values of the inputs."""
        directions: dict[int, Tangents] = {i: {k: 1.0} for k, i in enumerate(wrt)}
        point = {x.name: Dual(values[i], directions.get(i, {})) for i, x in enumerate(graph.inputs)}
        duals = evaluate(graph, point, self.functions, lambda constant: Dual(constant.number, {}))
        flows = adjoint_flows(graph, duals, self, set(wrt))
        rows = [tangents(guarded(self, flows[i])) for i in wrt]
        # The matrix is symmetric: what is computed for one half stands in the other as well.
        size = range(len(wrt))
        return [[rows[max(i, j)].get(min(i, j), 0.0) for j in size] for i in size]


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
    hessian: list[list[Operand]] = field(default_factory=list)
    backward: int = 0
    """How many of the terms are made for values and first derivatives."""
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
        # Where nothing is added to an adjoint it is the term of another node's, which then gives the name.
        terms = {flow.derivative: i for i, flow in enumerate(flows) if flow and type(flow.derivative) is Term}
        found.adjoints.append(terms)
    found.backward = len(m.terms)
    if order > 1:
        found.hessian = DualLowering(m, OPERATIONS).hessian(graph, values, wrt)
    return found
