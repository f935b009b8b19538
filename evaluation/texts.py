"""The graph as text: a tree for the terminal, and a flowchart for sites that draw mermaid."""

import sys
from shutil import get_terminal_size

from autodiff.cli.request import Request
from autodiff.engine.graph import Constant
from autodiff.evaluation.answer import Answer
from autodiff.evaluation.numbers import rounded
from autodiff.pictures.circuits import GREEN, RED
from autodiff.pictures.drawing import Drawing

_LONGEST_LABEL = 40


def tree(answer: Answer, request: Request) -> str:
    """Every output with its operands below it; a node that was written out above is only named."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    gates = Drawing(answer, request).gates
    root, seen = Tree("", hide_root=True), set[int]()
    pending = [(root, output) for output in reversed(answer.outputs)]
    while pending:
        parent, i = pending.pop()
        value, gradient = _numbers(answer, i, request)
        label = Text.assemble(
            answer.names[i], (value and f" = {value}", "green"), (gradient and f"  {gradient}", "red")
        )
        if i in seen and i in gates:
            parent.add(label.append(" (above)", "dim"))
            continue
        seen.add(i)
        branch = parent.add(label)
        pending += [(branch, j) for j in reversed(gates[i].operands if i in gates else ())]
    console = Console(width=get_terminal_size().columns if sys.stdout.isatty() else 10_000)
    with console.capture() as capture:
        console.print(root)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _numbers(answer: Answer, i: int, request: Request) -> tuple[str, str]:
    """The value of a node and its gradient, as far as there are any and they are news."""
    node = answer.program.graph.nodes[i]
    if not answer.values or (isinstance(node, Constant) and node.label is None):
        return "", ""
    value = rounded(answer.values[i], request.digits)
    if answer.adjoints is None or isinstance(node, Constant):
        return value, ""
    return value, ", ".join(rounded(d, request.digits) for d in answer.derivatives(i))


def mermaid(answer: Answer, request: Request) -> str:
    """A flowchart: values above gradients in the boxes, and dotted arrows where nothing flows back."""
    drawing = Drawing(answer, request)
    lines = ["flowchart LR"]
    for i in drawing.nodes:
        title = _quoted(answer.program.title(answer.program.graph.nodes[i], _LONGEST_LABEL))
        colors = zip(_numbers(answer, i, request), (GREEN, RED), strict=True)
        numbers = [f"<font color='{color}'>{_quoted(number)}</font>" for number, color in colors if number]
        lines.append(f'  n{i}["{"<br>".join([title, *numbers])}"]')
    for i, gate in drawing.gates.items():
        lines.append(f'  o{i}(["{_quoted(gate.name)}"]) --> n{i}')
        arrows = ["-->" if flows else "-.->" for flows in drawing.flows(i)]
        lines += [f"  n{j} {arrow} o{i}" for j, arrow in zip(gate.operands, arrows, strict=True)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Letters, digits and spaces as they are, and all that mermaid or HTML might read as more by its number."""
    return "".join(c if c.isalnum() or c in " ._" else f"#{ord(c)};" for c in text)
