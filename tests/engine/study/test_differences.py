"""Checks decide on balls: no right derivative is called wrong or a kink, and no wrong one right."""

import math
from random import Random

import pytest

from autodiff.cli.main import main
from autodiff.engine.graph import Input
from autodiff.engine.passes import backward, forward
from autodiff.engine.study.differences import findings
from autodiff.engine.study.formulas import compare, points
from autodiff.engine.study.verdicts import Finding, Formula, Outcome, Verdict
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse

Point = dict[str, float]


def found(text: str, point: Point) -> list[Finding]:
    graph = parse(text).graph
    values = forward(graph, point)
    adjoints = backward(graph, values, graph.outputs[0])
    (row,) = findings(graph, point, graph.inputs, [[adjoints[graph.position[v]] or 0.0 for v in graph.inputs]])
    return row


SMOOTH = [name for name, row in OPERATIONS.items() if not row.kinks and not row.symbol and row.arity == (1, 1)]


@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_derivative_agrees_at_every_scale(name: str) -> None:
    dice, checked = Random(name), 0
    low, high = OPERATIONS[name].bounds(0)
    for _ in range(12):
        x = dice.choice((-1, 1)) * 10 ** dice.uniform(*dice.choice([(-300, 300), (-20, 3), (-1, 1)]))
        if low < x < high and math.isfinite(forward(parse(f"{name}(x)").graph, {"x": x})[-1]):
            (finding,) = found(f"{name}(x)", {"x": x})
            assert finding.verdict is Verdict.AGREE or abs(x) > 1e100, (x, finding)
            assert finding.verdict in (Verdict.AGREE, Verdict.UNDECIDED), (x, finding)
            checked += 1
    assert checked


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("(x^2 + 1e10) - 1e10", {"x": -1e-3}),
        ("abs(x)", {"x": 1e-17}),
        ("log(x)", {"x": 1e-300}),
        ("x^2", {"x": 1e-200}),
        ("relu(x - y)", {"x": 1 + 2**-52, "y": 1.0}),
        ("sin(1/x)", {"x": 1e-7}),
        ("x^3*exp(-x)", {"x": 700.0}),
        ("S*normcdf(log(S/K)/s + s/2) - K*normcdf(log(S/K)/s - s/2)", {"S": 100.0, "K": 400.0, "s": 0.07}),
        ("hypot(x, 1e-300)", {"x": 0.0}),
        ("where(x == 0, 1, sin(x)/x)", {"x": 0.0}),
        ("sum(x, 1e16, -1e16)", {"x": 1e-3}),
    ],
)
def test_awkward_points_agree(text: str, point: Point) -> None:
    assert {finding.verdict for finding in found(text, point)} == {Verdict.AGREE}


@pytest.mark.parametrize(
    ("text", "x", "why"),
    [
        ("abs(x)", 0.0, "-1 from the left, 1 from the right"),
        ("max(x, 2 - x)", 1.0, "-1 from the left, 1 from the right"),
        ("floor(x)", 2.0, "a jump"),
        ("sqrt(x)", 0.0, "the edge of the domain"),
        ("cbrt(x)", 0.0, "the slope is infinite"),
        ("where(x > 0, x*log(x), 0)", 0.0, "0 from the left, -inf from the right"),
    ],
)
def test_where_there_is_no_derivative(text: str, x: float, why: str) -> None:
    assert found(text, {"x": x}) == [Finding(Verdict.NOT_DIFFERENTIABLE, why)]


def test_what_turns_without_end_is_undecided() -> None:
    (finding,) = found("where(x == 0, 0, x*sin(1/x))", {"x": 0.0})
    assert finding.verdict is Verdict.UNDECIDED


def test_lost_digits_are_told() -> None:
    (finding,) = found("exp(x)/exp(x)", {"x": 1000.0})
    assert finding == Finding(Verdict.AGREE, "rounding cost all digits", 0.0, 0.0)


def test_an_infinite_number_for_a_finite_derivative_is_told() -> None:
    (finding,) = found("sqrt(1 - cos(x))", {"x": 1e-9})  # sqrt(2)*sin(x/2)
    assert (finding.verdict, finding.why) == (Verdict.AGREE, "rounding cost all digits")
    assert finding.slope == pytest.approx(math.sqrt(0.5), rel=1e-15)


@pytest.mark.parametrize("factor", [1 + 1e-5, -1.0, 0.0, math.nan])
def test_a_wrong_rule_is_refused(factor: float, capsys: pytest.CaptureFixture[str]) -> None:
    right = OPERATIONS["sin"].local
    wrong = lambda m, out, x: (factor * right(m, out, x)[0],)  # noqa: E731
    object.__setattr__(OPERATIONS["sin"], "local", wrong)
    try:
        assert main(["check", "sin(x)*y", "x=1", "y=2"]) == 1
    finally:
        object.__setattr__(OPERATIONS["sin"], "local", right)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[-1] for line in lines] == ["DISAGREE", "agree"]


RIGHT = {
    "sin(x)*exp(y)": "cos(x)*exp(y)",
    "tanh(x*y)": "y/cosh(x*y)^2",
    "sigmoid(a*x + b)": "a*sigmoid(a*x + b)*sigmoid(-a*x - b)",
    "x^3/y": "3*x^2/y",
    "exp(-x^2/2)": "-x*exp(-x^2/2)",
    "0.1*x^2 + 0.2*x": "0.2*x + 0.2",
    "sin(2*pi*x)": "2*pi*cos(2*pi*x)",
}


def outcomes(text: str, derivative: str) -> set[Outcome]:
    graph = parse(text).graph
    formula = Formula("x", parse(derivative).graph, [v for v in graph.inputs if v.name == "x"])
    return {
        compare(graph, formula, at).outcome for at in points([v.name for v in graph.inputs], [graph, formula.graph])
    }


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_formula_is_never_called_wrong_and_a_wrong_one_never_right(text: str) -> None:
    derivative = RIGHT[text]
    assert not {Outcome.OTHER, Outcome.NOT_FINITE, Outcome.ALMOST} & outcomes(text, derivative)
    for wrong in (
        f"1.000001*({derivative})",
        f"({derivative}) + 1e-30",
        f"where(x < -25, 0.5, {derivative})",
        f"where(x > 4.5, 1.001, 1)*({derivative})",
        f"-({derivative})",
        f"sqrt(x)^2/x*({derivative})",
    ):
        assert {Outcome.OTHER, Outcome.NOT_FINITE} & outcomes(text, wrong), wrong
    assert Outcome.ALMOST in outcomes(text, f"1.0000000001*({derivative})")


def test_an_element_of_a_vector_is_an_input() -> None:
    graph = parse("w@w", {"w": 2}).graph
    wrt = [node for node in graph.inputs if isinstance(node, Input)]
    formula = Formula("w", parse("2*w", {"w": 2}).graph, wrt)
    assert compare(graph, formula, {"w[0]": 1.0, "w[1]": -2.0}).outcome is Outcome.EQUAL
