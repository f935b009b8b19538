"""JavaScript, as a module with one function.

`all_nodes` is a variant for the page that plays: instead of the value and the gradient it returns the value and the
adjoint of every node, in the order of `Graph.nodes`, and for every operand of a node its local derivative and what
flowed back to it, `null` where nothing flowed. It has no names of the user.
"""

from collections.abc import Iterable
from itertools import chain
from math import isinf, isnan

from autodiff.engine.code.portable import lower_nodes
from autodiff.engine.code.source import Function, helpers_of
from autodiff.engine.code.target import CHOICE, Form, Syntax, Target, call, indented, infix, operators, used
from autodiff.engine.graph import Graph

_UNARY = "exp expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"
FORMS = {
    **operators({"and": "&&", "or": "||", "not": "!", "equal": "===", "not_equal": "!=="}),
    **{name: call(f"Math.{name}") for name in f"{_UNARY} abs floor ceil trunc sign".split()},
    # Math.max and Math.min are not used: a choice is a comparison, so that ties go where the gradient goes.
    **{name: call(f"Math.{name}", 0, 0) for name in ("hypot", "atan2")},
    "exp2": Form("Math.pow(2, {})"),
    "raw_pow": call("Math.pow", 0, 0),
    "fmod": infix("%", 7, 7, 8),
    "where": Form("{} ? {} : {}", CHOICE, (1, 1, CHOICE)),
}

# Math and the like are no keywords, but a variable of that name would hide what the code calls.
_RESERVED = """
    abstract arguments await boolean break byte case catch char class const continue debugger default delete do double
    else enum eval export extends false final finally float for function goto if implements import in instanceof int
    interface let long native new null package private protected public return short static super switch synchronized
    this throw throws transient true try typeof var void volatile while with yield async of undefined NaN Infinity Math
    Object Array Number
"""


def _literal(x: float) -> str:
    if isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return "NaN" if isnan(x) else repr(x).removesuffix(".0")


JAVASCRIPT = Target(
    FORMS,
    _literal,
    "const {} = {};",
    "const {} = {};",
    Syntax(
        "function {}({})",
        "const {} = {};",
        "let {} = {};",
        "{} = {};",
        "if ({})",
        "while ({})",
        "return {};",
        comment="// {}",
        braces=(" {", "}"),
    ),
    reserved=frozenset(_RESERVED.split()),
    longest=88,
)


def javascript(function: Function) -> str:
    """The file."""
    parameters = ", ".join(each.name for each in function.parameters)
    lines = [
        *function.about,
        "",
        f"{function.name}({parameters}) returns {function.returned()}{', as lists' * (len(function.jacobian) > 0)}.",
    ]
    lines = [f"// {line}".rstrip() for line in lines]
    for helper in function.helpers:
        lines += ["", helper]
    body = function.body("// {}")
    body.append(f"return {function.result(_list, _list)};")
    return "\n".join([*lines, "", f"export function {function.name}({parameters}) {{", *indented(body, "  "), "}", ""])


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


def all_nodes(graph: Graph) -> str:
    """A module with `f(inputs)`, from a list of numbers to an object of lists: values, adjoints, locals and flows."""
    found = lower_nodes(graph)
    flat = [*found.adjoints, *chain(*found.locals, *found.flows)]
    # One list of all outputs, so that what they have in common is computed once, and one iterator to take it apart.
    conditions = [True if flow is None else flow.condition for flow in flat]
    outputs = [*found.values, *conditions, *(0.0 if flow is None else flow.derivative for flow in flat)]
    uses = used(outputs, found.terms)
    steps = [term.name for term in found.terms if term in uses and term.name != "input"]
    places = {term: f"inputs[{i}]" for i, term in enumerate(found.inputs)}
    lines, texts = JAVASCRIPT.body(places, outputs, found.terms)
    values, tests = texts[: len(graph.nodes)], texts[len(graph.nodes) : len(graph.nodes) + len(flat)]
    numbers = texts[len(graph.nodes) + len(flat) :]
    cells = iter(
        "null" if flow is None else number if flow.condition is True else f"{test} ? {number} : null"
        for flow, test, number in zip(flat, tests, numbers, strict=True)
    )
    adjoints = [next(cells) for _ in graph.nodes]
    locals, flows = ([_list([next(cells) for _ in row]) for row in graph.operands] for _ in range(2))
    pieces = {"values": values, "adjoints": adjoints, "locals": locals, "flows": flows}
    result = ",\n".join(f"    {name}: {_list(texts)}" for name, texts in pieces.items())
    body = "\n".join(f"  {line}" for line in lines.values())
    functions = "\n".join(helpers_of(JAVASCRIPT, steps))
    return f"{functions}\nexport function f(inputs) {{\n{body}\n  return {{\n{result}\n  }};\n}}\n"
