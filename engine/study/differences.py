"""Decides by one-sided slopes on balls whether derivatives are right."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite, log10
from typing import Any

from autodiff.engine.arithmetic.balls import BALLS, FUNCTIONS, Ball, arb_of, number
from autodiff.engine.arithmetic.special import precision
from autodiff.engine.graph import Graph, Input
from autodiff.engine.passes import backward, evaluate
from autodiff.engine.study.slopes import BITS, Behaviour, Side, doubles, outputs, same, sides
from autodiff.engine.study.verdicts import Finding, Verdict

_DIGITS = 16  # of a double
_LOSS = 1e-8  # more than half of them
_LEAST = 5e-324


def findings(
    graph: Graph, point: Mapping[str, float], wrt: Sequence[Input], gradients: Sequence[Sequence[float]]
) -> list[list[Finding]]:
    """Judge the derivatives that doubles gave: a finding for each output and each input."""
    with precision(BITS):
        at = doubles(point)
        values = evaluate(graph, at, FUNCTIONS, lambda constant: number(constant.number))
        here = [arb_of(values[graph.position[output]]) for output in graph.outputs]
        exact = [backward(graph, values, output, BALLS) for output in graph.outputs]
        found: list[list[Finding]] = [[] for _ in graph.outputs]
        for j, variable in enumerate(wrt):
            x = point[variable.name]
            if not isfinite(x):
                for row in found:
                    row.append(Finding(Verdict.UNDECIDED, f"{variable.name} is {x}"))
                continue
            for k, (left, right) in enumerate(sides(partial(_along, graph, at, variable.name), x)):
                derivative = arb_of(exact[k][graph.position[variable]] or 0.0)
                found[k].append(_finding(here[k], left, right, derivative, gradients[k][j]))
    return found


def slopes(graph: Graph, point: Mapping[str, float], name: str) -> list[float | None]:
    """The derivative that each output has by an input, as its values tell it; None where it has none."""
    with precision(BITS):
        both = sides(partial(_along, graph, doubles(point), name), point[name])
        settled = (Behaviour.SETTLES, Behaviour.SETTLES)
        return [
            float(right.slope) or 0.0
            if (left.behaviour, right.behaviour) == settled and same(left.slope, right.slope)
            else None
            for left, right in both
        ]


def _along(graph: Graph, point: Mapping[str, Ball], name: str, x: Ball) -> list[Any]:
    return outputs(graph, {**point, name: x})


def _finding(here: Any, left: Side, right: Side, exact: Any, double: float) -> Finding:
    if not here.is_finite():
        return Finding(Verdict.NOT_DIFFERENTIABLE, value_is_not_finite=True)
    if (why := not_differentiable(left, right)) is not None:
        return Finding(Verdict.NOT_DIFFERENTIABLE, why)
    if Behaviour.TURNS in (left.behaviour, right.behaviour):
        return Finding(Verdict.UNDECIDED, "the slopes do not settle")
    slope, apart = float(right.slope) or 0.0, float(abs(left.slope - right.slope).upper())
    off = abs(double - slope) if double != slope else 0.0
    near = not off or (isfinite(double) and (off <= _LEAST or off <= _LOSS * max(abs(slope), abs(double))))
    if not (same(exact, right.slope) or (near and not exact.is_finite())):
        return Finding(Verdict.DISAGREE, slope=slope, apart=apart)
    return Finding(Verdict.AGREE, "" if near else _loss(slope, off), slope, apart)


def not_differentiable(left: Side, right: Side) -> str | None:
    """The reason why a derivative does not exist, where it is known."""
    behaviours = left.behaviour, right.behaviour
    if Behaviour.HAS_NO_VALUES in behaviours:
        return "the edge of the domain"
    if Behaviour.JUMPS in behaviours:
        return "a jump"
    if Behaviour.TURNS in behaviours:
        return None
    if behaviours == (Behaviour.GROWS, Behaviour.GROWS) and left.slope == right.slope:
        return "the slope is infinite"
    if not same(left.slope, right.slope):
        return f"{float(left.slope):.6g} from the left, {float(right.slope):.6g} from the right"
    return None


def _loss(slope: float, off: float) -> str:
    """How many digits of a right derivative rounding cost."""
    lost = _DIGITS if not isfinite(off) or not slope else min(_DIGITS, round(_DIGITS + log10(off / abs(slope))))
    return "rounding cost all digits" if lost >= _DIGITS else f"rounding cost {lost} of {_DIGITS} digits"
