"""From DOT to pixels and vectors, by the renderer that comes with the package."""

from importlib.metadata import distribution
from typing import TYPE_CHECKING

from autodiff.evaluation.errors import NotMet

if TYPE_CHECKING:
    from graphviz import Digraph


def rendered(source: "Digraph", kind: str) -> bytes:
    """A DOT graph as `dot` (its text), `svg`, `png`, `jpg` or `pdf`; NotMet where that cannot be made."""
    import graphviz
    from graphviz.backend import dot_command

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
