"""What functions and constants are called elsewhere, where that is known to mean the same."""

from autodiff.engine.table.operations import SPELLINGS
from autodiff.grammar.values import VECTOR_FUNCTIONS

Template = str
"""A call in our notation: {0} is the first argument, {a} the same in parentheses where it needs them."""

KNOWN = {*SPELLINGS, *VECTOR_FUNCTIONS}

MODULES = {"math", "cmath", "Math", "np", "numpy", "jnp", "torch", "tf", "sp", "sympy", "scipy", "special", "F", "std"}
"""The names of modules, in front of the name of a function."""

CONSTANTS = {
    "pi": "pi",
    "PI": "pi",
    "Pi": "pi",
    "tau": "tau",
    "inf": "inf",
    "nan": "nan",
    "Infinity": "inf",
    "NaN": "nan",
}

RENAMED = {
    **dict.fromkeys(("tg",), "tan"),
    **dict.fromkeys(("ctg", "cotg", "cotan"), "cot"),
    "cosec": "csc",
    **dict.fromkeys(("arctg",), "atan"),
    **{"sh": "sinh", "ch": "cosh", "th": "tanh", "tgh": "tanh"},
    **{
        "arsinh": "asinh",
        "argsinh": "asinh",
        "arcosh": "acosh",
        "argcosh": "acosh",
        "artanh": "atanh",
        "argtanh": "atanh",
    },
    **{"lg": "log10", "log_10": "log10", "lb": "log2", "ld": "log2", "log_2": "log2", "log_e": "log"},
    **{"fabs": "abs", "absolute": "abs", "sgn": "sign", "signum": "sign", "ceiling": "ceil", "fix": "trunc"},
    **{
        "amax": "max",
        "amin": "min",
        "reduce_max": "max",
        "reduce_min": "min",
        "reduce_sum": "sum",
        "reduce_mean": "mean",
    },
    **{"average": "mean", "avg": "mean", "sumproduct": "dot", "loggamma": "lgamma"},
    **{"norm.cdf": "normcdf", "norm.pdf": "normpdf", "iif": "where", "ifelse": "where"},
}
"""Functions of the same operands, in the same order."""

_FMOD = "({a} - {b}*trunc({a}/{b}))"  # with the sign of the first operand, as in C

TEMPLATES: dict[tuple[str, int], Template] = {
    ("if", 3): "where({0}, {1}, {2})",
    ("factorial", 1): "gamma({a} + 1)",
    ("fact", 1): "gamma({a} + 1)",
    ("fmod", 2): _FMOD,
    ("rem", 2): _FMOD,
    ("remainder", 2): "({a} - {b}*round({a}/{b}))",
    ("mod", 2): "({a} % {b})",
    ("square", 1): "{a}^2",
    ("exp10", 1): "10^{a}",
    ("reciprocal", 1): "(1/{a})",
    ("rsqrt", 1): "(1/sqrt({0}))",
    ("nthroot", 2): "{a}^(1/{b})",
    ("logaddexp", 2): "logsumexp({0}, {1})",
    ("sind", 1): "sin(rad({0}))",
    ("cosd", 1): "cos(rad({0}))",
    ("tand", 1): "tan(rad({0}))",
    ("int", 1): "trunc({0})",
    ("float", 1): "{a}",
    ("array", 1): "{0}",
    ("tensor", 1): "{0}",
    ("Math.round", 1): "floor({0} + 0.5)",
}
"""Functions that are written otherwise here, by name and number of operands."""

SPREADSHEET: dict[tuple[str, int], Template] = {
    ("LOG", 1): "log10({0})",
    ("LOG", 2): "log({0}, {1})",
    ("INT", 1): "floor({0})",
    ("ATAN2", 2): "atan2({1}, {0})",
    ("PI", 0): "pi",
}
"""What a spreadsheet means by names that mean something else in other places."""

WOLFRAM: dict[tuple[str, int], Template] = {
    ("Log", 2): "log({1}, {0})",
    ("Log", 1): "log({0})",
    ("ArcTan", 2): "atan2({1}, {0})",
    ("ArcTan", 1): "atan({0})",
}

INVERSES = {
    **{"sin": "asin", "cos": "acos", "tan": "atan"},
    **{"sinh": "asinh", "cosh": "acosh", "tanh": "atanh"},
}
"""What an exponent of -1 makes of a function."""

LATEX = {
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    "div": "/",
    **dict.fromkeys(("lvert", "rvert", "vert"), "|"),
    **dict.fromkeys(("lVert", "rVert", "Vert", "|"), "||"),
    **dict.fromkeys(("le", "leq"), "<="),
    **dict.fromkeys(("ge", "geq"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
    **{"infty": "inf", "lt": "<", "gt": ">", "land": " and ", "lor": " or "},
}
"""The signs among the commands of LaTeX; the others are names."""
