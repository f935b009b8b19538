"""The graph as a flowchart for sites that draw mermaid."""

from autodiff.pictures.dot import GREEN, RED
from autodiff.pictures.drawing import Drawing

_LONGEST_LABEL = 40


def mermaid(drawing: Drawing) -> bytes:
    """A flowchart: values above gradients in the boxes, and dotted arrows where nothing flows back."""
    lines = ["flowchart LR"]
    for i in drawing.nodes:
        title = _quoted(drawing.title(i, _LONGEST_LABEL))
        colors = zip(drawing.numbers(i), (GREEN, RED), strict=True)
        colored = [f"<font color='{color}'>{_quoted(number)}</font>" for number, color in colors if number]
        lines.append(f'  n{i}["{"<br>".join([title, *colored])}"]')
    for i, gate in drawing.gates.items():
        lines.append(f'  o{i}(["{_quoted(gate.name)}"]) --> n{i}')
        arrows = ["-->" if flows else "-.->" for flows in drawing.flows(i)]
        lines += [f"  n{j} {arrow} o{i}" for j, arrow in zip(gate.operands, arrows, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    """Letters, digits and spaces as they are, and all that mermaid or HTML might read as more by its number."""
    return "".join(c if c.isalnum() or c in " ._" else f"#{ord(c)};" for c in text)
