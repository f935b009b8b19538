"""Decides on balls whether a formula is the derivative of a program. Decimals in it mean what is written."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, product
from math import isfinite
from random import Random
from typing import Any

from autodiff.engine.arithmetic.balls import BALLS, FUNCTIONS, MOST_BITS, arb_of, exact
from autodiff.engine.arithmetic.special import precision
from autodiff.engine.graph import Constant, Graph
from autodiff.engine.passes import backward, evaluate, forward
from autodiff.engine.study.differences import not_differentiable
from autodiff.engine.study.kinks import gates_at_kinks
from autodiff.engine.study.slopes import BITS, doubles, outputs, same, sides
from autodiff.engine.study.verdicts import Comparison, Formula, Outcome

Point = dict[str, float]

_FIRST_BITS = 400
_EQUAL, _ALMOST, _NOTHING = 2.0**-200, 1e-9, 2.0**-1074  # relative, relative, absolute
_SIMPLEST = (1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 0.0, 10.0, -0.5, 0.1, -3.0, 5.0)
_SIMPLE_POINTS, _RANDOM_POINTS, _TAIL_POINTS, _MOST_THRESHOLDS = 60, 60, 80, 8


def compare(graph: Graph, formula: Formula, point: Point) -> Comparison:
    """A formula beside the derivatives of the one output of a graph: the first that is not equal, or the last."""
    values = forward(graph, point)
    if gates_at_kinks(graph, values, [graph.position[variable] for variable in formula.wrt]):
        return _at_kink(graph, formula, point)
    bits, found = _FIRST_BITS, Comparison(Outcome.UNDECIDED)
    while found.outcome is Outcome.UNDECIDED and bits <= MOST_BITS:
        with precision(bits):
            found = _on_balls(graph, formula, point)
        bits *= 2
        if found.outcome is Outcome.UNDECIDED and not _finite_in_doubles(graph, formula, point, values):
            bits *= 4  # at a pole no precision helps, and where a double overflows much does
    if found.outcome is Outcome.UNDECIDED:
        return _without_balls(graph, formula, point, found)
    return found


def _without_balls(graph: Graph, formula: Formula, point: Point, found: Comparison) -> Comparison:
    """The reason why nothing can be compared, by the values in doubles, which have infinities."""
    values, theirs = forward(graph, point), forward(formula.graph, point)
    adjoints = backward(graph, values, graph.outputs[0])
    value = values[graph.position[graph.outputs[0]]]
    if not isfinite(value):
        return Comparison(Outcome.OUTSIDE, why=f"the value is {value:g} here")
    for node, variable in zip(formula.graph.outputs, formula.wrt):
        yours, ours = theirs[formula.graph.position[node]], adjoints[graph.position[variable]] or 0.0
        if not isfinite(ours):
            return Comparison(Outcome.OUTSIDE, yours, ours, f"the derivative is {ours:g} here")
        if not isfinite(yours):
            return Comparison(Outcome.NOT_FINITE, yours, ours)
    return found


def _finite_in_doubles(graph: Graph, formula: Formula, point: Point, values: list[float]) -> bool:
    adjoints = backward(graph, values, graph.outputs[0])
    theirs = forward(formula.graph, point)
    numbers = [values[graph.position[graph.outputs[0]]], *(adjoints[graph.position[v]] or 0.0 for v in formula.wrt)]
    return all(map(isfinite, [*numbers, *(theirs[formula.graph.position[node]] for node in formula.graph.outputs)]))


def _on_balls(graph: Graph, formula: Formula, point: Point) -> Comparison:
    at = doubles(point)
    values = evaluate(graph, at, FUNCTIONS, exact)
    adjoints = backward(graph, values, graph.outputs[0], BALLS)
    theirs = evaluate(formula.graph, at, FUNCTIONS, exact)
    least = Comparison(Outcome.EQUAL)
    if not arb_of(values[graph.position[graph.outputs[0]]]).is_finite():
        return Comparison(Outcome.UNDECIDED, 0.0, float("nan"))
    for node, variable in zip(formula.graph.outputs, formula.wrt):
        yours = arb_of(theirs[formula.graph.position[node]])
        ours = arb_of(adjoints[graph.position[variable]] or 0.0)
        found = Comparison(_outcome(yours, ours), float(yours), float(ours))
        if found.outcome not in (Outcome.EQUAL, Outcome.ALMOST):
            return found
        least = found if least.outcome is Outcome.EQUAL else least
    return least


def _outcome(yours: Any, ours: Any) -> Outcome:
    apart, size = abs(yours - ours), abs(yours).max(abs(ours))
    if apart <= size * _EQUAL or apart <= _NOTHING:
        return Outcome.EQUAL
    if apart > size * _ALMOST:
        return Outcome.OTHER
    return Outcome.ALMOST if apart > 0 and apart < size * _ALMOST else Outcome.UNDECIDED


def _at_kink(graph: Graph, formula: Formula, point: Point) -> Comparison:
    """Compare at a kink, by what the function does on both sides and not by a convention."""
    theirs = forward(formula.graph, point)
    found = Comparison(Outcome.EQUAL)
    with precision(BITS):
        at = doubles(point)
        for node, variable in zip(formula.graph.outputs, formula.wrt):
            yours = theirs[formula.graph.position[node]]
            along = partial(_along, graph, at, variable.name)
            ((left, right),) = sides(along, point[variable.name])
            if why := not_differentiable(left, right):
                values = forward(graph, point)
                ours = backward(graph, values, graph.outputs[0])[graph.position[variable]] or 0.0
                return Comparison(Outcome.EQUAL if yours == ours else Outcome.OUTSIDE, yours, ours, why)
            if not same(arb_of(yours), right.slope) and not abs(yours - float(right.slope)) <= 1e-9 * abs(yours):
                outcome = Outcome.OTHER if isfinite(yours) else Outcome.NOT_FINITE
                return Comparison(outcome, yours, float(right.slope))
            found = Comparison(Outcome.EQUAL, yours, float(right.slope))
    return found


def _along(graph: Graph, point: Mapping[str, Any], name: str, x: Any) -> list[Any]:
    return outputs(graph, {**point, name: x})


# --- Points -----------------------------------------------------------------------------------------------------------


def points(names: Sequence[str], graphs: Sequence[Graph]) -> Iterator[Point]:
    """Simple points, the simplest first, then random ones, thresholds of comparisons, and the tails."""
    # By the sum of ranks, so that all coordinates of the first points are simple; beyond three names they repeat.
    ranks = sorted(islice(product(range(len(_SIMPLEST)), repeat=min(len(names), 3)), 2000), key=sum)
    for rank in ranks[:_SIMPLE_POINTS]:
        yield {name: _SIMPLEST[rank[i % len(rank)]] for i, name in enumerate(names)}
    # Always the same seed, so that the same command checks the same points.
    dice = Random(0)
    for i in range(_RANDOM_POINTS):
        # Short decimals, since a counterexample is typed again; every other point is positive, where logarithms and
        # roots are defined.
        numbers = [float(f"{dice.uniform(-3, 3) * 10 ** dice.uniform(-1, 1):.3g}") for _ in names]
        yield dict(zip(names, map(abs, numbers) if i % 2 else numbers))
    for threshold in _thresholds(graphs):
        for name in names:
            for x in (threshold, threshold - 1e-3 * abs(threshold or 1), threshold + 1e-3 * abs(threshold or 1)):
                yield {**{other: _SIMPLEST[dice.randrange(6)] for other in names}, name: x}
    for i in range(_TAIL_POINTS):
        numbers = [_in_a_tail(dice) if dice.random() < 0.7 else dice.uniform(0.1, 3) for _ in names]
        yield dict(zip(names, map(abs, numbers) if i % 2 else numbers))


def _in_a_tail(dice: Random) -> float:
    x = 10 ** dice.uniform(-6, 6) * dice.choice((-1, 1))
    return float(round(x)) if dice.random() < 0.3 else float(f"{x:.3g}")


def _thresholds(graphs: Sequence[Graph]) -> list[float]:
    """The numbers that comparisons compare with."""
    found = [
        operand.number
        for graph in graphs
        for node in graph.nodes
        if node.operation is not None and node.operation.is_truth
        for operand in node.operands
        if isinstance(operand, Constant) and isfinite(operand.number)
    ]
    return list(dict.fromkeys(found))[:_MOST_THRESHOLDS]
