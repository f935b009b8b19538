"""JavaScript, as a module with one function."""

from collections.abc import Iterable
from math import isinf, isnan

from autodiff.engine.code.source import Function
from autodiff.engine.code.target import CHOICE, Form, Syntax, Target, call, infix, operators

_UNARY = "exp expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"
FORMS = {
    **operators({"and": "&&", "or": "||", "not": "!", "equal": "===", "not_equal": "!=="}),
    **{name: call(f"Math.{name}") for name in f"{_UNARY} abs floor ceil trunc sign".split()},
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
    frozenset(_RESERVED.split()),
    longest=88,
)


def javascript(function: Function) -> str:
    """The file."""
    parameters = ", ".join(each.name for each in function.parameters)
    lines = [*function.about, "", f"{function.name}({parameters}) returns {_usage(function)}."]
    lines = [f"// {line}".rstrip() for line in lines]
    for helper in function.helpers:
        lines += ["", helper]
    body = []
    for title, statements in (("forward", function.forward), ("backward", function.backward)):
        if statements:
            body += [f"// {title}", *statements]
    body.append(f"return {_result(function)};")
    return "\n".join(
        [*lines, "", f"export function {function.name}({parameters}) {{", *(f"  {x}" for x in body), "}", ""]
    )


def _usage(function: Function) -> str:
    if not function.order:
        return "a list of its outputs" if function.several else "the value"
    if function.several:
        return f"[outputs, rows], where the rows are their derivatives by {function.by}"
    return f"[value, gradient{', hessian' * (function.order > 1)}], by {function.by}"


def _result(function: Function) -> str:
    value = _list(function.value) if function.several else function.value[0]
    if not function.order:
        return value
    rows = list(map(_list, function.jacobian))
    second = [_list(map(_list, function.hessian))] if function.order > 1 else []
    return _list([value, _list(rows) if function.several else rows[0], *second])


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"
