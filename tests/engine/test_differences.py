"""Numerical derivatives: right over scales, honest about their error, and not fooled by kinks, jumps and edges."""

import math
from collections.abc import Callable

import pytest

from autodiff.cli.main import main
from autodiff.engine.study.differences import Numerical, derivatives
from autodiff.engine.table.operations import FLOATS, OPERATIONS

Function = Callable[[float], float]

KNOWN: dict[str, tuple[Function, Function]] = {
    "sin": (math.sin, math.cos),
    "exp": (FLOATS.exp, FLOATS.exp),
    "cube": (lambda x: x**3, lambda x: 3 * x * x),
    "reciprocal": (lambda x: FLOATS.div(1.0, x), lambda x: -1 / x / x),
    "wave": (lambda x: math.sin(2 * math.pi * x), lambda x: 2 * math.pi * math.cos(2 * math.pi * x)),
}


def found(function: Function, x: float, noise: float = 0.0) -> Numerical:
    (numerical,) = derivatives(lambda t: [function(t)], x, [noise])
    return numerical


@pytest.mark.parametrize("x", [1e-8, -1e-3, 0.3, 1.0, -3.7, 100.0, 1000.0, 1e6])
@pytest.mark.parametrize(("function", "derivative"), KNOWN.values(), ids=KNOWN)
def test_estimates_are_good_and_honest(function: Function, derivative: Function, x: float) -> None:
    if not math.isfinite(function(x)):
        assert not found(function, x).smooth
        return
    numerical, true = found(function, x), derivative(x)
    assert numerical.smooth
    for side in (numerical.both, numerical.left, numerical.right):
        assert abs(side.value - true) <= 10 * side.error
    assert numerical.both.error <= 1e-6 * max(abs(true), 1e-3)


@pytest.mark.parametrize(
    ("function", "x", "left", "right"),
    [(abs, 0.0, -1, 1), (lambda x: max(x, 2 - x), 1.0, -1, 1), (lambda x: max(x, 0.0), 0.0, 0, 1)],
)
def test_a_kink_has_a_slope_on_each_side(function: Function, x: float, left: float, right: float) -> None:
    numerical = found(function, x)
    assert numerical.kink
    assert (numerical.left.value, numerical.right.value) == pytest.approx((left, right), abs=1e-9)


@pytest.mark.parametrize("x", [1e-8, 1.0, 1e6])
def test_beside_a_kink_there_is_a_derivative(x: float) -> None:
    assert found(abs, x).both.value == pytest.approx(1)
    assert found(lambda t: max(t - x, 0.0), x * (1 - 1e-6)).both.value == 0


def test_jumps_edges_and_steep_points_are_known() -> None:
    assert found(FLOATS.floor, 2.0).jump
    assert not found(FLOATS.floor, 2.5).jump
    assert found(FLOATS.sqrt, 0.0).edge
    assert found(FLOATS.asin, 1.0).edge
    assert not found(FLOATS.sqrt, 1e-12).edge
    assert found(FLOATS.cbrt, 0.0).steep
    assert not found(FLOATS.log, 0.0).smooth


def test_a_staircase_of_lost_digits_is_no_derivative() -> None:
    numerical = found(lambda x: (1e10 + x) - 1e10, 0.3, noise=2e-6)
    assert abs(numerical.both.value - 1) <= 10 * numerical.both.error
    assert not numerical.jump


def test_a_logarithm_beside_its_pole() -> None:
    x = 1 + 1e-9
    numerical = found(lambda t: FLOATS.log(t - 1), x)
    assert numerical.smooth
    assert numerical.both.value == pytest.approx(1 / (x - 1), rel=1e-6)


@pytest.mark.parametrize("factor", [1 + 1e-5, -1.0, 0.0, math.nan])
def test_a_wrong_rule_is_refused(factor: float, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "sin(x)*y", "x=1", "y=2"]) == 0
    capsys.readouterr()
    right = OPERATIONS["sin"].local
    wrong = lambda m, out, x: (factor * right(m, out, x)[0],)  # noqa: E731
    object.__setattr__(OPERATIONS["sin"], "local", wrong)
    try:
        assert main(["check", "sin(x)*y", "x=1", "y=2"]) == 1
    finally:
        object.__setattr__(OPERATIONS["sin"], "local", right)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[-1] for line in lines] == ["DISAGREE", "agree"]


@pytest.mark.parametrize("expression", ["sin(x)*exp(y)", "tanh(x*y)", "sigmoid(a*x + b)", "x^3/y"])
def test_a_formula_wrong_by_a_millionth_is_refused(expression: str, capsys: pytest.CaptureFixture[str]) -> None:
    derivative = {
        "sin(x)*exp(y)": "cos(x)*exp(y)",
        "tanh(x*y)": "y*(1 - tanh(x*y)^2)",
        "sigmoid(a*x + b)": "a*sigmoid(a*x + b)*sigmoid(-a*x - b)",
        "x^3/y": "3*x^2/y",
    }[expression]
    assert main(["check", expression, "--against", f"x={derivative}"]) == 0
    assert main(["check", expression, "--against", f"x=1.000001*{derivative}"]) == 1
    assert "DISAGREE at " in capsys.readouterr().out
