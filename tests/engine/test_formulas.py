"""Derivatives of everyday formulas: right against mpmath, exact, and without a number that nobody wrote."""

import math
import re
from random import Random

import pytest
from mpmath import mp

from autodiff import Function, parse
from autodiff.engine.derivatives import repeated
from autodiff.engine.symbolic.algebra import Algebra
from autodiff.grammar.parser import parse as read
from autodiff.grammar.print.text import print_program

from ..support.formulas import CORNERS, TEXTBOOK, judged, point, truth, with_constants


def pair(f: Function, name: str) -> str:
    """Another input for a mixed derivative."""
    return next((other for other in f.inputs if other != name), name)


def check(text: str, name: str, at: dict[str, float]) -> None:
    """First and second derivatives, as functions, as texts that are read again, and as the Hessian."""
    f = parse(text)
    first, other, hessian = f.derivative(name), pair(f, name), f.hessian(**at)
    for names, derivative in {
        (name,): first,
        (name, name): first.derivative(name),
        (name, other): first.derivative(other),
    }.items():
        expected = truth(text, at, *names)
        printed = parse(str(derivative))
        ours = [derivative(**at), printed(**{each: at[each] for each in printed.inputs})]
        ours += [hessian[names]] if len(names) == 2 else []
        for number in ours:
            assert number == pytest.approx(float(expected), rel=1e-11, abs=1e-13), (text, names, str(derivative))


@pytest.mark.parametrize("part", range(10))
def test_numbers_and_constants_meet(part: int) -> None:
    dice = Random(part)
    for text in with_constants()[part::10]:
        at = {"x": round(dice.uniform(1.3, 1.7), 3), "y": round(dice.uniform(2.1, 2.9), 3)}
        check(text, "x", {name: at[name] for name in parse(text).inputs})


@pytest.mark.parametrize("part", range(4))
def test_textbook_formulas(part: int) -> None:
    dice = Random(part)
    for text, name in TEXTBOOK[part::4]:
        check(text, name, point(text, parse(text).inputs, dice))


def test_the_lists_are_as_long_as_they_say() -> None:
    assert len(TEXTBOOK) == 80
    assert len(with_constants()) == 250 + len(CORNERS)


@pytest.mark.parametrize(("text", "name"), TEXTBOOK)
def test_no_number_that_nobody_wrote(text: str, name: str) -> None:
    """What is printed are short numbers, none with the rounding of a double: no 6.283185307179586."""
    printed = str(parse(text).derivative(name))
    for number in re.findall(r"(?<![\w.])\d+\.?\d*(?:e[+-]?\d+)?", printed):
        assert len(number.replace(".", "").strip("0")) <= 6, printed


EXACT = [
    ("2*pi*x", "x", "2*pi"),
    ("4/3*pi*r^3", "r", "4*pi*r^2"),
    ("q/(4*pi*e*r^2)", "r", "-q/(2*pi*e*r^3)"),
    ("A*cos(2*pi*f*t)", "t", "-2*pi*A*f*sin(2*pi*f*t)"),
    ("w*L^4/(8*E*I)", "I", "-w*L^4/(8*E*I^2)"),
    ("2*pi*sqrt(L/g)", "g", "-pi*sqrt(L/g)/g"),
    ("V*R/(r + R)", "R", "V*r/(r + R)^2"),
    ("x^1.2", "x", "1.2*x^0.2"),
    ("0.1*x^3", "x", "0.3*x^2"),
    ("x^n", "x", "n*x^(n - 1)"),
    ("x^x", "x", "x^x*(log(x) + 1)"),
    ("(x/2)^x", "x", "(x/2)^x*(log(x/2) + 1)"),
    ("(x/12)^x", "x", "(x/12)^x*(log(x/12) + 1)"),
    ("(10/x)^(x == x)", "x", "-(10/x)^((x == x) + 1)*(x == x)/10"),
    ("sin(-x - y)", "x", "-cos(x + y)"),
    ("2^x", "x", "2^x*log(2)"),
    ("0.5^(t/5730)", "t", "0.5^(t/5730)*log(0.5)/5730"),
    ("sin(2.5*t + pi/6)", "t", "2.5*cos(2.5*t + pi/6)"),
    ("exp(-t/0.35)", "t", "-exp(-t/0.35)/0.35"),
    ("x^2/3.3", "x", "2*x/3.3"),
    ("2*pi*sqrt(L/9.81)", "L", "pi/sqrt(9.81*L)"),
    ("sqrt(2*9.81*h)", "h", "9.81/sqrt(19.62*h)"),
    ("sqrt(2.25*x)", "x", "0.75/sqrt(x)"),
    ("exp(-0.65/(8.617e-5*T))", "T", "0.65*exp(-0.65/(8.617e-5*T))/(8.617e-5*T^2)"),
    ("2^0.123456789012345*x", "x", "2^0.123456789012345"),
    ("2^(1/1000000007)*x", "x", "2^(1/1000000007)"),
    ("x/(s*sqrt(2))", "s", "-x/(sqrt(2)*s^2)"),
    ("x^2*2^(1/3)", "x", "2*2^(1/3)*x"),
    ("sqrt(2*x)^4", "x", "8*x"),
    ("sqrt(-x)^4", "x", "2*x"),
    ("sqrt(x^2)", "x", "x/sqrt(x^2)"),
    ("sqrt((y/-x)^4)", "x", "-2*y^2/x^3"),
    ("tau = 1; exp(tau*x)", "x", "exp(x)"),
    ("k = 0.5; exp(k*x)", "x", "0.5*exp(0.5*x)"),
    ("pi = 3; pi*x", "x", "3"),
    ("tau*x", "x", "tau"),
    ("1e15*(1.000000000000004*x - x)", "x", "4"),
    ("1e-200*x*(1e-200*y)", "x", "1e-200*y*1e-200"),
    ("x/1e-162", "x", "1e162"),
    ("x*1e308*1e308", "x", "1e308*1e308"),
    ("deg(x)", "x", "180/pi"),
    ("log2(x)", "x", "1/(x*log(2))"),
    ("exp2(x)", "x", "exp2(x)*log(2)"),
    ("erf(x)", "x", "2*exp(-x^2)/sqrt(pi)"),
    ("gelu(x)", "x", "normcdf(x) + x*normpdf(x)"),
    ("0.1 + 0.2 == 0.3", "x", "0"),
    ("where(0.1 + 0.2 == 0.3, x, 2*x)", "x", "2"),  # decided in doubles, as the value is
    ("0*log(x)", "x", "0/x"),
    ("inf*x - inf*x", "x", "nan"),
]


@pytest.mark.parametrize(("text", "name", "expected"), EXACT)
def test_numbers_are_exact(text: str, name: str, expected: str) -> None:
    f = parse(text, lengths={}) if name in parse(text).inputs else parse(f"{text} + 0*{name} - 0*{name}")
    assert str(f.derivative(name)) == expected


@pytest.mark.parametrize(
    ("text", "name", "at"),
    [
        ("(x/2)^x", "x", {"x": 1.3}),
        ("x*(3*x/y)^(y - 1)", "x", {"x": 1.3, "y": 2.4}),
        ("(-2*x/y)^(y - 1)*x/y", "x", {"x": -1.3, "y": 2.4}),
    ],
)
def test_a_factor_that_moves_into_a_power_leaves_its_number(text: str, name: str, at: dict[str, float]) -> None:
    check(text, name, at)


@pytest.mark.parametrize("inner", ["sqrt(8)", "2*sqrt(2)", "8^1.5", "sqrt(sqrt(32))", "sqrt(3)^3", "12^(1/3)*sqrt(2)"])
def test_roots_of_what_holds_roots_of_the_same_number(inner: str) -> None:
    for outer in ("sqrt({}*x)", "x^2*sqrt({})", "({}*x)^(1/3)", "(2*{}*x)^0.75", "sqrt(x/({}))", "({})^0.25*x^2"):
        check(outer.format(inner), "x", {"x": 0.7})


@pytest.mark.parametrize(("spelling", "value"), [("π", math.pi), ("pi", math.pi), ("tau", math.tau)])
def test_a_negative_constant_is_read_in_any_spelling(spelling: str, value: float) -> None:
    second = parse(f"norm([-{spelling}, x])").derivative("x", "x")
    assert second(x=1.3) == pytest.approx(value**2 / (value**2 + 1.3**2) ** 1.5, rel=1e-13)


def test_a_sum_of_negative_elements_before_an_odd_function() -> None:
    assert str(parse("sin(sum(-w))", lengths={"w": 2}).derivative("w[0]")) == "-cos(w[0] + w[1])"


@pytest.mark.parametrize("number", ["1e-300", "1e300"])
def test_too_many_digits_are_refused_on_either_side_of_the_line(number: str) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        parse(f"{number}*" * 20 + "x").derivative("x")


def test_a_variable_that_is_called_pi_is_none() -> None:
    assert str(parse("deg(x)*y").derivative("x")) == "180*y/pi"
    graph = read("deg(x)*pi", {"pi": None}).graph
    (x,) = [variable for variable in graph.inputs if variable.name == "x"]
    assert print_program([repeated(graph.outputs[0], [x], Algebra())], brief=True) == "180*pi/acos(-1)"


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("sigmoid(x)", 30),
        ("(x^3+2*x+1)/(x^4-3*x+5)", 12),
    ],
)
def test_high_orders_are_right_and_cheap(text: str, order: int) -> None:
    graph, m = read(text).graph, Algebra()
    repeated(graph.outputs[0], [graph.inputs[0]] * order, m)
    assert m.work < 100_000
    derivative = parse(text).derivative(*["x"] * order)
    with mp.workdps(60):
        expected = mp.diff(lambda x: judged(text, {"x": x}), mp.mpf("0.5"), order)
        assert derivative(x=0.5) == pytest.approx(float(expected), rel=1e-9)
