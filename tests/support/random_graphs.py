"""Random graphs of every operation of the table."""

from hypothesis import strategies as st

from autodiff.engine.graph import Constant, Input, Node
from autodiff.engine.table.operations import OPERATIONS


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """With shared nodes and several outputs."""
    nodes: list[Node] = [Input("x"), Input("y"), Input("t1"), Input("w[0]"), Input("w[1]")]
    for _ in range(draw(st.integers(1, 12))):
        if draw(st.booleans()):
            number = draw(st.floats(min_value=0, allow_nan=False) | st.integers(0, 9).map(float))
            nodes.append(Constant(number))
        operation = OPERATIONS[draw(st.sampled_from(sorted(OPERATIONS)))]
        least, most = operation.arity
        count = draw(st.integers(int(least), int(min(most, least + 2))))
        nodes.append(Node(operation, tuple(draw(st.sampled_from(nodes)) for _ in range(count))))
    return [node for node in nodes[-draw(st.integers(1, 3)) :] if node.operation] or [nodes[-1]]
