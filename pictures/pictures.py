"""The kinds and the styles of pictures. Nothing else lists them, and none loads graphviz before it is drawn."""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.grammar.errors import did_you_mean
from autodiff.pictures import circuits, records
from autodiff.pictures.drawing import Drawing
from autodiff.pictures.mermaid import mermaid
from autodiff.pictures.options import DrawingOptions
from autodiff.pictures.renderer import rendered

if TYPE_CHECKING:
    from graphviz import Digraph

STYLES: "dict[str, Callable[[Drawing], Digraph]]" = {"record": records.draw, "circuit": circuits.draw}


def _graphviz(drawing: Drawing, kind: str) -> bytes:
    made = rendered(STYLES[drawing.options.style](drawing), kind)
    return _described(made, drawing) if kind == "svg" else made


def _described(svg: bytes, drawing: Drawing) -> bytes:
    """An SVG that is never wider than its page, with a title and a description for those who cannot see it."""
    outputs = ", ".join(map(drawing.title, drawing.evaluation.outputs))
    shown = ["values"] * bool(drawing.evaluation.values) + ["gradients"] * (drawing.evaluation.adjoints is not None)
    about = f"The graph of {outputs}: {len(drawing.nodes)} nodes" + f" with {' and '.join(shown)}" * bool(shown)
    head = '<svg role="img" style="max-width: 100%; height: auto"'
    before, _, rest = svg.decode().partition("<svg")
    opened, _, body = rest.partition(">")
    return f"{before}{head}{opened}>\n<title>{escape(outputs)}</title>\n<desc>{escape(about)}</desc>{body}".encode()


def _page(drawing: Drawing) -> bytes:
    from autodiff.pictures.page.page import page

    return page(drawing, STYLES[drawing.options.style])


KINDS: dict[str, Callable[[Drawing], bytes]] = {
    **{kind: partial(_graphviz, kind=kind) for kind in ("dot", "svg", "png", "jpg", "pdf")},
    "mermaid": mermaid,
    "html": _page,
}

ENDINGS = {
    ".svg": "svg",
    ".png": "png",
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".dot": "dot",
    ".gv": "dot",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
"""The kind of picture by the ending of its file."""


def check_style(style: str) -> None:
    """WrongRequest where there is no such style."""
    if style not in STYLES:
        hint = did_you_mean(style, [*STYLES]) or f"the styles are {', '.join(STYLES)}"
        raise WrongRequest(f"unknown style '{style}'", hint)


def kind_of(file: Path) -> str:
    """The kind of picture that the ending of a file asks for. WrongRequest where it asks for none."""
    if file.suffix.lower() not in ENDINGS:
        raise WrongRequest(f"cannot tell the kind of picture by the ending of {file}", f"use {', '.join(ENDINGS)}")
    return ENDINGS[file.suffix.lower()]


def picture(evaluation: Evaluation, kind: str, options: DrawingOptions) -> bytes:
    """The graph of an evaluation as a picture of a kind in `KINDS`, with the numbers that it has.

    WrongRequest where there is no such style, TooLargeToDraw where nobody could read it, NotMet where there is no
    renderer.
    """
    check_style(options.style)
    return KINDS[kind](Drawing(evaluation, options))
