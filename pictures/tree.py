"""The graph as a tree for the terminal."""

from typing import TYPE_CHECKING

from autodiff.pictures.drawing import Drawing, printable

if TYPE_CHECKING:
    from rich.tree import Tree


def tree(drawing: Drawing) -> "Tree":
    """Every output with its operands below it; a node that was written out above is only named."""
    from rich.text import Text
    from rich.tree import Tree

    gates, names = drawing.gates, drawing.evaluation.names
    root, seen = Tree("", hide_root=True), set[int]()
    pending = [(root, output) for output in reversed(drawing.evaluation.outputs)]
    while pending:
        parent, i = pending.pop()
        value, gradient = drawing.numbers(i)
        label = Text.assemble(
            printable(names[i]), (value and f" = {value}", "green"), (gradient and f"  {gradient}", "red")
        )
        if i in seen and i in gates:
            parent.add(label.append(" (above)", "dim"))
            continue
        seen.add(i)
        branch = parent.add(label)
        pending += [(branch, j) for j in reversed(gates[i].operands if i in gates else ())]
    return root
