"""Pictures of Functions and Scalars in notebooks."""

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
