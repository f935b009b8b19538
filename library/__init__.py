"""autodiff, the differentiator for the shell: expressions in; values, gradients and pictures out.

From Python, an expression as a function:

    import autodiff
    f = autodiff.parse("sigmoid(a*x + b) + a")
    f(a=0.2, x=2, b=0.6), f.gradient(a=0.2, x=2, b=0.6), f.derivative("x"), f.hessian(a=0.2, x=2, b=0.6)
    g = f.compile(wrt=("a", "b"))

Or define by run, with `Scalar` and every operation as a function (`autodiff functions` lists them):

    from autodiff import Scalar, sigmoid
    a, x, b = Scalar(0.2, label="a"), Scalar(2, label="x"), Scalar(0.6, label="b")
    z = sigmoid(a*x + b) + a
    z.backward()
    z.value, a.grad
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autodiff.function import Function as Function
    from autodiff.function import parse as parse
    from autodiff.grammar.errors import ProgramError as ProgramError
    from autodiff.scalar import Scalar as Scalar

_HOMES = dict.fromkeys(("Function", "Scalar", "parse"), "autodiff.notebook") | {
    "ProgramError": "autodiff.grammar.errors"
}
"""Where public names are defined: loaded when asked for, since every start of the command imports this file."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("autodiff-cli")
    elif name == "__all__":
        import builtins

        value = [public for public in __dir__() if not hasattr(builtins, public)]  # `import *` leaves sum() as it is
    elif not name.startswith("_") and name in _functions():
        value = _functions()[name]
    else:
        import sys

        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    globals()[name] = value  # so that it is asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*_HOMES, *_functions()})


def _functions() -> dict[str, Any]:
    from autodiff.scalar import FUNCTIONS

    return FUNCTIONS
