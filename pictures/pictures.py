"""Pictures of the graph, drawn with graphviz: a box for every value, an oval for every operation, left to right."""

from collections import Counter
from html import escape
from importlib.metadata import distribution
from itertools import pairwise

import graphviz
from graphviz.backend import dot_command

from autodiff.cli.request import Request
from autodiff.engine.graph import Constant, Input
from autodiff.evaluation.answer import Answer
from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.numbers import drawn, shortest
from autodiff.pictures import circuits
from autodiff.pictures.circuits import GREEN, GREY, RED, STOPPED
from autodiff.pictures.drawing import Drawing, Gate

ASKED, DATA, OUTPUT = "#ddf4ff", "#eaeef2", "#fff3c4"
"""The tints of an input, of an input that no derivative was asked for, and of the output."""

_DIGITS = 4
_LONGEST_LABEL = 24


def picture(answer: Answer, kind: str, request: Request) -> bytes:
    """The picture in a kind of `PICTURE_KINDS`; Failure where it would be too large to read."""
    source = draw(answer, request)
    if kind == "dot":
        return str(source.source).encode()
    if kind in ("png", "jpg"):
        # Twice the size of the SVG, sharp on any screen; but at most 9,600 pixels a side, which take 400 MB.
        source.graph_attr.update(dpi="192", size="50,50")
    dot_command.DOT_BINARY = "dot" if kind == "pdf" else _embedded_renderer()
    try:
        return bytes(source.pipe(format=kind, quiet=True))
    except graphviz.ExecutableNotFound:
        raise NotMet("a PDF needs a system Graphviz", "install graphviz, or render to .svg or .png") from None
    except graphviz.CalledProcessError as error:
        raise NotMet(f"the picture could not be drawn: {error}") from None


def _embedded_renderer() -> str:
    """The program `graphviz-pure`, wherever its package put it; PATH may not hold that folder."""
    for file in distribution("graphviz-pure").files or ():
        if file.stem == "graphviz-pure" and file.suffix in ("", ".exe"):
            return str(file.locate())
    raise NotMet("the renderer is missing", "install it with: pip install graphviz-pure")


def draw(answer: Answer, request: Request) -> graphviz.Digraph:
    """The picture as a DOT graph."""
    drawing = Drawing(answer, request)
    return circuits.draw(drawing, request) if request.style == "circuit" else _records(drawing)


def _records(drawing: Drawing) -> graphviz.Digraph:
    """Boxes of values, and an oval for every operation."""
    answer, gates = drawing.answer, drawing.gates
    dot = graphviz.Digraph("autodiff")
    dot.attr(rankdir="LR", bgcolor="white", nodesep="0.18", ranksep="0.5", fontname="Helvetica")
    dot.attr(nslimit="2")  # the same picture of 400 nodes in 1 s instead of 27
    dot.attr("node", fontname="Helvetica", fontsize="13", margin="0", color=GREY)
    dot.attr("edge", color=GREY, arrowsize="0.6", fontname="Helvetica", fontsize="10", fontcolor=GREY)
    for i in drawing.nodes:
        dot.node(f"n{i}", label=_box(answer, i), shape="plain", tooltip=_tooltip(answer, i))
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


def _draw_gate(dot: graphviz.Digraph, drawing: Drawing, i: int) -> None:
    """The oval in front of a box, with an arrow from every operand in written order and one to the box."""
    gate = drawing.gates[i]
    tooltip = graphviz.escape(gate.help)
    edges = [{} if flows else STOPPED for flows in drawing.flows(i)]
    if len(gate.operands) == 1:
        shape = {"shape": "ellipse", "width": "0.3", "height": "0.3", "margin": "0.05,0.02"}
        dot.node(f"o{i}", label=circuits.label_of(gate), tooltip=tooltip, **shape)
        dot.edge(f"n{gate.operands[0]}:e", f"o{i}:w", **edges[0])
    else:
        dot.node(f"o{i}", label=_gate(gate), shape="plain", tooltip=tooltip)
        for port, j in enumerate(gate.operands):
            dot.edge(f"n{j}:e", f"o{i}:{port}:w", **edges[port])
    dot.edge(
        f"o{i}:e", f"n{i}:w", weight="4", **({} if drawing.reached(i) else STOPPED)
    )  # a gate and its box want to be level


def _gate(gate: Gate) -> str:
    """The label of an oval with a port for each operand, in written order; named where they differ."""
    operands = len(gate.operands)
    texts = [f'<FONT POINT-SIZE="9" COLOR="{GREY}">{name}</FONT>' for name in gate.ports] or [""] * operands
    size = "" if gate.ports else ' CELLPADDING="0" HEIGHT="12"'
    rows = [f'<TD PORT="{port}"{size}>{text}</TD>' for port, text in enumerate(texts[:operands])]
    rows[0] += f'<TD ROWSPAN="{operands}" WIDTH="20">{circuits.name_of(gate)}</TD>'
    return (
        '<<TABLE STYLE="ROUNDED" BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        + "".join(f"<TR>{row}</TR>" for row in rows)
        + "</TABLE>>"
    )


def _box(answer: Answer, i: int) -> str:
    """The label of a box as Graphviz reads it: the name above, the value and the gradient side by side below."""
    node = answer.program.graph.nodes[i]
    name = answer.program.title(node, _LONGEST_LABEL)
    if isinstance(node, Constant) and node.label is None:
        return f'<<FONT COLOR="{GREY}">{escape(name)}</FONT>>'
    cells = _cell(drawn(answer.values[i], _DIGITS), GREEN) if answer.values else ""
    if answer.adjoints is not None and not isinstance(node, Constant) and not _is_data(answer, i):
        derivatives = [drawn(d, _DIGITS) for d in answer.derivatives(i)]
        if len(answer.outputs) > 1:
            derivatives = [f"{k}: {d}" for k, d in enumerate(derivatives, 1)]
        cells += _cell(", ".join(derivatives), RED)
    output = i in answer.outputs
    if output and len(answer.outputs) > 1:
        name = f"{answer.outputs.index(i) + 1}: {name}"
    tint = OUTPUT if output else DATA if _is_data(answer, i) else ASKED if isinstance(node, Input) else "white"
    return (
        f'<<TABLE BORDER="{2 if output else 1}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="{tint}" '
        f'COLOR="{"#24292f" if output else GREY}">'
        f'<TR><TD COLSPAN="2"{_width(name)}>{escape(name)}</TD></TR>{cells and f"<HR/><TR>{cells}</TR>"}</TABLE>>'
    )


def _cell(text: str, color: str) -> str:
    return f'<TD><FONT COLOR="{color}">{escape(text)}</FONT></TD>'


def _width(name: str) -> str:
    """A least width for a name that is not ASCII, since the renderer takes other letters to be as narrow as a space."""
    from rich.cells import cell_len

    return "" if name.isascii() else f' WIDTH="{8 * cell_len(name) + 6}"'


def _is_data(answer: Answer, i: int) -> bool:
    """Whether a node is an input that derivatives were asked by others than."""
    return answer.adjoints is not None and isinstance(answer.program.graph.nodes[i], Input) and i not in answer.asked


def _tooltip(answer: Answer, i: int) -> str:
    """The sub-expression and the exact numbers."""
    node = answer.program.graph.nodes[i]
    text = answer.program.title(node)
    if answer.values:
        text += f" = {shortest(answer.values[i])}"
    if answer.adjoints is not None and not isinstance(node, Constant) and not _is_data(answer, i):
        text += "\ngradient " + ", ".join(shortest(d) for d in answer.derivatives(i))
    return str(graphviz.escape(text))
