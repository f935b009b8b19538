"""One evaluation as straight-line Python on floats: raw operators and raw `math`, as fast as written by hand.

Those raise where IEEE arithmetic has an answer. The code then starts over with the careful passes, which never raise.
Names in the code are its own, never the user's, so that nothing in an expression can reach Python.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from autodiff.engine.arithmetic import floats
from autodiff.engine.code.steps import Operand, RawLowering, Term
from autodiff.engine.code.target import CALL, CHOICE, TRUTH, Form, Target, infix, operators
from autodiff.engine.table.operations import FLOATS

# Python has the operators of the language but for the power: its own may be complex.
_FORMS = operators({}) | {
    "mod": infix("%", 7, 7, 8),
    "not": Form("not {}", TRUTH, (TRUTH,)),
    "where": Form("{1} if {0} else {2}", CHOICE, (1, 1, CHOICE)),
    "sech_squared": Form("((sech := 1.0 / cosh({})) * sech)"),
    "usual": Form("{0} if TINY < {0} < inf else again()", CHOICE, (CALL,)),
    "quotient": Form("{0} / {1} if {0} > TINY or {0} < -TINY else over_square({2}, {1})", CHOICE, (CALL,) * 3),
    "inside": Form("{1} if {0} == {0} else nan", CHOICE, (5, 1)),
    "damped": Form("(product if (product := {0} * {1}) == product else damped({0}, {1}))", CALL, (CALL, CALL)),
}
PYTHON = Target(_FORMS, repr)

NAMES: dict[str, Any] = {
    **{name: function for name, function in vars(FLOATS).items() if name.isidentifier()},
    **floats.RAW,
    "inf": math.inf,
    "nan": math.nan,
    "again": lambda: 1 / 0,  # which starts over with the careful passes
}


class FloatLowering(RawLowering):
    """Raw steps on Python floats. They still guard against an infinite operand, at which Python raises nothing."""

    def logistic(self, e: Operand) -> Operand:
        return self.where(self.eq(e, math.inf), 1.0, super().logistic(e))

    def over_square(self, x: Operand, y: Operand) -> Operand:
        quotient = self.div(x, y)
        if type(x) is float or type(quotient) is float:
            return super().over_square(x, y)
        return self.apply("quotient", quotient, y, x)

    def div(self, x: Operand, y: Operand) -> Operand:
        """Compute 1/cosh(x)^2 as 1 - tanh(x)^2 where tanh(x) is there already and the difference keeps its digits."""
        if type(x) is type(y) is Term and y.name == "cosh" and x.name == "div" and x.operands == (1.0, y):
            tanh = self.made.get(("tanh", *y.operands))
            if tanh:
                square = tanh * tanh
                return self.where(square < 0.5, 1.0 - square, self.shared("sech_squared", y.operands))
        return self.apply("div", x, y)


def source(inputs: Sequence[Term], outputs: Sequence[Operand], terms: Sequence[Term]) -> str:
    """The text of a function `compiled` of some inputs, which gives the first output and a tuple of the others."""
    names = [f"i{term.index}" for term in inputs]
    body, (value, *derivatives) = PYTHON.body(dict(zip(inputs, names, strict=True)), outputs, terms)
    checks = " is ".join(f"{name}.__class__" for name in names)
    lines = [
        f"def compiled({', '.join(names)}):",
        *([f" if {checks} is float:"] if names else [" if True:"]),
        "  try:",
        *[f"   {line}" for line in body.values()],
        f"   return {value}, ({''.join(f'{each}, ' for each in derivatives)})",
        "  except (ArithmeticError, ValueError):",
        "   pass",
        f" return otherwise({', '.join(names)})",
    ]
    return "\n".join(lines)


def load(text: str, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """The function that a text defines. It calls `otherwise` where it raises, or where an operand is not a float."""
    namespace = {**NAMES, "otherwise": otherwise}
    exec(compile(text, "<compiled>", "exec"), namespace)
    compiled: Callable[..., Any] = namespace["compiled"]
    return compiled
