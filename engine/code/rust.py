"""Rust without a crate, and without a warning."""

from collections.abc import Iterable

from autodiff.engine.code.source import Function, Parameter
from autodiff.engine.code.target import CHOICE, Form, Syntax, Target, call, indented, infix, literals, operators

_UNARY = "exp exp2 log2 log10 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh abs floor ceil trunc"
# Functions rather than methods: -2.0_f64.exp() is -(2.0.exp()), and a plain 2.0 has no methods.
_FORMS = {
    **operators({"and": "&&", "or": "||", "not": "!"}),
    **{name: call(f"f64::{name}") for name in _UNARY.split()},
    **{name: call(f"f64::{name}", 0, 0) for name in ("hypot", "atan2")},
    # The standard library's square their operand, and atanh has few digits near -1.
    "raw_acosh": call("f64::acosh"),
    "expm1": call("f64::exp_m1"),
    "log": call("f64::ln"),
    "log1p": call("f64::ln_1p"),
    "pow": call("f64::powf", 0, 0),
    "fmod": infix("%", 7, 7, 8),
    "where": Form("if {} {{ {} }} else {{ {} }}", CHOICE, (CHOICE, CHOICE, CHOICE)),
}

_RESERVED = """
    as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref
    return self static struct super trait true type unsafe use where while async await abstract become box do final
    macro override priv try typeof unsized virtual yield union gen f64 f32 bool str char usize isize u8 u16 u32 u64 i8
    i16 i32 i64 core std alloc main None Some Ok Err
"""


RUST = Target(
    _FORMS,
    literals("f64::INFINITY", "f64::NAN"),
    "let {} = {};",
    "let {} = {};",
    Syntax(
        "fn {}({}) -> f64",
        "let {} = {};",
        "let mut {} = {};",
        "{} = {};",
        "if {}",
        "while {}",
        "return {};",
        "{}: f64",
        "mut {}: f64",
        "// {}",
        (" {", "}"),
    ),
    reserved=frozenset(_RESERVED.split()),
    ascii_only=True,
    longest=88,
)


def rust(function: Function) -> str:
    """The file."""
    signature = _signature(function)
    lines = [f"// {line}".rstrip() for line in [*function.about, "", signature, f"returns {function.returned()}."]]
    for helper in function.helpers:
        lines += ["", helper]
    body = [f"let _ = {each.name};" for each in function.parameters if not each.used]
    body += function.body("// {}")
    body.append(function.result(_list, lambda pieces: f"({', '.join(pieces)})"))
    # A single capital letter is a fine name for a variable in mathematics.
    lines += [
        "",
        "#[allow(non_snake_case, clippy::all)]",
        f"{signature} {{",
        *indented(body, "    "),
        "}",
        "",
    ]
    return "\n".join(lines)


def _signature(function: Function) -> str:
    m, n = len(function.value), len(function.jacobian[0]) if function.jacobian else 0
    kinds = [f"[f64; {m}]" if function.several else "f64"]
    if function.order:
        kinds.append(f"[[f64; {n}]; {m}]" if function.several else f"[f64; {n}]")
    if function.order > 1:
        kinds.append(f"[[f64; {n}]; {n}]")
    returned = kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})"
    return f"pub fn {function.name}({', '.join(map(_parameter, function.parameters))}) -> {returned}"


def _parameter(parameter: Parameter) -> str:
    return f"{parameter.name}: {'f64' if parameter.length is None else f'&[f64; {parameter.length}]'}"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"
