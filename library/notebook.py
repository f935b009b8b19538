"""Pictures of Functions and Scalars in notebooks, and the page that plays."""

from html import escape

from autodiff.evaluation.errors import Failure
from autodiff.evaluation.evaluation import Evaluation
from autodiff.pictures.options import DrawingOptions
from autodiff.pictures.pictures import picture


def svg(evaluation: Evaluation) -> str | None:
    """The picture of a graph; or None, where a notebook shows the text: it is too large, or cannot be drawn."""
    try:
        return picture(evaluation, "svg", DrawingOptions()).decode()
    except Failure:
        return None


class Page:
    """The page that plays both passes, in a frame of its own in the output of a cell."""

    def __init__(self, evaluation: Evaluation, options: DrawingOptions) -> None:
        self.html = picture(evaluation, "html", options).decode()
        """The page as one file."""

    def _repr_html_(self) -> str:
        frame = 'title="autodiff" style="width: 100%; height: 42rem; border: 0" sandbox="allow-scripts"'
        return f'<iframe {frame} srcdoc="{escape(self.html)}"></iframe>'
