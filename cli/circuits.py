"""Circuit pictures: gates as circles, and on every wire the value above and the gradient below it."""

from html import escape

import graphviz

from ..engine.graph import Constant, Input
from .answer import Answer
from .drawing import Drawing, Gate
from .numbers import rounded
from .request import Request

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
    if not request.collapse:  # there each stands before its layer
        with dot.subgraph() as left:
            left.attr(rank="min")
            for i in drawing.nodes:
                if isinstance(answer.program.graph.nodes[i], Input):
                    left.node(f"o{i}")
    for i in drawing.nodes:
        node = answer.program.graph.nodes[i]
        name = {"label": graphviz.escape(answer.program.title(node, 24)), "shape": "plaintext"}
        if isinstance(node, Constant):
            dot.node(f"n{i}", fontcolor=GREY, height="0.2", width="0.2", **name)
            continue
        dot.node(f"n{i}", label=_wire(answer, i), shape="plain")
        dot.edge(f"o{i}:e", f"n{i}:w", weight="4")
        if i not in drawing.gates:
            dot.node(f"o{i}", height="0.2", width="0.2", **name)
            continue
        gate = drawing.gates[i]
        shape = {"shape": "circle" if len(gate.name) < 4 else "ellipse", "width": "0.35", "height": "0.35"}
        tooltip = graphviz.escape(answer.program.title(node))
        dot.node(f"o{i}", label=label_of(gate), tooltip=tooltip, margin="0.03", **shape)
        for j, flows, derivative in zip(gate.operands, drawing.flows(i), gate.locals, strict=True):
            label = ""
            if request.local and answer.values and not isinstance(answer.program.graph.nodes[j], Constant):
                label = "" if derivative is None else f"× {rounded(derivative, _DIGITS)}"
            dot.edge(f"n{j}:e", f"o{i}", label=label, **({} if flows else STOPPED))
    return dot


def name_of(gate: Gate) -> str:
    """The name of a gate as HTML, and below it what a fused gate stands for."""
    written = f'<BR/><FONT POINT-SIZE="9" COLOR="{GREY}">{escape(gate.written)}</FONT>' if gate.written else ""
    return escape(gate.name) + written


def label_of(gate: Gate) -> str:
    """The same as the label of an oval."""
    return f"<{name_of(gate)}>" if gate.written else str(graphviz.escape(gate.name))


def _wire(answer: Answer, i: int) -> str:
    """A piece of wire: the value in green above, the gradient in red below; the user's name beside the value."""
    node = answer.program.graph.nodes[i]
    above = below = " "
    if answer.values:
        above = rounded(answer.values[i], _DIGITS)
    if answer.adjoints is not None:
        below = ", ".join(rounded(d, _DIGITS) for d in answer.derivatives(i))
    name = f'<FONT COLOR="{GREY}">{escape(node.label)} </FONT>' if node.operation and node.label else ""
    return (
        f'<<TABLE COLOR="{GREY}" BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        f'<TR><TD HEIGHT="18">{name}<FONT COLOR="{GREEN}">{above}</FONT></TD></TR><HR/>'
        f'<TR><TD HEIGHT="18"><FONT COLOR="{RED}">{below}</FONT></TD></TR></TABLE>>'
    )
