"""From DOT to pixels and vectors, by the renderer that comes with the package or else by a system `dot`."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
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
    failure = ""
    for program in filter(None, ["" if kind == "pdf" else _embedded_renderer(), "dot"]):
        dot_command.DOT_BINARY = program
        try:
            return bytes(source.pipe(format=kind, quiet=True))
        except graphviz.ExecutableNotFound:
            continue
        except graphviz.CalledProcessError as error:
            failure = failure or str(error)
    if kind == "pdf" and not failure:
        raise NotMet("a PDF needs a system Graphviz", "install graphviz, or render to .svg or .png")
    reason = f"the picture could not be drawn: {failure}" if failure else "the renderer is missing"
    raise NotMet(reason, "install either: pip install graphviz-pure, or a system Graphviz with its program dot")


def _embedded_renderer() -> str:
    """The program `graphviz-pure`, wherever its package put it, which PATH may not hold; "" where it is missing."""
    with suppress(PackageNotFoundError):
        for file in distribution("graphviz-pure").files or ():
            if file.stem == "graphviz-pure" and file.suffix in ("", ".exe"):
                return str(file.locate())
    return ""
