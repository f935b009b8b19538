"""Why a number is not finite: the gate where that began, found behind a value or along the way of an adjoint."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan, nextafter

from autodiff.engine.graph import Graph
from autodiff.engine.passes import local_derivatives
from autodiff.engine.table.operations import FLOATS

Adjoints = Sequence[float | None]


@dataclass(frozen=True)
class Cause:
    """Where non-finite numbers began: the position of a gate or a leaf, and what about it is not finite."""

    position: int
    what: str
    """`value`; or of the backward pass `derivative`, by the operand, `product` of finite factors, `sum` over uses."""
    operand: int = -1
    local: float = 0.0
    adjoint: float = 0.0


def cause_of_value(graph: Graph, values: Sequence[float], position: int) -> Cause:
    """The earliest non-finite node behind a non-finite value; what was not chosen is not behind it."""
    behind, pending = set[int](), [position]
    while pending:
        i = pending.pop()
        if i in behind or isfinite(values[i]):
            continue
        behind.add(i)
        taken = [j for j, local in zip(graph.operands[i], local_derivatives(graph, values, i)) if local is not None]
        # Where nothing flows to any operand, each of them may be the cause.
        pending.extend(taken or graph.operands[i])
    # Positions are in topological order: everything behind the smallest is finite.
    return Cause(min(behind), "value")


def causes_of_adjoints(
    graph: Graph, values: Sequence[float], adjoints: Adjoints, positions: Iterable[int]
) -> dict[int, Cause]:
    """For each of some nodes with a non-finite adjoint the gate where that began."""
    users: dict[int, list[int]] = {}
    for i, operands in enumerate(graph.operands):
        for j in operands:
            users.setdefault(j, []).append(i)
    return {i: _cause_of_adjoint(graph, values, adjoints, users, i) for i in positions}


def _cause_of_adjoint(
    graph: Graph, values: Sequence[float], adjoints: Adjoints, users: dict[int, list[int]], position: int
) -> Cause:
    while True:
        contributions = [
            (isfinite(adjoint), user, local, adjoint)
            for user in users.get(position, ())
            if (adjoint := adjoints[user]) is not None
            for operand, local in zip(graph.operands[user], local_derivatives(graph, values, user))
            if operand == position and local is not None and not isfinite(adjoint * local)
        ]
        if not contributions:
            return Cause(position, "sum")
        # The greatest has a finite adjoint, if there is one: there it began, and the others only pass it on.
        began_here, user, local, adjoint = max(contributions)
        if began_here:
            break
        position = user
    if not isfinite(local):
        for i in (user, *graph.operands[user]):
            if not isfinite(values[i]):
                return cause_of_value(graph, values, i)
    return Cause(user, "product" if isfinite(local) else "derivative", position, local, adjoint)


def overflows(graph: Graph, values: Sequence[float], position: int) -> bool:
    """Whether an infinite value is too large a number, and no pole: then its neighbours are as large."""
    operation = graph.nodes[position].operation
    operands = [values[j] for j in graph.operands[position]]
    # 0 has no neighbour nearer to 0: a pole there would look like an overflow.
    if operation is None or 0.0 in operands:
        return False
    near = [nextafter(x, 0.0) for x in operands]
    value = getattr(FLOATS, operation.name)(*near)
    return not isnan(value) and abs(value) > 1e300
