"""Both passes step by step, as one writes them on a board: what each gate computes and what flows back through it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import nan

from autodiff.engine.graph import Constant, Graph, Input, Node, topological_order
from autodiff.engine.passes import forward, local_derivatives
from autodiff.engine.symbolic.algebra import Algebra, Flow

DISTRIBUTES, SWITCHES, ROUTES, SCALES = "distributes", "switches", "routes", "scales"
"""What a gate does with the gradient: hands it on to every operand, times the other operand, to the operand that was
chosen, or times a number of its own."""


@dataclass(frozen=True)
class Stage:
    """A gate of the forward pass: its position, and its operation on the names of its operands."""

    position: int
    formula: Node


@dataclass(frozen=True)
class Step:
    """What flows back from a gate to one of its operands: the gate's adjoint times the local derivative."""

    gate: int
    operand: int
    formula: Node | None
    """The local derivative, in the names of operands and result; None where nothing flows. What a choice in it took at
    these values stands for the choice."""
    local: float
    flow: float
    total: float
    """The operand's adjoint so far."""
    adds: bool
    """Whether there was a step to the operand before."""
    deed: str


def stages(graph: Graph, names: Sequence[str]) -> list[Stage]:
    """The forward pass: one stage an operation."""
    return [
        Stage(i, Node(node.operation, tuple(_named(graph, names, j) for j in graph.operands[i])))
        for i, node in enumerate(graph.nodes)
        if node.operation is not None
    ]


def steps(
    graph: Graph, values: Sequence[float], output: Node, names: Sequence[str], wanted: Collection[int]
) -> list[Step]:
    """The backward pass from an output: a step for every wanted operand of every gate that a gradient reaches."""
    totals: list[float | None] = [None] * len(values)
    totals[graph.position[output]] = 1.0
    found: list[Step] = []
    reached: set[int] = set()
    point = dict(zip(names, values, strict=True))
    for i in range(graph.position[output], -1, -1):
        adjoint, operation, operands = totals[i], graph.nodes[i].operation, graph.operands[i]
        if adjoint is None or operation is None:
            continue
        formulas, deed = gate_formulas(graph, names, i)
        for j, local, formula in zip(operands, local_derivatives(graph, values, i), formulas):
            if j not in wanted or isinstance(graph.nodes[j], Constant):
                continue
            before, adds = totals[j], j in reached
            reached.add(j)
            if local is None or formula is None:
                found.append(Step(i, j, None, nan, 0.0, before or 0.0, adds, deed))
                continue
            flow = adjoint * local
            totals[j] = total = flow if before is None else before + flow
            found.append(Step(i, j, taken(formula, point), local, flow, total, adds, deed))
    return found


def evaluated(formula: Node, point: Mapping[str, float]) -> dict[Node, float]:
    """The values of all nodes of a formula."""
    inputs = [node for node in topological_order([formula]) if isinstance(node, Input)]
    graph = Graph([formula], inputs)
    return dict(zip(graph.nodes, forward(graph, point), strict=True))


def taken(formula: Node, point: Mapping[str, float]) -> Node:
    """The formula without its choices: what each of them took at a point."""
    values, new = evaluated(formula, point), dict[Node, Node]()
    for node in topological_order([formula]):
        operands = tuple(new[operand] for operand in node.operands)
        if node.operation and node.operation.chooses:
            new[node] = operands[1] if values[node.operands[0]] else operands[2]
        else:
            new[node] = node if operands == node.operands else Node(node.operation, operands)
    return new[formula]


def _named(graph: Graph, names: Sequence[str], i: int) -> Node:
    node = graph.nodes[i]
    return Constant(node.number, written=node.written) if isinstance(node, Constant) else Input(names[i])


def gate_formulas(graph: Graph, names: Sequence[str], i: int) -> tuple[list[Node | None], str]:
    """The local derivatives of a gate in the names around it, and what it does with the gradient."""
    operation, m = graph.nodes[i].operation, Algebra()
    assert operation is not None
    operands = [_named(graph, names, j) for j in graph.operands[i]]
    symbols = [m.constant(node) if isinstance(node, Constant) else m.leaf(node) for node in operands]
    result = m.atom(operation.name, tuple(symbols))
    derivatives = m.local(operation, result, *symbols)
    inner = [each.derivative if isinstance(each, Flow) else each for each in derivatives]
    if any(isinstance(each, Flow) for each in derivatives):
        deed = ROUTES
    elif all(each is None or m.known(each) for each in inner):
        deed = DISTRIBUTES if len(operands) > 1 else SCALES
    else:
        deed = SWITCHES if len(symbols) == 2 and list(inner) == symbols[::-1] else SCALES
    stage = {m.node(result): Input(names[i])}
    return [None if each is None else _with_stage(m.node(each), stage) for each in inner], deed


def _with_stage(root: Node, stage: Mapping[Node, Node]) -> Node:
    """The same formula with the name of the gate's result in its place."""
    new = dict(stage)
    for node in topological_order([root], stage):
        operands = tuple(new.get(operand, operand) for operand in node.operands)
        new[node] = node if operands == node.operands else Node(node.operation, operands)
    return new[root]
