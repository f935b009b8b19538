"""Random expressions, with choices and without, and how a program is run on them."""

from hypothesis import strategies as st

from autodiff.engine.passes import backward, forward
from autodiff.grammar.parser import parse

HEAD = "pick(c, u, v) = where(c, u, v); inner(c, u, v) = (v if not c else pick(c, u, v)); "
CHOICES = (
    "where({c}, {a}, {b})",
    "(({a}) if {c} else ({b}))",
    "pick({c}, {a}, {b})",
    "inner({c}, {a}, {b})",
    "where([{c}, 1], [{a}, 0], [{b}, 0])[0]",
)
POISON = ("log({})", "sqrt({})", "1/({})", "exp(({})^3)", "asin({})", "({})^0.5", "sin({})", "-({})", "abs({})")
SMOOTH = (
    *("sigmoid({})", "tanh({})", "softplus({})", "silu({})", "mish({})", "atan({})", "sin({})", "sinh({})"),
    *("1/(1 + exp(-({})))", "log(1 + exp({}))", "exp({}) - 1", "sqrt(({})^2 + 2^2)", "1 - sigmoid({})"),
)
POINTS = st.fixed_dictionaries({name: st.floats(-3, 3) | st.sampled_from([0.0, 1.0, -1.0, 1e3]) for name in "xy"})


def run(text: str, point: dict[str, float], form: str = "written") -> list[float]:
    """The value, and the derivatives by x and y."""
    graph = parse(f"{HEAD}{text}, x, y").with_gates(form).graph  # so that both are always inputs
    values = forward(graph, {variable.name: point[variable.name] for variable in graph.inputs})
    adjoints = backward(graph, values, graph.outputs[0])
    by_name = {variable.name: adjoints[i] or 0.0 for i, variable in enumerate(graph.inputs)}
    return [values[graph.position[graph.outputs[0]]], by_name["x"], by_name["y"]]


def with_choices(draw: st.DrawFn, point: dict[str, float], depth: int) -> tuple[str, str]:
    """A program with choices, and the same with each choice replaced by the branch taken."""
    kind = draw(st.sampled_from(("leaf", "choice", "function", "operator") if depth else ("leaf",)))
    if kind == "leaf":
        text = draw(st.sampled_from(("x", "y", "0", "2", "0.5")))
        return text, text
    one, other = with_choices(draw, point, depth - 1), with_choices(draw, point, depth - 1)
    if kind == "function":
        function = draw(st.sampled_from(POISON))
        return function.format(one[0]), function.format(one[1])
    if kind == "operator":
        sign = draw(st.sampled_from("+-*/"))
        return f"(({one[0]}) {sign} ({other[0]}))", f"(({one[1]}) {sign} ({other[1]}))"
    left, _ = with_choices(draw, point, depth - 1)
    condition = f"(({left}) {draw(st.sampled_from(('<', '<=', '>', '>=', '==', '!=')))} {draw(st.integers(-1, 1))})"
    taken = one if run(condition, point)[0] else other
    return draw(st.sampled_from(CHOICES)).format(c=condition, a=one[0], b=other[0]), f"({taken[1]})"


@st.composite
def smooth(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression without kinks: on either side of one, a rounding error chooses another gradient."""
    if not depth:
        return draw(st.sampled_from(("x", "y", "x*y", "0.5", "x - y")))
    if draw(st.booleans()):
        return draw(st.sampled_from(SMOOTH)).format(draw(smooth(depth - 1)))
    template = draw(st.sampled_from(("({})*({})", "{} + {}", "{} - ({})", "hypot(2 + ({})^2, {})")))
    return template.format(draw(smooth(depth - 1)), draw(smooth(depth - 1)))
