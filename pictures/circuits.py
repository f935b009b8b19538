"""Circuit pictures: gates as circles, and on every wire the value above and the gradient below it."""

from html import escape

import graphviz

from autodiff.cli.request import Request
from autodiff.engine.graph import Constant, Input
from autodiff.evaluation.answer import Answer
from autodiff.evaluation.numbers import drawn
from autodiff.pictures.drawing import Drawing, Gate

GREEN, RED, GREY = "#1a7f37", "#cf222e", "#6e7781"

STOPPED = {"style": "dashed", "color": "#afb8c1"}
"""An edge along which nothing flows back, unlike one that carries a 0."""

_DIGITS = 3


def draw(drawing: Drawing, request: Request) -> graphviz.Digraph:
    """The picture as a DOT graph, with the local derivatives beside the gates where asked for."""
    answer = drawing.answer
    dot = graphviz.Digraph("autodiff")
    dot.attr(
        rankdir="LR", bgcolor="white", nodesep="0.15", ranksep="0.25", nslimit="2", ordering="in", fontname="Helvetica"
    )
    dot.attr("node", fontname="Helvetica", fontsize="13", margin="0", color="#24292f")
    dot.attr("edge", color=GREY, arrowhead="none", fontname="Helvetica", fontsize="9", fontcolor=GREY)
    nodes = answer.program.graph.nodes
    if not request.collapse:  # there each stands before its layer
        with dot.subgraph() as left:
            left.attr(rank="min")
            for i in drawing.nodes:
                if isinstance(nodes[i], Input):
                    left.node(f"n{i}")
    for i in drawing.nodes:
        dot.node(f"n{i}", label=_wire(answer, i), shape="plain")
        if i in drawing.gates:
            _draw_gate(dot, drawing, i, request)
    return dot


def _draw_gate(dot: graphviz.Digraph, drawing: Drawing, i: int, request: Request) -> None:
    """A circle with the wires of its operands from top to bottom in written order, and its own."""
    answer, gate, flows = drawing.answer, drawing.gates[i], drawing.flows(i)
    shape = {"shape": "circle" if len(gate.name) < 4 else "ellipse", "width": "0.35", "height": "0.35"}
    tooltip = graphviz.escape(answer.program.title(answer.program.graph.nodes[i]))
    dot.node(f"o{i}", label=label_of(gate), tooltip=tooltip, margin="0.03", **shape)
    corners = {1: [":w"], 2: [":nw", ":sw"], 3: [":nw", ":w", ":sw"]}.get(len(gate.operands))
    for k, j in enumerate(gate.operands):
        label, local = "", gate.locals[k]
        if request.local and answer.values and not isinstance(answer.program.graph.nodes[j], Constant):
            label = "" if local is None else f"× {drawn(local, _DIGITS)}"
        corner = corners[k] if corners else ""
        dot.edge(f"n{j}:e", f"o{i}{corner}", label=label, **({} if flows[k] else STOPPED))
    dot.edge(f"o{i}:e", f"n{i}:w", weight="4", **({} if drawing.reached(i) else STOPPED))


def name_of(gate: Gate) -> str:
    """The name of a gate as HTML, and below it what a fused gate stands for."""
    written = f'<BR/><FONT POINT-SIZE="9" COLOR="{GREY}">{escape(gate.written)}</FONT>' if gate.written else ""
    return escape(gate.name) + written


def label_of(gate: Gate) -> str:
    """The same as the label of an oval."""
    return f"<{name_of(gate)}>" if gate.written else str(graphviz.escape(gate.name))


def _wire(answer: Answer, i: int) -> str:
    """A piece of wire: the value in green above, the gradient in red below; a user's name before it or above it."""
    node = answer.program.graph.nodes[i]
    title = escape(answer.program.title(node, 24))
    if isinstance(node, Constant) and i not in answer.outputs:
        return f'<<FONT COLOR="{GREY}">{title}</FONT>>'
    above = below = " "
    if answer.values:
        above = drawn(answer.values[i], _DIGITS)
    if answer.adjoints is not None:
        below = ", ".join(drawn(d, _DIGITS) for d in answer.derivatives(i))
    name = f"{title} " if node.operation and node.label else ""
    if len(answer.outputs) > 1 and i in answer.outputs:
        name = f"{answer.outputs.index(i) + 1}: {name}"
    upper = f'<FONT COLOR="{GREY}">{name}</FONT>' * bool(name) + f'<FONT COLOR="{GREEN}">{above}</FONT>'
    before = "" if node.operation else f'<TD ROWSPAN="2" BORDER="0" CELLPADDING="4">{title}</TD>'
    number = 'HEIGHT="18" CELLPADDING="2" BORDER="1"'
    return (
        f'<<TABLE COLOR="{GREY}" BORDER="0" CELLBORDER="0" CELLSPACING="0">'
        f'<TR>{before}<TD {number} SIDES="B">{upper}</TD></TR>'
        f'<TR><TD {number} SIDES="T"><FONT COLOR="{RED}">{below}</FONT></TD></TR></TABLE>>'
    )
