"""Python, with nothing but its module math, and NumPy, for arrays: files of their own, which do without this library.

Python raises where IEEE arithmetic has an answer, so that most of its functions are called by others in the file.
"""

import builtins
import inspect
import keyword
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from autodiff.engine.arithmetic import floats
from autodiff.engine.code import functions
from autodiff.engine.code.source import Function
from autodiff.engine.code.target import CHOICE, TRUTH, WIDEST, Form, Target, call, indented, literals, operators

_MATH = ("copysign", "inf", "isfinite", "isnan", "nan")
_RESERVED = frozenset([*keyword.kwlist, *dir(builtins), *dir(math), "np", "shape"]) | {"match", "case", "type"}

# What is given where the function of Python's raises.
_OVERFLOWS = dict.fromkeys(("exp", "exp2", "expm1", "cosh"), "inf") | {"sinh": "copysign(inf, x)"}
_DOMAINS = (
    dict.fromkeys(("sqrt", "sin", "cos", "tan", "asin", "acos", "acosh"), "nan")
    | dict.fromkeys(("log", "log2", "log10"), "-inf if x == 0.0 else nan")
    | {"log1p": "-inf if x == -1.0 else nan", "atanh": "copysign(inf, x) if abs(x) == 1.0 else nan"}
)
_CATCHING = "def {0}(x):\n    try:\n        return math.{0}(x)\n    except {1}:\n        return {2}"
_ROUNDING = "def {0}(x):\n    return copysign(math.{0}(x), x) if isfinite(x) else x"


@cache
def script_target() -> Target:
    """Python, whose functions of its own are partly those of this library."""
    return Target(
        {
            **{name: form for name, form in operators({}).items() if name != "div"},
            **{name: call(f"math.{name}") for name in ("asinh", "tanh", "cbrt", "atan", "erf", "erfc")},
            **{name: call(f"math.{name}", 0, 0) for name in ("hypot", "atan2")},
            "abs": call("abs"),
            "not": Form("not {}", TRUTH, (TRUTH,)),
            "where": Form("{1} if {0} else {2}", CHOICE, (1, 1, CHOICE)),
        },
        literals("inf", "nan"),
        own={
            **{name: _CATCHING.format(name, "OverflowError", other) for name, other in _OVERFLOWS.items()},
            **{name: _CATCHING.format(name, "ValueError", other) for name, other in _DOMAINS.items()},
            **{name: _ROUNDING.format(name) for name in ("floor", "ceil", "trunc")},
            "fmod": _CATCHING.format("fmod", "ValueError", "nan").replace("(x)", "(x, y)"),
            **{name: inspect.getsource(getattr(floats, name)) for name in ("div", "mod", "pow", "gamma", "lgamma")},
        },
        reserved=_RESERVED,
        longest=88,
    )


def script(function: Function) -> str:
    """A file of Python."""
    body = [*function.body("# {}"), f"return {function.result(_tuple, ', '.join)}"]
    text = "\n".join([*function.helpers, *body])
    return _file(function, _imports(text), _indented(body, "    "))


def _imports(text: str) -> list[str]:
    """What a text needs of the module math."""
    used = [name for name in _MATH if re.search(rf"(?<!\.)\b{name}\b", text)]
    return ["import math"] * ("math." in text) + [f"from math import {', '.join(used)}"] * bool(used)


_UFUNCS = {
    **{name: name for name in "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh".split()},
    **{name: f"arc{name[1:]}" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **{name: name for name in ("abs", "floor", "ceil", "trunc")},
    **{"round": "rint", "not": "logical_not"},
}
_OF_TWO = {"hypot": "hypot", "atan2": "arctan2", "mod": "mod", "fmod": "fmod", "and": "logical_and", "or": "logical_or"}
_OF_ARRAYS = "sign pow scale exponent ldexp lost_in_sum over_square power_rule damped _greatest _power_of_two".split()


# NumPy has none of these.
_SPECIAL = dict.fromkeys(("erf", "erfc", "gamma", "lgamma", "digamma"), "x") | {"polygamma": "order, x"}


def _one_by_one(name: str, operands: str) -> str:
    """A function of arrays that calls Python's for every number."""
    target = script_target()
    inner = [functions.written(target, each) for each in functions.needed(target, [name])]
    function = target.forms[name].text.removesuffix("({})") if name in target.forms else target.spelled(name)
    body = "\n".join([*inner, f"return np.vectorize({function}, otypes=[float])({operands})"])
    return f"def {name}({operands}):\n" + "\n".join(f"    {line}" for line in body.splitlines())


@cache
def arrays_target() -> Target:
    """NumPy, whose functions of its own are those that rows are answered with; to read them imports NumPy."""
    from autodiff.engine.arithmetic import arrays

    return Target(
        {
            **operators({}),
            **{name: call(f"np.{ufunc}") for name, ufunc in _UFUNCS.items()},
            **{name: call(f"np.{ufunc}", 0, 0) for name, ufunc in _OF_TWO.items()},
            "where": Form("np.where({}, {}, {})"),
        },
        literals("np.inf", "np.nan"),
        own={
            **{name: inspect.getsource(getattr(arrays, name)) for name in _OF_ARRAYS},
            **{name: _one_by_one(name, operands) for name, operands in _SPECIAL.items()},
        },
        reserved=_RESERVED,
        longest=88,
        unpacks=True,
    )


def arrays_script(function: Function) -> str:
    """A file of Python that computes with NumPy's arrays."""
    names = [name for each in function.parameters for name in each.elements]
    given = _tuple([each.name if each.length is None else f"*{each.name}" for each in function.parameters])

    def spread(text: str) -> str:
        """A number as an array like the others."""
        return f"np.full({names[0]}.shape, {text})" if re.fullmatch(r"-?[\d.]+(e[-+]\d+)?|-?np\.\w+", text) else text

    if names:
        jacobian, hessian = ([list(map(spread, row)) for row in m] for m in (function.jacobian, function.hessian))
        function = replace(function, value=list(map(spread, function.value)), jacobian=jacobian, hessian=hessian)
    body = [*function.body("# {}"), f"return {function.result(_tuple, ', '.join)}"]
    lines = ['    with np.errstate(all="ignore"):', *_indented(body, "        ")]
    if names:
        # A long line may be broken within the parentheses on both sides, and not before the sign between them.
        left, right = (
            indented([text], "    ") for text in (_tuple(names), f"np.broadcast_arrays(*map(np.float64, {given}))")
        )
        lines = [*left[:-1], f"{left[-1]} = {right[0].strip()}", *right[1:], *lines]
    imports = [*_imports("\n".join(function.helpers)), "import numpy as np"]
    return _file(function, imports, lines)


def _file(function: Function, imports: Sequence[str], body: Iterable[str]) -> str:
    parameters = ", ".join(each.name for each in function.parameters)
    head = [*function.about, "", f"{function.name}({parameters}) returns {function.returned()}."]
    lines = [f"# {line}".rstrip() for line in head]
    lines += ["", *imports] if imports else []
    for helper in function.helpers:
        lines += ["", "", helper]
    return "\n".join([*lines, "", "", f"def {function.name}({parameters}):", *body]) + "\n"


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"


def _indented(lines: Iterable[str], indent: str) -> list[str]:
    """The lines behind an indent, long ones broken within parentheses."""
    enclosed = []
    for line in lines:
        if len(line) > WIDEST:
            head = re.match(r"return |[\w, ]+= ", line)
            assert head is not None
            line = f"{head[0]}({line[head.end() :]})"
        enclosed.append(line)
    return indented(enclosed, indent)
