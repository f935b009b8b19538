"""Pictures with a box for every value and an oval for every operation, left to right."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from autodiff.engine.graph import Constant, Input
from autodiff.evaluation.numbers import shortest
from autodiff.pictures.dot import GREEN, GREY, INK, RED, STOPPED, colored, html, label_of, name_of, tooltip
from autodiff.pictures.drawing import Drawing, Gate

if TYPE_CHECKING:
    from graphviz import Digraph

ASKED, DATA, OUTPUT = "#ddf4ff", "#eaeef2", "#fff3c4"
"""The fill colours of an input, of an input without a derivative in the answer, and of the output."""

_DIGITS = 4
_LONGEST_LABEL = 24


def draw(drawing: Drawing) -> "Digraph":
    """The picture as a DOT graph."""
    import graphviz

    gates = drawing.gates
    dot = graphviz.Digraph("autodiff")
    dot.attr(rankdir="LR", bgcolor="white", nodesep="0.18", ranksep="0.5", fontname="Helvetica")
    dot.attr(nslimit="2")  # the same picture of 400 nodes in 1 s instead of 27
    dot.attr("node", fontname="Helvetica", fontsize="13", margin="0", color=GREY)
    dot.attr("edge", color=GREY, arrowsize="0.6", fontname="Helvetica", fontsize="10", fontcolor=GREY)
    for i in drawing.nodes:
        dot.node(f"n{i}", label=_box(drawing, i), shape="plain", tooltip=_tooltip(drawing, i), id=f"n{i}")
        if i in gates:
            _draw_gate(dot, drawing, i)
    uses = Counter(j for gate in gates.values() for j in gate.operands)
    for gate in gates.values():
        for upper, lower in pairwise(gate.operands):
            # A leaf with one use goes in the column of its sibling instead of far away.
            if upper != lower and any(uses[j] == 1 and j not in gates for j in (upper, lower)):
                with dot.subgraph() as column:
                    column.attr(rank="same")
                    column.node(f"n{upper}")
                    column.node(f"n{lower}")
    return dot


def _draw_gate(dot: "Digraph", drawing: Drawing, i: int) -> None:
    """The oval in front of a box, with an arrow from every operand in written order and one to the box."""
    gate = drawing.gates[i]
    edges = [{"id": f"w{i}-{port}", **({} if flows else STOPPED)} for port, flows in enumerate(drawing.flows(i))]
    if len(gate.operands) == 1:
        shape = {"shape": "ellipse", "width": "0.3", "height": "0.3", "margin": "0.05,0.02"}
        dot.node(f"o{i}", label=label_of(gate), tooltip=tooltip(gate.help), id=f"o{i}", **shape)
        dot.edge(f"n{gate.operands[0]}:e", f"o{i}:w", **edges[0])
    else:
        dot.node(f"o{i}", label=_gate(gate), shape="plain", tooltip=tooltip(gate.help), id=f"o{i}")
        for port, j in enumerate(gate.operands):
            dot.edge(f"n{j}:e", f"o{i}:{port}:w", **edges[port])
    dot.edge(
        f"o{i}:e", f"n{i}:w", weight="4", id=f"r{i}", **({} if drawing.reached(i) else STOPPED)
    )  # a gate and its box want to be level


def _gate(gate: Gate) -> str:
    """The label of an oval with a port for each operand, in written order; named where they differ."""
    operands = len(gate.operands)
    texts = [f'<FONT POINT-SIZE="9" COLOR="{GREY}">{name}</FONT>' for name in gate.ports] or [""] * operands
    size = "" if gate.ports else ' CELLPADDING="0" HEIGHT="12"'
    rows = [f'<TD PORT="{port}"{size}>{text}</TD>' for port, text in enumerate(texts[:operands])]
    rows[0] += f'<TD ROWSPAN="{operands}" WIDTH="20">{name_of(gate)}</TD>'
    return (
        '<<TABLE STYLE="ROUNDED" BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        + "".join(f"<TR>{row}</TR>" for row in rows)
        + "</TABLE>>"
    )


def _box(drawing: Drawing, i: int) -> str:
    """The label of a box as Graphviz reads it: the name above, the value and the gradient side by side below."""
    evaluation, node = drawing.evaluation, drawing.graph.nodes[i]
    name, output = drawing.title(i, _LONGEST_LABEL), i in evaluation.outputs
    if isinstance(node, Constant) and node.label is None:
        return f"<{colored(name, GREY)}>"
    cells = ""
    if evaluation.values:
        cells += f"<TD>{colored(drawing.number(evaluation.values[i], _DIGITS), GREEN)}</TD>"
    if drawing.has_gradient(i):
        derivatives = [drawing.number(d, _DIGITS) for d in evaluation.derivatives(i)]
        if len(evaluation.outputs) > 1:
            derivatives = [f"{k}: {d}" for k, d in enumerate(derivatives, 1)]
        cells += f"<TD>{colored(', '.join(derivatives), RED)}</TD>"
    if output and len(evaluation.outputs) > 1:
        name = f"{evaluation.outputs.index(i) + 1}: {name}"
    tint = OUTPUT if output else DATA if drawing.is_data(i) else ASKED if isinstance(node, Input) else "white"
    return (
        f'<<TABLE BORDER="{2 if output else 1}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="{tint}" '
        f'COLOR="{INK if output else GREY}">'
        f'<TR><TD COLSPAN="2"{_width(name)}>{html(name)}</TD></TR>{cells and f"<HR/><TR>{cells}</TR>"}</TABLE>>'
    )


def _width(name: str) -> str:
    """A least width for a name that is not ASCII, since the renderer takes other letters to be as narrow as a space."""
    from rich.cells import cell_len

    return "" if name.isascii() else f' WIDTH="{8 * cell_len(name) + 6}"'


def _tooltip(drawing: Drawing, i: int) -> str:
    """The tooltip of a node: its sub-expression and its exact numbers."""
    text, evaluation = drawing.title(i), drawing.evaluation
    if evaluation.values:
        text += f" = {shortest(evaluation.values[i])}"
    if drawing.has_gradient(i):
        text += "\ngradient " + ", ".join(shortest(d) for d in evaluation.derivatives(i))
    return tooltip(text)
