"""Circuit pictures: gates as circles, and on every wire the value above and the gradient below it."""

from typing import TYPE_CHECKING

from autodiff.engine.graph import Constant, Input
from autodiff.pictures.dot import GREEN, GREY, INK, RED, STOPPED, html, label_of, tooltip
from autodiff.pictures.drawing import Drawing

if TYPE_CHECKING:
    from graphviz import Digraph

_DIGITS = 3
_LONGEST_LABEL = 24


def draw(drawing: Drawing) -> "Digraph":
    """The picture as a DOT graph, with the local derivatives beside the gates where asked for."""
    import graphviz

    dot = graphviz.Digraph("autodiff")
    dot.attr(
        rankdir="LR", bgcolor="white", nodesep="0.15", ranksep="0.25", nslimit="2", ordering="in", fontname="Helvetica"
    )
    dot.attr("node", fontname="Helvetica", fontsize="13", margin="0", color=INK)
    dot.attr("edge", color=GREY, arrowhead="none", fontname="Helvetica", fontsize="9", fontcolor=GREY)
    if not drawing.options.collapse:  # there each stands before its layer
        with dot.subgraph() as left:
            left.attr(rank="min")
            for i in drawing.nodes:
                if isinstance(drawing.graph.nodes[i], Input):
                    left.node(f"n{i}")
    for i in drawing.nodes:
        dot.node(f"n{i}", label=_wire(drawing, i), shape="plain", id=f"n{i}")
        if i in drawing.gates:
            _draw_gate(dot, drawing, i)
    return dot


def _draw_gate(dot: "Digraph", drawing: Drawing, i: int) -> None:
    """Draw a gate: a circle with the wires of its operands, top to bottom in written order, and its own wire."""
    gate, flows = drawing.gates[i], drawing.flows(i)
    local_shown = drawing.options.local and drawing.evaluation.values
    shape = {"shape": "circle" if len(gate.name) < 4 else "ellipse", "width": "0.35", "height": "0.35"}
    dot.node(f"o{i}", label=label_of(gate), tooltip=tooltip(drawing.title(i)), margin="0.03", id=f"o{i}", **shape)
    corners = {1: [":w"], 2: [":nw", ":sw"], 3: [":nw", ":w", ":sw"]}.get(len(gate.operands))
    for k, j in enumerate(gate.operands):
        label, local = "", gate.locals[k]
        if local_shown and local is not None and not isinstance(drawing.graph.nodes[j], Constant):
            label = f"× {drawing.number(local, _DIGITS)}"
        corner = corners[k] if corners else ""
        dot.edge(f"n{j}:e", f"o{i}{corner}", label=label, id=f"w{i}-{k}", **({} if flows[k] else STOPPED))
    dot.edge(f"o{i}:e", f"n{i}:w", weight="4", id=f"r{i}", **({} if drawing.reached(i) else STOPPED))


def _wire(drawing: Drawing, i: int) -> str:
    """A piece of wire: the value in green above, the gradient in red below; a user's name before it or above it."""
    evaluation, node = drawing.evaluation, drawing.graph.nodes[i]
    title, outputs = html(drawing.title(i, _LONGEST_LABEL)), evaluation.outputs
    if isinstance(node, Constant) and i not in outputs:
        return f'<<FONT COLOR="{GREY}">{title}</FONT>>'
    above = drawing.number(evaluation.values[i], _DIGITS) if evaluation.values else " "
    below = " "
    if evaluation.adjoints is not None:
        below = ", ".join(drawing.number(d, _DIGITS) for d in evaluation.derivatives(i))
    name = f"{title} " if node.operation and node.label else ""
    if len(outputs) > 1 and i in outputs:
        name = f"{outputs.index(i) + 1}: {name}"
    upper = f'<FONT COLOR="{GREY}">{name}</FONT>' * bool(name) + f'<FONT COLOR="{GREEN}">{above}</FONT>'
    before = "" if node.operation else f'<TD ROWSPAN="2" BORDER="0" CELLPADDING="4">{title}</TD>'
    number = 'HEIGHT="18" CELLPADDING="2" BORDER="1"'
    return (
        f'<<TABLE COLOR="{GREY}" BORDER="0" CELLBORDER="0" CELLSPACING="0">'
        f'<TR>{before}<TD {number} SIDES="B">{upper}</TD></TR>'
        f'<TR><TD {number} SIDES="T"><FONT COLOR="{RED}">{below}</FONT></TD></TR></TABLE>>'
    )
