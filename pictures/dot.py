"""The parts that both styles of DOT pictures share: colours, and the escaping of a user's text."""

from html import escape

from autodiff.pictures.drawing import Gate

GREEN, RED, GREY, INK = "#1a7f37", "#cf222e", "#6e7781", "#24292f"
"""The colours of values, of gradients, of what stands between them, and of lines that matter."""

STOPPED = {"style": "dashed", "color": "#afb8c1"}
"""An edge along which nothing flows back, unlike one that carries a 0."""


def html(text: str) -> str:
    """A user's text inside an HTML label, in which Graphviz reads `\\G` and the like as more."""
    return escape(text).replace("\\", "\\\\")


def tooltip(text: str) -> str:
    """A user's text as a tooltip, in which Graphviz reads backslashes twice."""
    import graphviz

    escaped: str = graphviz.escape(text.replace("&", "&amp;").replace("\\", "\\\\"))
    return escaped


def colored(text: str, color: str) -> str:
    """A number, a sign or a name in an HTML label."""
    return f'<FONT COLOR="{color}">{html(text)}</FONT>'


def name_of(gate: Gate) -> str:
    """The name of a gate as HTML, and below it what a fused gate stands for."""
    written = f'<BR/><FONT POINT-SIZE="9" COLOR="{GREY}">{html(gate.written)}</FONT>' if gate.written else ""
    return html(gate.name) + written


def label_of(gate: Gate) -> str:
    """The same as the label of an oval."""
    import graphviz

    label: str = f"<{name_of(gate)}>" if gate.written else graphviz.escape(gate.name)
    return label
