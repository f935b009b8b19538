"""Pictures of an evaluation, in a file or as a format of the answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from autodiff.cli.console import Console
from autodiff.cli.options import PictureOptions
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.files import write_whole
from autodiff.pictures.drawing import Drawing, TooLargeToDraw
from autodiff.pictures.options import DrawingOptions
from autodiff.pictures.pictures import check_style, kind_of, picture


def check_picture(options: PictureOptions) -> None:
    """WrongRequest where there is no such kind or style of picture."""
    check_style(options.style)
    for file in options.render or ():
        kind_of(file)


def render(at: Evaluation, options: PictureOptions, digits: int | None) -> None:
    """Write the picture into its files, whose endings tell the kinds."""
    with _large_ones_explained():
        for file in options.render or ():
            write_whole(file, picture(at, kind_of(file), _drawing(options, digits)))


def as_text(at: Evaluation, kind: str, options: PictureOptions, digits: int | None, console: Console) -> str:
    """The picture as text, in a format of `DRAWN`."""
    with _large_ones_explained():
        if kind == "tree":
            from autodiff.pictures.tree import tree

            return console.drawn(tree(Drawing(at, _drawing(options, digits))), console.width or 10_000)
        return picture(at, kind, _drawing(options, digits)).decode()


def _drawing(options: PictureOptions, digits: int | None) -> DrawingOptions:
    return DrawingOptions(options.style, options.local, options.collapse, digits, options.max_drawn)


@contextmanager
def _large_ones_explained() -> Iterator[None]:
    """The options that help where a graph is too large to draw."""
    try:
        yield
    except TooLargeToDraw as error:
        hint = "" if error.collapsed else ", or draw calls and long sums as one gate each with --collapse"
        error.hint = f"raise it with --max-drawn {error.nodes}{hint}"
        raise
