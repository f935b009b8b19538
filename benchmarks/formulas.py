"""The printed derivatives of 80 textbook formulas beside SymPy's simplified ones: how many operations each takes.

    python benchmarks/formulas.py [--all]

`--all` prints every pair; without it, those in which ours is longer.
"""

import sys
from pathlib import Path
from typing import Any

import sympy

import autodiff

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.formulas import TEXTBOOK

NAMES: dict[str, Any] = {
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
}
NAMES |= {"log10": lambda x: sympy.log(x) / sympy.log(10)}


def read(text: str, known: dict[str, Any] | None = None) -> Any:
    """A program as one expression of SymPy, evaluated."""
    names: dict[str, Any] = {name: sympy.Symbol(name) for name in autodiff.parse(text).inputs} | (known or NAMES)
    *statements, last = [part.strip().replace("^", "**") for part in text.split(";")]
    for statement in statements:
        head, _, body = (part.strip() for part in statement.partition("="))
        if "(" in head:
            name, parameter = head.rstrip(")").split("(")
            inner = sympy.sympify(body, locals=names)
            names[name] = lambda x, inner=inner, parameter=parameter: inner.subs(sympy.Symbol(parameter), x)
        else:
            names[head] = sympy.sympify(body, locals=names)
    return sympy.sympify(last, locals=names)


def operations(text: str) -> int:
    """SymPy's count of the operations of a text as it stands; what is computed twice under a name counts once."""
    parts = [part.partition("=")[2] if "=" in part and "==" not in part else part for part in text.split(";")]
    named = {name: sympy.Function(name) for name in ("sigmoid", "softplus", "log10")}
    letters = {letter: sympy.Symbol(letter) for letter in "CDEFGHIKNQSOh"}
    symbols = letters | named
    return sum(
        int(sympy.count_ops(sympy.parse_expr(part.replace("^", "**"), symbols, evaluate=False))) for part in parts
    )


def main() -> None:
    ours = theirs = 0
    for text, name in TEXTBOOK:
        derivative = str(autodiff.parse(text).derivative(name))
        simplified = str(sympy.simplify(sympy.diff(read(text), sympy.Symbol(name))))
        one, two = operations(derivative), operations(simplified)
        ours, theirs = ours + one, theirs + two
        if one > two or "--all" in sys.argv:
            print(f"d/d{name} {text}\n  {one:3} {derivative}\n  {two:3} {simplified}")
    print(f"{ours} operations, SymPy's {theirs}: {ours / theirs:.3f}")


if __name__ == "__main__":
    main()
