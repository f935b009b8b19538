"""JavaScript, as a module with one function.

For a page that plays both passes there are the functions of single operations, from which it computes the value and
the adjoint of every node itself.
"""

from collections.abc import Iterable

from autodiff.engine.code.portable import PortableLowering
from autodiff.engine.code.source import Function, helpers_of, steps_of
from autodiff.engine.code.steps import Term
from autodiff.engine.code.target import CHOICE, Form, Syntax, Target, call, indented, infix, literals, operators
from autodiff.engine.graph import Graph
from autodiff.engine.symbolic.algebra import Flow
from autodiff.engine.table.operation import Operation

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


JAVASCRIPT = Target(
    FORMS,
    literals("Infinity", "NaN", lambda x: repr(x).removesuffix(".0")),
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


def operation_functions(graph: Graph) -> tuple[str, dict[int, str]]:
    """The operations of a graph, as an object `operations` of functions; and for each gate its name there, by position.

    Each gives, of its operands, the value and a list of the local derivatives, `null` where nothing flows.
    """
    names, functions, steps = dict[int, str](), dict[str, str](), list[str]()
    for i, (node, operands) in enumerate(zip(graph.nodes, graph.operands, strict=True)):
        if node.operation is not None:
            names[i] = f"{node.operation.name}{len(operands)}"
            if names[i] not in functions:
                functions[names[i]], needed = _operation(node.operation, len(operands))
                steps += needed
    helpers = "\n".join(helpers_of(JAVASCRIPT, steps))
    members = "".join(f"  {name}: {text},\n" for name, text in functions.items())
    # In a function of their own, so that helpers are seen by nothing else.
    return f"const operations = (() => {{\n{helpers}\nreturn {{\n{members}}};\n}})();\n", names


def _operation(operation: Operation, operands: int) -> tuple[str, list[str]]:
    """An operation of so many operands as a function, and the steps in it."""
    m = PortableLowering()
    inputs = [Term(m, "input", ()) for _ in range(operands)]
    value = getattr(m, operation.name)(*inputs)
    found = m.local(operation, value, *inputs)
    there = [each if isinstance(each, Flow) else Flow(True, each) for each in found if each is not None]
    outputs = [value, *(each.condition for each in there), *(each.derivative for each in there)]
    places = {term: f"x{k}" for k, term in enumerate(inputs)}
    lines, (text, *texts) = JAVASCRIPT.body(places, outputs, m.terms)
    cells = iter(
        number if flow.condition is True else f"{test} ? {number} : null"
        for flow, test, number in zip(there, texts[: len(there)], texts[len(there) :], strict=True)
    )
    locals = _list(["null" if each is None else next(cells) for each in found])
    result = f"Number({text})" if operation.is_truth else text
    body = "\n".join(f"    {line}" for line in [*lines.values(), f"return [{result}, {locals}];"])
    return f"({', '.join(places.values())}) => {{\n{body}\n  }}", steps_of(outputs, m.terms)
