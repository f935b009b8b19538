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
    from autodiff._operations import *  # noqa: F403
    from autodiff.function import Function as Function
    from autodiff.function import parse as parse
    from autodiff.grammar.errors import ProgramError as ProgramError
    from autodiff.scalar import Scalar as Scalar

    __version__: str

_PUBLIC = ("Function", "ProgramError", "Scalar", "__version__", "parse")
"""Public names beside the operations. Each is loaded on first use: every start of the command imports this file."""


def _attribute(name: str) -> Any:
    if name == "__all__":
        import builtins

        # `import *` leaves sum() and the like as they are.
        value: Any = [public for public in __dir__() if public[0] != "_" and not hasattr(builtins, public)]
    elif name in _PUBLIC or (not name.startswith("_") and name in _functions()):
        value = _loaded(name)
    else:
        import sys

        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    globals()[name] = value  # so that it is asked for once
    return value


if not TYPE_CHECKING:  # else no misspelt name would be found
    __getattr__ = _attribute


def __dir__() -> list[str]:
    return sorted({*_PUBLIC, *_functions()})


def _loaded(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name == "__version__":
        from importlib.metadata import version

        return version("autodiff-cli")
    from autodiff.function import Function, parse
    from autodiff.grammar.errors import ProgramError
    from autodiff.scalar import Scalar

    there = {"Function": Function, "ProgramError": ProgramError, "Scalar": Scalar, "parse": parse}
    return there[name] if name in there else _functions()[name]


def _functions() -> dict[str, Any]:
    from autodiff.scalar import FUNCTIONS

    return FUNCTIONS
