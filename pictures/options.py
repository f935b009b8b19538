"""How a graph is drawn, as one value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DrawingOptions:
    """Options of a picture of any kind."""

    style: str = "record"
    """A name in `STYLES`: boxes with an oval for every operation, or a circuit with numbers on its wires."""
    local: bool = False
    """Whether a circuit has the local derivatives beside its gates."""
    collapse: bool = False
    """Whether each call of a function, and each long sum, is drawn as one gate."""
    digits: int | None = None
    """Significant digits; by default as many as suit the kind of picture."""
    max_drawn: int = 500
    """The most nodes of a picture that can still be read."""
