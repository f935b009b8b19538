"""What a check comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from autodiff.engine.graph import Graph, Input


class Verdict(Enum):
    """What a check comes to."""

    AGREE = "agree"
    ALMOST = "agree to 1e-09 only"
    DISAGREE = "DISAGREE"
    NOT_DIFFERENTIABLE = "not differentiable here"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """A verdict on one derivative, why, and what the slopes tell where they tell a number."""

    verdict: Verdict
    why: str = ""
    slope: float | None = None
    apart: float | None = None
    """The slopes of both sides, one from the other."""
    value_is_not_finite: bool = False


class Outcome(Enum):
    """How a formula and a derivative compare at a point."""

    EQUAL = auto()
    ALMOST = auto()
    """They differ, for sure, by no more than a constant typed by hand is off."""
    OTHER = auto()
    NOT_FINITE = auto()
    """The formula has no value where the derivative has one."""
    OUTSIDE = auto()
    """There is no derivative to compare with."""
    UNDECIDED = auto()


@dataclass(frozen=True)
class Comparison:
    """How they compare, the formula's number and the derivative's, and the reason where there is no comparison."""

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
