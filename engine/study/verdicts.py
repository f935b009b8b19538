"""The verdicts of checks, and what they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from autodiff.engine.graph import Graph, Input


class Verdict(Enum):
    """The result of a check of one derivative."""

    AGREE = "agree"
    ALMOST = "agree to 1e-09 only"
    DISAGREE = "DISAGREE"
    NOT_DIFFERENTIABLE = "not differentiable here"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """A verdict on one derivative, the reason, and the numerical derivative where there is one."""

    verdict: Verdict
    why: str = ""
    slope: float | None = None
    apart: float | None = None
    """The distance between the slopes of both sides."""
    value_is_not_finite: bool = False


class Outcome(Enum):
    """How a formula and a derivative compare at a point."""

    EQUAL = auto()
    ALMOST = auto()
    """They differ, but by no more than the rounding of a constant typed by hand."""
    OTHER = auto()
    NOT_FINITE = auto()
    """The formula has no value where the derivative has one."""
    OUTSIDE = auto()
    """There is no derivative to compare with."""
    UNDECIDED = auto()


@dataclass(frozen=True)
class Comparison:
    """An outcome with the values of the formula and the derivative, and the reason where they cannot be compared."""

    outcome: Outcome
    yours: float = 0.0
    ours: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Formula:
    """A derivative worked out by hand: by which inputs, and its graph with one output for each."""

    name: str
    graph: Graph
    wrt: Sequence[Input]
