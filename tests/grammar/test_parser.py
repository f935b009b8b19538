"""Text to graph: precedence, names, spans, and the place of errors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.engine.graph import Input
from autodiff.engine.passes import forward
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import parse

VALUES = {"x": 3.0, "y": -2.0, "z": 0.5}


def value(text: str) -> float:
    graph = parse(text).graph
    return forward(graph, VALUES)[graph.position[graph.outputs[0]]]


numbers = st.integers(0, 9).map(str)
SHAPES = [
    *[
        "{} + {}",
        "{} - {}",
        "{}*{}",
        "{}/{}",
        "{} % {}",
        "{}**2",
        "{}**-1",
        "{}**3**0",
        "({})",
        "-{}",
        "+{}",
        "abs({})",
    ],
    *["{} < {}", "{} >= {}", "{} == {}", "{} != {}", "{} < {} <= {}", "not {}", "{} if {} else {}"],
]
expressions = st.recursive(
    numbers | st.sampled_from(sorted(VALUES)),
    lambda e: st.tuples(st.sampled_from(SHAPES), e, e, e).map(lambda parts: parts[0].format(*parts[1:])),
    max_leaves=12,
)


@given(expressions)
def test_precedence_and_associativity_are_pythons(text: str) -> None:
    """Wherever Python has a real answer, it is ours."""
    try:
        expected = eval(text, {"abs": abs}, dict(VALUES))
    except (ZeroDivisionError, OverflowError, SyntaxError, TypeError):  # `1 + not x` is a text of neither language
        return
    if isinstance(expected, complex) or not math.isfinite(expected):
        return
    assert value(text) == pytest.approx(float(expected), rel=1e-12, abs=1e-300)


@given(
    st.text(max_size=40) | st.lists(st.sampled_from("x y 2 . ( ) + - * / ^ , ; = \n exp e # π".split(" "))).map("".join)
)
def test_any_text_is_a_program_or_a_program_error(text: str) -> None:
    try:
        parse(text)
    except ProgramError as error:
        start, end = error.span
        assert 0 <= start <= end <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x^2", -9.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("-2^-2", -0.25),
        ("x - y - z", 4.5),
        ("12/x/2", 2.0),
        ("7 % 4 * 2", 6.0),
        ("-7 % 3", 2.0),
        ("--x", 3.0),
        ("2**x", 8.0),
        ("2×3·x÷9 − 1", 1.0),
        (".5 + 1. + 1_000 + 1e-3 + 2.5E+2", 1251.501),
        ("2*pi - tau", 0.0),
        ("π - pi", 0.0),
        ("1/inf", 0.0),
        ("ln(exp(2)) - log(exp(2))", 0.0),
        ("swish(x) - silu(x)", 0.0),
        ("max(x, y, z) - maximum(x, z)", 0.0),
        ("a = x; a += 1; a -= y; a *= 2; a /= 4; a **= 2", 9.0),
        ("a = x; a ^= 2; a ^= a - 7; a", 81.0),
        ("a = x\n\n# a comment\n  ;; b = a*a # another\nb", 9.0),
        ("(x\n + 1)\n", 4.0),
        ("max(x,\n    y)", 3.0),
        ("a = x; x = 5; a*x", 15.0),
        ("σ1 = 2; σ1^3", 8.0),
        ("pi = 2; pi", 2.0),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_inputs_stand_in_order_of_first_appearance() -> None:
    assert [variable.name for variable in parse("t = b*a; c = 2; c + t + a + θ").graph.inputs] == ["b", "a", "θ"]


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "**=", "^="])
def test_what_is_updated_stands_before_what_updates_it(sign: str) -> None:
    assert list(parse(f"x {sign} y + z").inputs) == ["x", "y", "z"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a if b else c",
            "a < b < c",
            "[a]@[b] + c",
            "dot([a, b], [c, a])",
            "a^b^c",
            "-a^-b - c",
            "[a, b][-1] + c, a",
        ),
        *("a or b and not c", "f(u, v) = v + u*a; f(b, c)", "clip(a, b, c)", "f(u) = a; g(u) = f(u)*b; g(c)"),
    ],
)
def test_inputs_are_read_from_left_to_right(text: str) -> None:
    assert list(parse(text).inputs) == ["a", "b", "c"]


def test_a_name_read_before_its_assignment_is_an_input() -> None:
    graph = parse("x = x + 1; x").graph
    assert [variable.name for variable in graph.inputs] == ["x"]
    assert forward(graph, {"x": 1.0})[-1] == 2.0


def test_a_variable_of_the_caller_shadows_a_constant() -> None:
    assert [variable.name for variable in parse("pi*x", {"pi": None}).graph.inputs] == ["pi", "x"]


def test_a_shared_name_is_one_node() -> None:
    graph = parse("a = x*x; a + a*a").graph
    assert len(graph.nodes) == 4


def test_every_node_remembers_its_text() -> None:
    program = parse("a = (x + 1)*(y - 2)\n-a^2 + exp((x))")
    texts = {program.source(n) for n in program.graph.nodes}
    assert texts == {
        "x",
        "1",
        "x + 1",
        "y",
        "2",
        "y - 2",
        "(x + 1)*(y - 2)",
        "a^2",
        "-a^2",
        "exp((x))",
        "-a^2 + exp((x))",
    }


def test_names_are_unique_and_say_what_was_written() -> None:
    program = parse("c = a*b; c += a*b; c = c^2; c")
    assert program.names() == ["a", "b", "c", "a*b", "c (2)", "2", "c (3)"]


def test_long_names_are_shortened() -> None:
    program = parse(" + ".join(f"x{i}" for i in range(1000)))
    names = program.names()
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 70


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("1 + sigmod(x)", "sigmod"),
        ("x + (y*(z + 1)", "("),
        ("x)", ")"),
        ("x +\n+ y", "\n"),
        ("sin(x, y) + 1", "sin(x, y)"),
        ("1.2.3", "1.2.3"),
        ("x ¬ y", "¬"),
    ],
)
def test_an_error_points_at_its_place(text: str, piece: str) -> None:
    with pytest.raises(ProgramError) as caught:
        parse(text)
    assert text[slice(*caught.value.span)] == piece


def test_parsing_does_not_recurse() -> None:
    deep = 20_000
    assert value("(" * deep + "x" + ")" * deep) == 3.0
    assert value("-" * deep + "x") == 3.0
    assert value("+".join(["x"] * deep)) == 3.0 * deep
    assert value("1^" * deep + "2") == 1.0


def test_an_input_remembers_where_it_first_appeared() -> None:
    (variable,) = parse("1 + x*x").graph.inputs
    assert isinstance(variable, Input)
    assert variable.span == (4, 5)
