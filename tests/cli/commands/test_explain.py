"""`autodiff explain`: the printed steps are the passes."""

import io
import json
from contextlib import redirect_stdout
from math import exp, isclose, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ...conftest import Run, printed

STAGED = (
    "sigy = 1/(1 + exp(-y)); num = x + sigy; sigx = 1/(1 + exp(-x)); xpy = x + y; xpysqr = xpy^2; "
    "den = sigx + xpysqr; invden = 1/den; f = num*invden"
)


def by_hand(x: float, y: float) -> dict[str, float]:
    """The backward pass of CS231n's staged computation, as its notes write it."""
    sigy, sigx, xpy = 1 / (1 + exp(-y)), 1 / (1 + exp(-x)), x + y
    num, den = x + sigy, sigx + xpy**2
    invden = 1 / den
    d = {"num": invden, "invden": num}
    d["den"] = (-1.0 / den**2) * d["invden"]
    d["sigx"] = d["xpysqr"] = d["den"]
    d["xpy"] = 2 * xpy * d["xpysqr"]
    d["x"] = d["xpy"] + (1 - sigx) * sigx * d["sigx"] + d["num"]
    d["sigy"] = d["num"]
    d["y"] = d["xpy"] + (1 - sigy) * sigy * d["sigy"]
    return d


def explained(shell: Run, expression: str, *values: str) -> dict:  # type: ignore[type-arg]
    done = shell(f"autodiff explain '{expression}' {' '.join(values)} --format json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_staged_computation_of_cs231n_gives_all_its_intermediate_derivatives(shell: Run) -> None:
    answer = explained(shell, STAGED, "x=3", "y=-4")
    totals = {step["to"]: step["total"] for step in answer["backward"]}
    for name, derivative in by_hand(3.0, -4.0).items():
        assert totals[name] == pytest.approx(derivative, rel=1e-12), name


def test_the_sigmoid_neuron_in_basic_gates_shows_the_well_known_chain(shell: Run) -> None:
    text, values = "sigmoid(w0*x0 + w1*x1 + w2)", ["w0=2", "x0=-1", "w1=-3", "x1=-2", "w2=-3", "--gates basic"]
    answer = explained(shell, text, *values)
    assert [round(stage["value"], 2) for stage in answer["forward"]][3:] == [1.0, -1.0, 0.37, 1.37, 0.73]
    assert [round(step["total"], 2) for step in answer["backward"]][:4] == [-0.53, -0.53, -0.2, 0.2]


PIECES = ("sin({})", "sigmoid({})", "relu({})", "tanh({})", "({})^2", "abs({})", "exp(-({})^2)")


@st.composite
def programs(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth:
        return draw(st.sampled_from(("x", "y", "2", "x*y")))
    if draw(st.booleans()):
        return draw(st.sampled_from(PIECES)).format(draw(programs(depth - 1)))
    template = draw(st.sampled_from(("({})*({})", "{} + {}", "{} - ({})", "max({}, {})", "where(x > y, {}, {})")))
    return template.format(draw(programs(depth - 1)), draw(programs(depth - 1)))


@settings(max_examples=40)
@given(programs(), st.integers(-3, 3), st.integers(-3, 3))
def test_the_steps_multiply_and_add_up_to_the_gradient(text: str, x: int, y: int) -> None:
    text = f"{text} + 0*x*y"
    answer, gradient = (output(command, text, f"x={x}", f"y={y}") for command in ("explain", "grad"))
    totals = {answer["output"]: 1.0}
    for step in answer["backward"]:
        if step["formula"] is not None:
            assert step["adjoint"] == totals[step["from"]]  # complete before it flows on
            assert step["flow"] == step["adjoint"] * step["local"]
            totals[step["to"]] = totals[step["to"]] + step["flow"] if step["to"] in totals else step["flow"]
        assert step["total"] == totals.get(step["to"], 0.0)
    for name, derivative in gradient["gradient"].items():
        assert totals.get(name, 0.0) == derivative
    assert answer["value"] == gradient["value"]


def output(*arguments: str) -> dict:  # type: ignore[type-arg]
    """What a command prints as JSON."""
    code, text = printed(*arguments, "--format", "json")
    assert code == 0
    return json.loads(text)  # type: ignore[no-any-return]


RUNNABLE = [
    (STAGED, {"x": 3.0, "y": -4.0}),
    ("sigmoid(a*x + b) + a", {"a": 0.2, "x": 2.0, "b": 0.6}),
    ("max(x, y)*relu(x) + min(x, y, 1)", {"x": 2.0, "y": 3.0}),
    ("where(x > 0 and not y == 3, log(x), sqrt(y)) + (x < y)", {"x": 2.0, "y": 3.0}),
    ("softplus(x)*mish(y) + gelu(x) + elu(y, 2) + silu(x*y)", {"x": 0.5, "y": -0.5}),
    ("norm([x, y, 2]) + logsumexp([x, y]) + mean([x, y]) + prod([x, y, x])", {"x": 0.5, "y": -0.5}),
    ("lambda = x^2; lambda*max(math, 2) + (-x)^2 - -x", {"x": 1.5, "math": 3.0}),
    ("where(x > 0, log(x), x^2) + where(y == 0, 1, sin(y)/y) + (sqrt(x) if x > 0 else y)", {"x": -2.0, "y": 0.0}),
    ("lambda*lambda_ + xₐ*xa + __debug__^2*φ", {"lambda": 2, "lambda_": 3, "xₐ": 4, "xa": 5, "__debug__": 6, "φ": 7}),
    ("u = x*y; du = u*x; df = u*du; df*x + dx + t1*f", {"x": 3.0, "y": 2.0, "dx": 5.0, "t1": 7.0, "f": 11.0}),
    ("x^y + exp(x)^2 + 1/(1 + exp(x)) + cosh(x)", {"x": 800.0, "y": -2.0}),
    ("log(x) + sqrt(x) + (-1)^x*y^0.5 + 1/x", {"x": 0.0, "y": -2.0}),
    ("atan2(x, y) + cbrt(x) + x % y + log2(y) + hypot(x, y) + floor(x)", {"x": 2.5, "y": 0.7}),
    ("[x]@[y] + norm([x])*max([y]) + softmax([x])[0] + sum([y])*prod([-x]) + min([y])", {"x": 2.5, "y": 0.7}),
    ("silu(x) + mish(x) + elu(x) + softplus(x) + gelu(x) + normpdf(x)", {"x": 10000.0}),
    ("silu(x) + mish(x) + elu(x) + softplus(x) + gelu(x) + normpdf(x)", {"x": -10000.0}),
    ("ﷺ*a⑴ + ⅓ + ﬁ", {"ﷺ": 2, "a⑴": 3, "⅓": 5, "ﬁ": 7}),
    ("logsumexp([x]) + mean([y])^2 + sign(x)*abs(y) + max(y)*sum([x < y]) + sum(-x)", {"x": -2.5, "y": 0.7}),
]


@pytest.mark.parametrize(("text", "point"), RUNNABLE)
def test_the_python_format_runs_and_agrees(text: str, point: dict[str, float]) -> None:
    values = [f"{name}={value}" for name, value in point.items()]
    code, program = printed("explain", text, *values, "--format", "python")
    assert code == 0
    assert [line for line in program.splitlines() if "import" in line] == ["import math"]
    with redirect_stdout(io.StringIO()) as out:
        exec(program, {})
    found = {line.split()[0]: tuple(map(float, line.split()[1:])) for line in out.getvalue().splitlines()}
    numbers, totals = plainly(text, *values)
    assert found.keys() == numbers.keys()
    for name, (value, gradient) in found.items():
        assert alike(value, numbers[name], 1e-12), name
        assert alike(gradient, totals.get(name, 0.0), 1e-9), name


def plainly(text: str, *values: str) -> tuple[dict[str, float], dict[str, float]]:
    """The values and gradients by name, from plain text: in JSON what is not finite is null."""
    answer = output("explain", text, *values)
    _, plain = printed("explain", text, *values)
    lines = [line.split("\t") for line in plain.splitlines()]
    stages = len(answer["inputs"]) + len(answer["forward"])
    numbers = {cells[0].split(" = ")[0]: float(cells[1]) for cells in lines[:stages]}
    steps = zip(answer["backward"], lines[stages + 1 :], strict=True)
    return numbers, {answer["output"]: 1.0} | {step["to"]: float(cells[2]) for step, cells in steps}


def alike(one: float, other: float, tolerance: float) -> bool:
    return isclose(one, other, rel_tol=tolerance, abs_tol=1e-12) or (isnan(one) and isnan(other))
