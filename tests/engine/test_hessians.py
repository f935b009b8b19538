"""Second derivatives against mpmath's at 5,000 bits, where doubles lose them; and what is said where there are none."""

from collections.abc import Mapping
from math import inf, isnan, nan

import pytest
from mpmath import mp, mpf

from autodiff.engine.graph import Graph
from autodiff.engine.hessians import Missing, Undecided, hessian, hessian_and_gaps
from autodiff.engine.passes import evaluate
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse

from ..support.truth import TRUTH, points, ulps

FUNCTIONS = {row: getattr(TRUTH, name) for name, row in OPERATIONS.items()}
Point = dict[str, float]


def truth(graph: Graph, point: Mapping[str, float]) -> list[list[mpf]]:
    """By differences of values, which share nothing with the rules for derivatives."""

    def value(moved: Mapping[str, mpf]) -> mpf:
        values = evaluate(graph, moved, FUNCTIONS, lambda constant: mpf(constant.number))
        return values[graph.position[graph.outputs[0]]]

    def moved(*steps: tuple[str, mpf]) -> dict[str, mpf]:
        at = {name: mpf(x) for name, x in point.items()}
        for name, step in steps:
            at[name] = mp.fadd(at[name], step, exact=True)
        return at

    with mp.workprec(5000):
        h = {name: mp.ldexp(1, mp.mag(x or 1) - 1200) for name, x in point.items()}
        names = [variable.name for variable in graph.inputs]
        rows = []
        for a in names:
            row = []
            for b in names:
                if a == b:
                    up, here, down = value(moved((a, h[a]))), value(moved()), value(moved((a, -h[a])))
                    row.append((up - 2 * here + down) / h[a] ** 2)
                else:
                    corners = [value(moved((a, s * h[a]), (b, t * h[b]))) * s * t for s in (1, -1) for t in (1, -1)]
                    row.append(sum(corners) / (4 * h[a] * h[b]))
            rows.append(row)
        return rows


HARD: list[tuple[str, Point]] = [
    ("tanh(x)", {"x": 300.0}),
    ("log(1 + exp(x))", {"x": 40.0}),
    ("log(1 + exp(x))", {"x": -700.0}),
    ("x/expm1(x)", {"x": 1e-9}),
    ("hypot(1, x)", {"x": 1e-8}),
    ("hypot(x, y)", {"x": 3e100, "y": 1e-100}),
    ("softsign(x)", {"x": 1e80}),
    ("1/(1 + x^2)", {"x": 1e70}),
    ("exp(-log(x/m)^2/(2*s^2))/(x*s*sqrt(2*pi))", {"x": 1e-30, "m": 2.0, "s": 0.7}),
    ("1 - cos(x)", {"x": 1e-9}),
    ("sin(x)/x", {"x": 1e-12}),
    ("sin(x)^2 + cos(x)^2", {"x": 1.1}),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", {"x": 30.0}),
    ("log(exp(x) + exp(y) + exp(z))", {"x": 1000.0, "y": -3.0, "z": 999.0}),
    ("logsumexp(x, y, z)", {"x": -1e3, "y": 5.0, "z": 5.0}),
    ("log(sigmoid(x))", {"x": -800.0}),
    ("x^y", {"x": 0.9999999999991873, "y": -8.75e14}),
    ("x^y", {"x": 1e-300, "y": 1.5}),
    ("sqrt(x + 1) - sqrt(x)", {"x": 1e15}),
    ("log1p(x) - x", {"x": 1e-10}),
    ("(x^2 + 1e10) - 1e10", {"x": -1e-3}),
    ("erfc(x)", {"x": 26.5}),
    ("exp(x)*erfc(x)", {"x": 26.0}),
    ("gelu(x)", {"x": -38.2}),
    ("mish(x)", {"x": -720.0}),
    ("mish(x)", {"x": 1.4905}),
    ("silu(x)", {"x": -745.0}),
    ("atan2(y, x)", {"y": 1e-200, "x": -1e-180}),
    ("exp(exp(x))/exp(exp(y))", {"x": 8.0, "y": 8.000000001}),
    ("norm(x, y, z)", {"x": 1e-160, "y": 1e160, "z": 0.0}),
    ("sin(1e15*x)", {"x": 1.3}),
    ("x*log(x) + (1 - x)*log(1 - x)", {"x": 1e-280}),
    ("lgamma(x)", {"x": -3.0000000001}),
    ("gamma(x)*digamma(x)", {"x": 1.4616321449683623}),
    ("prod(x, y, z)", {"x": 1e200, "y": 1e200, "z": 1e-300}),
    ("mean(x, y)^2/x", {"x": 1e308, "y": 1e308}),
    ("(a*x + b)^2 % 3", {"a": 0.3, "x": 2.0, "b": 0.1}),
    ("where(x > 0, exp(-1/x), 0)", {"x": 0.002}),
    ("elu(x, a) + selu(x) + leaky_relu(x)", {"x": -761.0, "a": 1e300}),
    ("exp2(x)", {"x": -1070.0}),
]


@pytest.mark.parametrize(("text", "point"), HARD, ids=[f"{text}-{i}" for i, (text, _) in enumerate(HARD)])
def test_hard_points(text: str, point: Point) -> None:
    agree(parse(text).graph, point)


def agree(graph: Graph, point: Point) -> None:
    ours, truly = hessian(graph, point, graph.inputs), truth(graph, point)
    for row, other in zip(ours, truly, strict=True):
        for x, true in zip(row, other, strict=True):
            assert ulps(x, true) <= 0.5 + 2**-20, (point, x, mp.nstr(true, 20))


KINKED = {name for name, row in OPERATIONS.items() if row.kinks and name not in ("sqrt", "cbrt", "pow", "leaky_relu")}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in KINKED | {"polygamma"}])
def test_every_operation(name: str) -> None:
    row = OPERATIONS[name]
    names = "xyz"[: 3 if row.variadic else int(row.arity[1])]
    graph = parse(f"{name}({', '.join(names)})").graph if not row.symbol else _of(row.symbol, names)
    for at in [at for at in points(row) if all(2**-300 < abs(x) < 2**300 for x in at)][:6]:
        if name in ("gamma", "lgamma", "digamma") and abs(at[0]) > 100:
            continue  # mpmath takes |x| steps
        agree(graph, dict(zip(names, at)))


def _of(symbol: str, names: str) -> Graph:
    return parse(symbol.join(names) if len(names) > 1 else f"{symbol}{names}").graph


@pytest.mark.parametrize(
    ("text", "point", "expected"),
    [
        ("abs(x)^2", {"x": 0.0}, [[2.0]]),
        ("norm(x, y)^2", {"x": 0.0, "y": 0.0}, [[2.0, 0.0], [0.0, 2.0]]),
        ("hypot(x, y)^2", {"x": 0.0, "y": 0.0}, [[2.0, 0.0], [0.0, 2.0]]),
        ("where(x == 2, 4, x^2)", {"x": 2.0}, [[2.0]]),
        ("where(x == 0, 1, sin(x)/x)", {"x": 0.0}, [[-1 / 3]]),
        ("max(x, y)^2 + min(x, y)^2", {"x": 1.0, "y": 1.0}, [[2.0, 0.0], [0.0, 2.0]]),
        ("abs(x)^1.5", {"x": 0.0}, [[inf]]),
        ("sqrt(x)", {"x": 0.0}, [[-inf]]),
        ("log(x)", {"x": -1.0}, [[nan]]),
        ("exp(x)", {"x": inf}, [[inf]]),
        ("exp(x)", {"x": 1000.0}, [[inf]]),
    ],
)
def test_kinks_that_are_none_and_poles(text: str, point: Point, expected: list[list[float]]) -> None:
    graph = parse(text).graph
    matrix, gaps = hessian_and_gaps(graph, point, graph.inputs)
    assert not gaps
    for row, other in zip(matrix, expected, strict=True):
        assert all(x == y or (isnan(x) and isnan(y)) for x, y in zip(row, other, strict=True)), matrix


def test_what_has_no_second_derivative_says_so() -> None:
    for text, gap in {
        "abs(x)*x": Missing(0, 0, -2.0, 2.0, False),
        "relu(x)*3": Missing(0, 0, 0.0, 3.0, True),
        "floor(x)*x^2 + relu(x)": Missing(0, 0, 0.0, 1.0, True),
    }.items():
        graph = parse(text).graph
        assert hessian_and_gaps(graph, {"x": 0.0}, graph.inputs)[1] == [gap]


def test_undecided() -> None:
    """No ball is thin enough to tell that the square of a root is 2; doubles take it for another number."""
    graph = parse("where(sqrt(2)^2 == 2, x^2, x^3) + y^2").graph
    matrix, gaps = hessian_and_gaps(graph, {"x": 3.0, "y": 1.0}, graph.inputs)
    assert matrix == [[18.0, 0.0], [0.0, 2.0]]
    assert gaps == [Undecided(0, 0)]
