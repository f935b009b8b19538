"""What LaTeX says is what the graph computes: read back as mathematics it has the same value."""

import re
from math import isclose, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff
from autodiff.engine.graph import Constant, Graph, Input, Node, topological_order
from autodiff.engine.passes import forward
from autodiff.engine.table.operations import FLOATS, OPERATIONS
from autodiff.grammar.parser import parse
from autodiff.grammar.print.latex import latex

from ..support.random_graphs import graphs

CASES = r"\begin{cases} %s & \text{if } %s \\ %s & \text{otherwise} \end{cases}"


def of(text: str, variables: tuple[str, ...] = ()) -> str:
    return latex(parse(text, dict.fromkeys(variables)).graph.outputs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b - c", "a + b - c"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a - -b", r"a - \left(-b\right)"),
        ("-a + b", "-a + b"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("--a", r"-\left(-a\right)"),
        ("-a*b", "-a b"),
        ("-2*x*y + 1", "-2 x y + 1"),
        ("-x^2/2", r"-\frac{x^{2}}{2}"),
        ("a + -2*b", r"a + \left(-2 b\right)"),
        ("a*-b", r"a \cdot \left(-b\right)"),
        ("-(a*b)", "-a b"),
        ("a*(b*c)", r"a \cdot \left(b c\right)"),
        ("2*x", "2 x"),
        ("2*x*y", "2 x y"),
        ("x*2", r"x \cdot 2"),
        ("2*3", r"2 \cdot 3"),
        ("2*x^2", "2 x^{2}"),
        ("2*3^x", r"2 \cdot 3^{x}"),
        ("tau*x*rate", r"\tau x \cdot \mathrm{rate}"),
        ("x*sin(y)*z", r"x \sin\left(y\right) z"),
        ("2*exp2(x)", r"2 \cdot 2^{x}"),
        ("2*(x/y)", r"2 \cdot \frac{x}{y}"),
        ("2*(x + 1)", r"2 \left(x + 1\right)"),
        ("2*pi*x", r"2 \pi x"),
        ("x*(y + 1)", r"x \cdot \left(y + 1\right)"),
        ("x/(y*z)", r"\frac{x}{y z}"),
        ("(x/y)^2", r"\left(\frac{x}{y}\right)^{2}"),
        ("-x^2", "-x^{2}"),
        ("(-x)^2", r"\left(-x\right)^{2}"),
        ("x^-y", "x^{-y}"),
        ("x^y^z", "x^{y^{z}}"),
        ("(x^y)^z", r"\left(x^{y}\right)^{z}"),
        ("x % 3 + 1", r"\left(x \bmod 3\right) + 1"),
        ("2*x % -y", r"\left(2 x\right) \bmod \left(-y\right)"),
    ],
)
def test_arithmetic(text: str, expected: str) -> None:
    assert of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(x)^2", r"\sin\left(x\right)^{2}"),
        ("sin(x^2)", r"\sin\left(x^{2}\right)"),
        ("exp(-x)", r"\exp\left(-x\right)"),
        ("log(x)", r"\ln\left(x\right)"),
        ("log2(x) + log10(x)", r"\log_{2}\left(x\right) + \log_{10}\left(x\right)"),
        ("asin(x) + acos(x) + atan(x)", r"\arcsin\left(x\right) + \arccos\left(x\right) + \arctan\left(x\right)"),
        ("max(x, y, z)", r"\max\left(x, y, z\right)"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("cbrt(x)", r"\sqrt[3]{x}"),
        ("exp2(x)^2", r"\left(2^{x}\right)^{2}"),
        ("abs(x)^2", r"\left|x\right|^{2}"),
        ("floor(x) + ceil(y)", r"\left\lfloor x\right\rfloor + \left\lceil y\right\rceil"),
        ("gamma(x)", r"\Gamma\left(x\right)"),
        ("lgamma(x)", r"\ln\left|\Gamma\left(x\right)\right|"),
        ("lgamma(x)^2", r"\left(\ln\left|\Gamma\left(x\right)\right|\right)^{2}"),
        ("digamma(x)", r"\psi\left(x\right)"),
        ("polygamma(1, x)", r"\psi^{\left(1\right)}\left(x\right)"),
        ("erf(x)", r"\operatorname{erf}\left(x\right)"),
        ("leaky_relu(x, 0.2)", r"\operatorname{leaky\_relu}\left(x, 0.2\right)"),
    ],
)
def test_functions(text: str, expected: str) -> None:
    assert of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x < y", "x < y"),
        ("x <= y and x >= z", r"x \le y \land x \ge z"),
        ("x == y or x != z", r"x = y \lor x \ne z"),
        ("(x or y) and z", r"\left(x \lor y\right) \land z"),
        ("not x == y", r"\lnot\left(x = y\right)"),
        ("(x < y)*z", r"\left[x < y\right] z"),
        ("(x < y) < z", r"\left[x < y\right] < z"),
        ("sin(x < y)", r"\sin\left(\left[x < y\right]\right)"),
        ("where(x > 0, x, -x)", CASES % ("x", "x > 0", "-x")),
        ("where(x, 1, 2)", CASES % ("1", r"x \ne 0", "2")),
        ("where(x > 0, x, 0) + 1", rf"\left({CASES % ('x', 'x > 0', '0')}\right) + 1"),
    ],
)
def test_choice_and_logic(text: str, expected: str) -> None:
    assert of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x1", "x_{1}"),
        ("x_12", "x_{12}"),
        ("x_1_2", "x_{1,2}"),
        ("x_max", r"x_{\mathrm{max}}"),
        ("x_i2", "x_{i,2}"),
        ("alpha*β", r"\alpha \beta"),
        ("theta_1*σ2", r"\theta_{1} \sigma_{2}"),
        ("Ω", r"\Omega"),
        ("rate", r"\mathrm{rate}"),
        ("rate2", r"\mathrm{rate}_{2}"),
        ("learning_rate", r"\mathrm{learning\_rate}"),
        ("dσ", r"\mathrm{d\sigma }"),
        ("_", r"\mathrm{\_}"),
        ("x1 + x_1 + y_1", r"\mathrm{x1} + \mathrm{x\_1} + y_{1}"),
    ],
)
def test_names(text: str, expected: str) -> None:
    assert of(text) == expected


def test_elements_of_a_vector_have_subscripts() -> None:
    assert latex(parse("w[0] + w1[2]", {"w": 1, "w1": 3}).graph.outputs) == "w_{0} + w_{1,2}"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2.0, "2"),
        (0.1, "0.1"),
        (-2.0, "-2"),
        (1e-8, "10^{-8}"),
        (-1e300, "-10^{300}"),
        (2.5e30, r"2.5 \cdot 10^{30}"),
        (float("inf"), r"\infty"),
        (float("-inf"), r"-\infty"),
        (float("nan"), r"\mathrm{NaN}"),
    ],
)
def test_numbers(number: float, expected: str) -> None:
    assert latex([Constant(number)]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-8*x", "10^{-8} x"),
        ("2.5e30*x", r"2.5 \cdot 10^{30} x"),
        ("x*1e-8", r"x \cdot 10^{-8}"),
        ("x*2.5e30", r"x \cdot \left(2.5 \cdot 10^{30}\right)"),
        ("1e-8^x", r"\left(10^{-8}\right)^{x}"),
        ("inf*x", r"\infty x"),
    ],
)
def test_numbers_within(text: str, expected: str) -> None:
    assert of(text) == expected


def test_what_is_used_twice_is_an_equation() -> None:
    rows = [r"t_{1} &= \exp\left(x\right) \\", r"t_{2} &= t_{1} + 1 \\", r"& \frac{t_{1}}{t_{2}},\quad t_{2}"]
    assert of("u = exp(x); v = u + 1; u/v, v").splitlines() == [r"\begin{aligned}", *rows, r"\end{aligned}"]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("w*L^4/(8*E*I)", "I", r"-\frac{w L^{4}}{8 E I^{2}}"),
        ("2*pi*x", "x", r"2 \pi"),
        ("2*3^x", "x", r"2 \cdot 3^{x} \ln\left(3\right)"),
        ("m*(a + b)*x^2", "x", r"2 m x \cdot \left(a + b\right)"),
    ],
)
def test_derivatives(text: str, name: str, expected: str) -> None:
    derivative = autodiff.parse(text).derivative(name)
    assert latex(derivative.program.graph.outputs, brief=True) == expected


def test_no_equation_takes_the_look_of_an_input() -> None:
    assert r"\mathrm{t1} &= \sin\left(\mathrm{t\_1}\right)" in of("u = sin(t_1); u*u")


def test_deep_graphs_are_written_without_recursion() -> None:
    node: Node = Input("x")
    for _ in range(100_000):
        node = Node(OPERATIONS["sin"], (node,))
    assert latex([node]).startswith(r"\sin\left(\sin")


@given(graphs())
def test_braces_and_delimiters_balance(outputs: list[Node]) -> None:
    stack = []
    for token in re.findall(r"\\left(?![a-z])|\\right(?![a-z])|\\begin\{\w+\}|\\end\{\w+\}|[{}]", latex(outputs)):
        if token in (r"\left", "{") or token.startswith(r"\begin"):
            stack.append(token)
        else:
            expected = {r"\right": r"\left", "}": "{"}.get(token) or token.replace("end", "begin")
            assert stack.pop() == expected
    assert not stack


# --- Reading mathematics back, by the precedence that everyone knows and none of the printer's

TOKEN = re.compile(r"\\operatorname\{(\w+)\}|\\(?:left|right)\\?[a-z]*[(|)]?|\\[a-z]+|[a-z](?:_\{\d\})?|[\d.]+|\S")
NAMED = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}


class Reader:
    """A value for an expression of sums, products, fractions, powers, roots and functions."""

    def __init__(self, text: str, values: dict[str, float]) -> None:
        self.tokens = [match.group(1) or match.group() for match in TOKEN.finditer(text)] + [""]
        self.values = values

    def next(self, *expected: str) -> bool:
        if self.tokens[0] in expected:
            self.tokens.pop(0)
            return True
        return False

    def take(self, expected: str) -> None:
        assert self.next(expected), self.tokens

    def sum(self) -> float:
        total = -self.product() if self.next("-") else self.product()
        while self.tokens[0] in ("+", "-"):
            total = total - self.product() if self.tokens.pop(0) == "-" else total + self.product()
        return total

    def product(self) -> float:
        product = self.power()
        while self.tokens[0] and (self.next(r"\cdot") or re.match(r"[a-z\d]|\\(?!right)", self.tokens[0])):
            product = product * self.power()
        return product

    def power(self) -> float:
        base = self.atom()
        return FLOATS.pow(base, self.between("{", "}")) if self.next("^") else base

    def between(self, left: str, right: str) -> float:
        self.take(left)
        value = self.sum()
        self.take(right)
        return value

    def atom(self) -> float:
        token = self.tokens.pop(0)
        if token == r"\frac":
            return FLOATS.div(self.between("{", "}"), self.between("{", "}"))
        if token == r"\sqrt":
            return FLOATS.sqrt(self.between("{", "}"))
        if token in (r"\left(", r"\left|"):
            self.tokens.insert(0, token)
            value = self.between(token, token.replace("left", "right").replace("(", ")"))
            return abs(value) if "|" in token else value
        if token in self.values:
            return self.values[token]
        if token[0].isdigit():
            return float(token)
        name = token.removeprefix("\\")
        return getattr(FLOATS, NAMED.get(name, name))(self.between(r"\left(", r"\right)"))


READ = ("add sub mul div neg pow", "sqrt abs exp log sin cos tanh asin atan sigmoid erf")


@st.composite
def formulas(draw: st.DrawFn) -> Node:
    nodes: list[Node] = [Input("x"), Input("y_1"), Constant(2), Constant(0.5), Constant(-3)]
    for _ in range(draw(st.integers(1, 10))):
        operation = OPERATIONS[draw(st.sampled_from(READ).flatmap(lambda group: st.sampled_from(group.split())))]
        nodes.append(Node(operation, tuple(draw(st.sampled_from(nodes)) for _ in range(operation.arity[0]))))
    return nodes[-1]


@pytest.mark.parametrize("brief", [False, True])
@given(root=formulas(), x=st.floats(-3, 3), y=st.floats(-3, 3))
def test_what_is_written_reads_back_to_the_same_value(brief: bool, root: Node, x: float, y: float) -> None:
    """Without the parentheses that a brief one leaves out the rounding may differ."""
    *equations, answer = (
        latex([root], brief=brief).removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}").split(r"\\")
    )
    values = {"x": x, "y_{1}": y}
    for equation in equations:
        name, text = equation.split("&=")
        values[name.strip()] = Reader(text, values).sum()
    reader = Reader(answer.strip().removeprefix("&"), values)
    value = reader.sum()
    assert reader.tokens == [""]
    graph = Graph([root], [node for node in topological_order([root]) if isinstance(node, Input)])
    expected = forward(graph, {"x": x, "y_1": y})[graph.position[root]]
    assert value == expected or (isnan(value) and isnan(expected)) or (brief and isclose(value, expected))
