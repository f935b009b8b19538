"""Functions and Scalars that show themselves in a notebook, each as the picture of its graph."""

from autodiff.engine.graph import Constant, Input, Node, topological_order
from autodiff.evaluation.answer import Answer
from autodiff.evaluation.errors import Failure
from autodiff.function import Function, parse
from autodiff.grammar.program import Program
from autodiff.scalar import Scalar

__all__ = ["Function", "Scalar", "parse"]


def _picture(answer: Answer) -> str | None:
    """None where it would be too large to read: then a notebook shows the text."""
    from autodiff.pictures.options import DrawingOptions
    from autodiff.pictures.pictures import picture

    try:
        return picture(answer, "svg", DrawingOptions()).decode()
    except Failure:
        return None


def _function(self: Function) -> str | None:
    """The graph without numbers, as SVG."""
    return _picture(Answer(self.program, {}, [], None, ()))


def _scalar(self: Scalar) -> str | None:
    """The graph behind a Scalar with its values, and after `backward` with its gradients, as SVG."""
    copies, found = dict[Node, Node](), dict[Node, Scalar]()
    # A leaf that was given another value is younger than what was computed from it.
    for node in sorted(topological_order([self]), key=lambda node: node.operation is not None):
        assert isinstance(node, Scalar)
        if node.operation is not None:
            copy = Node(node.operation, tuple(copies[operand] for operand in node.operands), node.label)
        else:
            copy = Constant(node.value) if node.label is None else Input(str(len(copies)))
            copy.label = node.label
        copies[node], found[copy] = copy, node
    inputs = {copy.name: copy for copy in found if isinstance(copy, Input)}
    program = Program("", inputs, [copies[self]], False, {}, {})
    nodes = [found[node] for node in program.graph.nodes]
    gradients: list[list[float | None]] | None = [[node.grad for node in nodes]] if self.grad else None
    return _picture(Answer(program, {}, [node.value for node in nodes], gradients, tuple(inputs)))


Function._repr_svg_ = _function  # type: ignore[attr-defined]
Scalar._repr_svg_ = _scalar  # type: ignore[attr-defined]
