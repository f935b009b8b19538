"""`import autodiff`: functions from text."""

import copy
import importlib.metadata
import pickle
import re
from html import unescape
from math import inf, isnan, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff
from autodiff import Function, ProgramError, Scalar, parse, sigmoid
from autodiff.evaluation.reading import read

from ..conftest import Run, printed

AT = {"a": 0.2, "x": 2, "b": 0.6}
NEURON = parse("sigmoid(a*x + b) + a")


def test_a_function_has_inputs_a_value_and_a_gradient() -> None:
    s = 0.7310585786300049  # sigmoid(1)
    assert NEURON.inputs == ("a", "x", "b")
    assert NEURON(**AT) == NEURON(0.2, 2, 0.6) == NEURON(0.2, x=2, b=0.6) == s + 0.2
    gradient = NEURON.gradient(**AT)
    assert list(gradient) == ["a", "x", "b"]
    assert gradient == pytest.approx({"a": 2 * s * (1 - s) + 1, "x": 0.2 * s * (1 - s), "b": s * (1 - s)}, rel=1e-15)


def test_a_derivative_is_a_function_of_the_same_inputs() -> None:
    by_x = NEURON.derivative("x")
    assert by_x.inputs == NEURON.inputs
    assert str(by_x) == "a*sigmoid(a*x + b)*sigmoid(-(a*x + b))"
    assert by_x(**AT) == pytest.approx(NEURON.gradient(**AT)["x"], rel=1e-15)
    assert by_x.derivative("a")(**AT) == pytest.approx(NEURON.derivative("a", "x")(**AT), rel=1e-14)
    assert parse(str(NEURON.derivative("x", "a")))(**AT) == pytest.approx(NEURON.hessian(**AT)["a", "x"], rel=1e-14)
    assert str(parse("x + y").derivative("x")) == "1"
    assert parse("x + y").derivative("x")(x=1, y=2) == 1.0


def test_a_hessian_by_pairs_of_names() -> None:
    assert parse("x^2*y").hessian(x=3, y=5) == {("x", "x"): 10, ("x", "y"): 6, ("y", "x"): 6, ("y", "y"): 0}


def test_vectors_and_several_outputs() -> None:
    f = parse("w @ w*s", lengths={"w": 2})
    assert f.inputs == ("w", "s")
    assert f(w=[1, 2], s=3) == 15
    assert f.gradient(w=(1, 2), s=3) == {"w": [6, 12], "s": 5}
    assert str(f.derivative("w[1]")) == "2*w[1]*s"
    both = parse("x*[1, 2], x^2")
    assert both(x=3) == [[3, 6], 9]
    assert both.gradient(x=3) == [[{"x": 1}, {"x": 2}], {"x": 6}]
    assert both.derivative("x")(x=3) == [[1, 2], 6]


def test_a_vector_is_as_long_as_the_value_it_is_given() -> None:
    dot = parse("w @ x")
    assert dot.inputs == ("w", "x")
    assert dot(w=[1, 2], x=[3, 4]) == dot([1, 2], np.array([3.0, 4.0])) == 11
    assert dot(w=(1, 2, 3), x=range(3)) == 8
    assert dot.gradient(w=[1, 2], x=[3, 4]) == {"w": [3, 4], "x": [1, 2]}
    assert dot.hessian(w=[1], x=[3])["w[0]", "x[0]"] == 1
    total = parse("k = 2; f(t) = t*v[0]; sum(x)*k*f(s)")  # a scalar and a vector alike
    assert total.inputs == ("v", "x", "s")
    assert total(v=[5, 0], x=3, s=1) == total(v=[5], x=[1, 2], s=1) == 30
    assert parse("x^2")(x=[1, 2, 3]) == [1, 4, 9]
    assert parse("x^2").gradient(x=[1, 2]) == [{"x": [2, 0]}, {"x": [0, 4]}]
    part = parse("w @ x + pi", lengths={"w": 2, "pi": 2})
    assert (part.inputs, repr(part)) == (("w", "x", "pi"), "autodiff.parse('w @ x + pi', lengths={'w': 2, 'pi': 2})")
    assert part(w=[1, 2], x=[3, 4], pi=[0, 1]) == [11, 12]
    assert repr(parse("log(sigmoid(v[0]))", gates="fused")) == "autodiff.parse('log(sigmoid(v[0]))', gates='fused')"


def test_a_text_is_read_once_for_the_same_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    import autodiff.function

    texts: list[str] = []

    def counted(text: str, *rest: Any) -> Any:
        texts.append(text)
        return read(text, *rest)

    monkeypatch.setattr(autodiff.function, "read", counted)
    f = parse("norm(x)")
    for n in (1, 3, 2, 3, 2, 3):
        assert f([1.0] * n) == pytest.approx(n**0.5, rel=1e-15)
    assert len(texts) == 4  # of a scalar, and of three lengths


def test_draw_writes_the_picture_that_the_file_asks_for(tmp_path: Path) -> None:
    NEURON.draw(tmp_path / "n.svg", **AT)
    command = printed("grad", str(NEURON), *(f"{name}={value}" for name, value in AT.items()), "--format", "svg")
    assert (0, (tmp_path / "n.svg").read_text("utf-8")) == command
    NEURON.draw(str(tmp_path / "n.dot"), 0.2, 2, 0.6, style="circuit", local=True, collapse=True, digits=6)
    assert "× 0.196612" in (tmp_path / "n.dot").read_text("utf-8")
    NEURON.draw(tmp_path / "bare.png")
    assert (tmp_path / "bare.png").read_bytes().startswith(b"\x89PNG")
    dot = parse("w @ x")
    dot.draw(tmp_path / "n.svg", w=[1, 2], x=[3, 4])
    assert {"w[0]", "x[1]", "11"} <= texts((tmp_path / "n.svg").read_text("utf-8"))
    assert dot._repr_svg_() is None
    parse("1/(1 + exp(-x))", gates="fused").draw(tmp_path / "n.svg", x=2)
    assert {"sigmoid", "1/(1 + exp(-x))"} <= texts((tmp_path / "n.svg").read_text("utf-8"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bare.png", "n.dot", "n.svg"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: NEURON.draw("n.gif"),
            ValueError,
            r"cannot tell the kind of picture by the ending of n.gif \(use .svg",
        ),
        (lambda: NEURON.draw("n.svg", style="circut"), ValueError, r"unknown style 'circut' \(did you mean 'circuit'"),
        (lambda: NEURON.draw("no/such/folder/n.svg"), OSError, "cannot write no/such/folder/n.svg: No such file"),
        (lambda: NEURON.draw("n.svg", max_drawn=3), ValueError, r"7 nodes is too large .* 3\); raise max_drawn"),
        (lambda: NEURON.draw("n.svg", a=1), TypeError, "no value for 'x'"),
        (lambda: parse("w @ x").draw("n.svg"), ProgramError, "lengths="),
    ],
)
def test_what_cannot_be_drawn_is_said(call, error, message, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        call()
    assert list(tmp_path.iterdir()) == []


def test_integers_too_large_for_a_double_are_infinite() -> None:
    assert parse("-x")(10**400) == -inf


def test_zeros_keep_their_signs() -> None:
    assert parse("atan2(y, x)")(y=0.0, x=-0.0) == pi


def test_gates() -> None:
    text = "log(1 + exp(x))"
    assert parse(text)(x=800) == inf
    assert parse(text, gates="fused")(x=800) == 800
    assert isnan(parse("tanh(x)", gates="basic")(x=800))


@pytest.mark.parametrize(
    "function",
    [
        *(NEURON, NEURON.derivative("x"), parse("x*[1, 2], w[1]", lengths={"w": 2}), parse("w @ w", lengths={"w": 1})),
        *map(parse, ("pi=3; pi*x", "tau = x/3; x = 2; tau*pi*x", "k = 0.1; [k*y, nan][1] + pi/y", "-0.0*x", "2")),
        parse("f(x) = softmax([x, 2*x]); f(y)[0]", gates="basic"),
    ],
    ids=str,
)
def test_copies_and_pickles_compute_the_same(function: Function) -> None:
    lengths = {name: len(value) for name, value in function.program.inputs.items() if isinstance(value, tuple)}
    values = {name: [0.25, 0.5][: lengths[name]] if name in lengths else 0.5 for name in function.inputs}
    for twin in (copy.copy(function), copy.deepcopy(function), pickle.loads(pickle.dumps(function))):
        assert (str(twin), repr(twin), twin.inputs) == (str(function), repr(function), function.inputs)
        for name in ("__call__", "gradient"):
            assert repr(getattr(twin, name)(**values)) == repr(getattr(function, name)(**values))
        assert twin.program.names() == function.program.names()


@pytest.mark.slow
def test_a_pickle_of_a_deep_graph_does_not_recurse() -> None:
    deep = parse("y = x" + "; y = sin(y)" * 20_000 + "; y")
    assert pickle.loads(pickle.dumps(deep)).gradient(x=1) == deep.gradient(x=1)


def test_what_is_shown_reads_back() -> None:
    f = parse("w @ w*s", lengths={"w": 2})
    assert repr(f) == "autodiff.parse('w @ w*s', lengths={'w': 2})"
    assert eval(repr(f), {"autodiff": autodiff})(w=[1, 2], s=3) == 15
    assert f"{Scalar(2.5):.2f} {Scalar(2.5)}" == "2.50 Scalar(2.5)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: NEURON(a=1, x=2), TypeError, "no value for 'b'"),
        (lambda: NEURON(1, 2, 3, 4), TypeError, r"takes 3 values \(a, x, b\), not 4"),
        (lambda: NEURON(1, 2, 3, q=4), TypeError, "'q' is not a variable; the variables are a, x, b"),
        (lambda: NEURON.derivative("q"), ValueError, "'q' is not a variable of sigmoid"),
        (lambda: NEURON.compile(wrt=["q"]), ValueError, "'q' is not a variable of sigmoid"),
        (lambda: parse("x, y").hessian(x=1, y=2), ValueError, "one output"),
        (lambda: parse("w[0]", lengths={"w": 2})(w=[1, 2, 3]), ValueError, "'w' has 2 elements, not 3"),
        (lambda: NEURON.derivative("x")(a=[1], x=2, b=3), TypeError, r"'a' must be a number, not \[1"),
        (lambda: NEURON(a="1", x=2, b=3), TypeError, "'a' must be a number or a sequence of numbers, not '1'"),
        (lambda: NEURON(a=Scalar(1), x=2, b=3), TypeError, r"'a' must be a number .*, not Scalar\(1\)"),
        (lambda: NEURON(a=[], x=2, b=3), ValueError, "'a' must have at least one element"),
        (lambda: NEURON(a=[[1, 2]], x=2, b=3), TypeError, "'a' must be a number or a sequence of numbers"),
        (lambda: NEURON(a=[1, 2], x=[1, 2, 3], b=3), ProgramError, "vectors of different lengths: 2 and 3 elements"),
        (lambda: parse("w[0]", lengths={"w": 2})(w=1), TypeError, "'w' must be a sequence of numbers, not 1"),
        (lambda: parse("w @ w")(w=1), ProgramError, r"a dot product needs two vectors \(give it as a vector: w="),
        (lambda: parse("w @ w").compile(), ProgramError, r"two vectors \(say how long .*lengths="),
        (lambda: parse("a*w[1]").derivative("a"), ProgramError, r"'w' has no elements \(say .* lengths={'w': 3}"),
        (lambda: parse("w @ w", lengths={"w": 2})(w=[1, 2, 3]), ValueError, "'w' has 2 elements, not 3"),
        (lambda: parse("w @ w + sigmod(w)"), ProgramError, "unknown function 'sigmod'"),
        (lambda: NEURON(1, 2, 3, a=4), TypeError, "'a' is given twice"),
        (lambda: parse(None), TypeError, "a program is a str, not NoneType"),  # type: ignore[arg-type]
        (lambda: parse("sum(w)", lengths={"w": -1}), ValueError, "the length of 'w' must be a whole number"),
        (lambda: parse("sum(w)", lengths={"w": 10**9}), ProgramError, "more than 10,000,000 nodes"),
        (lambda: parse("sigmod(x)"), ProgramError, r"unknown function 'sigmod' \(did you mean 'sigmoid'\?\)"),
        (lambda: parse("2x"), ProgramError, "expected an operator"),
        (lambda: parse("2x"), ValueError, "expected an operator"),
        (lambda: parse("x", gates="basik"), ValueError, "gates must be one of written, basic, fused"),
        (lambda: autodiff.sigmod, AttributeError, "no attribute 'sigmod'"),
    ],
)
def test_errors_say_what_is_wrong(call, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call()


def test_the_public_names_besides_operations_are_few() -> None:
    from autodiff.engine.table.operations import SPELLINGS

    assert {"parse", "Function", "Scalar", "ProgramError", "sigmoid"} <= set(autodiff.__all__)
    assert len(set(autodiff.__all__) - set(SPELLINGS)) <= 12


def texts(svg: str) -> set[str]:
    return set(map(unescape, re.findall(r"<text[^>]*>([^<]*)</text>", svg)))


def test_a_scalar_shows_itself_after_a_step_of_training_and_not_where_it_is_too_large() -> None:
    w = Scalar(1.0, label="w")
    loss = (w * 2 + 1) ** 2
    loss.backward()
    w.value -= 0.1 * w.grad
    assert "<svg" in loss._repr_svg_()  # type: ignore[attr-defined]
    for _ in range(600):
        loss = loss + 1
    assert loss._repr_svg_() is None  # type: ignore[attr-defined]


def test_scalars_can_be_pickled() -> None:
    x = Scalar(2.0, label="x")
    copied = pickle.loads(pickle.dumps(sigmoid(x * 3) + 1))
    copied.backward()
    assert copied.value == (sigmoid(x * 3) + 1).value
    assert copied.operands[0].operation is (sigmoid(x * 3)).operation


def test_a_compiled_function_takes_real_numbers_only() -> None:
    g = parse("a*x").compile()
    for wrong in (None, "1", 1j, [[None]], np.array(["1"])):
        with pytest.raises(TypeError, match="an operand must be real numbers"):
            g(wrong, np.ones(2))
    assert parse("w @ w", lengths={"w": 2}).compile(wrt=("w",))(1.0, 2.0) == (5.0, (2.0, 4.0))
    for threads in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="threads must be a whole number from 1 on"):
            parse("x").compile(threads=threads)  # type: ignore[arg-type]


def test_the_version_is_that_of_the_distribution(shell: Run) -> None:
    assert shell("autodiff --version").stdout == f"autodiff {autodiff.__version__}\n"
    assert autodiff.__version__ == importlib.metadata.version("autodiff-cli")


def test_functions_and_scalars_show_themselves_as_pictures() -> None:
    assert texts(NEURON._repr_svg_()) == {"a", "x", "b", "*", "+", "sigmoid", "a*x", "a*x + b", "sigmoid(a*x + b)"} | {
        "sigmoid(a*x + b) + a"
    }
    x, twin = Scalar(3, label="x"), Scalar(5, label="x")  # two leaves of one name are two
    z = sigmoid(x * twin) * 2
    assert {"x", "3", "5", "15", "2", "x*x", "sigmoid(x*x)"} <= texts(z._repr_svg_())
    assert not any(text.startswith("1.8") for text in texts(z._repr_svg_()))
    z.backward()
    assert f"{3 * 2 * float(sigmoid(15.0)) * float(sigmoid(-15.0)):.4g}" in texts(z._repr_svg_())
    assert "sin(x)" in texts(parse("cos(x)*y").derivative("x")._repr_svg_())
