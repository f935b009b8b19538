"""C99 and its math.h, without a warning from -Wall -Wextra -pedantic.

What C calls otherwise than the table of operations is in `_FORMS`; `c` lays out the file.
"""

from autodiff.engine.code.source import Function, Parameter
from autodiff.engine.code.target import CHOICE, Form, Syntax, Target, call, indented, literals, operators

_UNARY = "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"
_FORMS = {
    **operators({"and": "&&", "or": "||", "not": "!"}),
    **{name: call(name) for name in f"{_UNARY} floor ceil trunc erf erfc lgamma".split()},
    **{name: call(name, 0, 0) for name in ("pow", "hypot", "atan2", "fmod")},
    "abs": call("fabs"),
    "round": call("rint"),
    "gamma": call("tgamma"),
    "where": Form("{} ? {} : {}", CHOICE, (1, 1, CHOICE)),
}

# Those of later standards and of C++ too, since a file of C is often compiled as such.
_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while _Bool _Complex
    _Imaginary bool true false nullptr constexpr alignas alignof thread_local typeof static_assert asm main class new
    delete template this namespace
"""
# What math.h declares, in some dialects only; a local variable of such a name would hide a function that is called.
# The last ones are the function's own parameters.
_LIBRARY = f"""
    {_UNARY} floor ceil trunc erf erfc lgamma tgamma pow hypot atan2 fmod fabs rint round nearbyint ldexp frexp modf
    fma fmax fmin fdim remainder copysign nan nextafter logb ilogb scalbn isnan isinf isfinite signbit fpclassify
    isnormal INFINITY NAN HUGE_VAL M_PI double_t float_t j0 j1 jn y0 y1 yn gamma signgam linux unix value gradient
    jacobian hessian
"""


C = Target(
    _FORMS,
    literals("INFINITY", "NAN"),  # macros of math.h, of type float
    "const double {} = {};",
    "const int {} = {};",
    Syntax(
        "static double {}({})",
        "const double {} = {};",
        "double {} = {};",
        "{} = {};",
        "if ({})",
        "while ({})",
        "return {};",
        "double {}",
        "double {}",
        "/* {} */",
        (" {", "}"),
    ),
    reserved=frozenset(f"{_KEYWORDS} {_LIBRARY}".split()),
    ascii_only=True,
    longest=88,
)


def c(function: Function) -> str:
    """The file."""
    signature = _signature(function)
    head = [*map(_harmless, function.about), "", signature, *_usage(function)]
    lines = ["/*", *(f" * {line}".rstrip() for line in head), " */", "#include <math.h>", ""]
    for helper in function.helpers:
        lines += [helper, ""]
    body = [f"(void){each.name};" for each in function.parameters if not each.used]
    body += function.body("/* {} */")
    body += _results(function)
    return "\n".join([*lines, signature, "{", *indented(body, "    "), "}"]) + "\n"


def _signature(function: Function) -> str:
    parameters = list(map(_parameter, function.parameters))
    outputs, n = len(function.value), len(function.jacobian[0]) if function.jacobian else 0
    if function.several:
        parameters.append(f"double value[{outputs}]")
    if function.order:
        parameters.append(f"double jacobian[{outputs * n}]" if function.several else f"double gradient[{n}]")
    if function.order == 2:
        parameters.append(f"double hessian[{n * n}]")
    kind = "void" if function.several else "double"
    return f"{kind} {function.name}({', '.join(parameters) or 'void'})"


def _parameter(parameter: Parameter) -> str:
    return (
        f"double {parameter.name}" if parameter.length is None else f"const double {parameter.name}[{parameter.length}]"
    )


def _usage(function: Function) -> list[str]:
    m, by = len(function.value), function.by
    if function.several:
        yields = [f"writes its {m} outputs to value"]
        yields += [f"row by row their derivatives by {by} to jacobian"] * (function.order > 0)
    else:
        yields = ["returns the value"]
        yields += [f"writes its derivatives by {by} to gradient"] * (function.order > 0)
        yields += ["the second ones row by row to hessian"] * (function.order > 1)
    lines = [f"{', and '.join(yields)}."]
    # A vector is still read when the first results are written.
    if any(each.length for each in function.parameters) and (function.several or function.order):
        lines.append("The arrays that it writes must not overlap those that it reads.")
    return [*lines, "Do not compile it with -ffast-math, which has no nan and no infinity."]


def _results(function: Function) -> list[str]:
    lines = [f"value[{i}] = {text};" for i, text in enumerate(function.value) if function.several]
    derivatives = "jacobian" if function.several else "gradient"
    for name, rows in ((derivatives, function.jacobian), ("hessian", function.hessian)):
        lines += [f"{name}[{i}] = {text};" for i, text in enumerate(text for row in rows for text in row)]
    return lines if function.several else [*lines, f"return {function.value[0]};"]


def _harmless(line: str) -> str:
    """A line that does not end the comment, begin another, or hold a trigraph or a backslash at its end."""
    # In C99 the trigraph ??/ is a backslash, and one at the end of a line joins the next one to it.
    for mark in ("*/", "/*", "??"):
        line = line.replace(mark, f"{mark[0]} {mark[1]}")
    return f"{line}." if line.endswith("\\") else line
