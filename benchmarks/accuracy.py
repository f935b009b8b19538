"""The worst errors of every operation against mpmath: of its value in ulps, and of its local derivatives in ulps over
1 + the condition number of the derivative. The points are those of tests/engine: drawn over the exponent range and
crowded around hard points. Beside it JAX and PyTorch in double precision on the same points, where they are installed.

    pip install '.[test]' && python benchmarks/accuracy.py [OPERATION]...
"""

import sys
from collections.abc import Callable, Sequence
from math import inf, isfinite
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from truth import DISCRETE, condition_number, points, true_derivative, true_value, ulps

from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS

Both = tuple[float, Sequence[float | None]]
Peer = Callable[[Operation], Callable[..., Both] | None]
"""From a row to a function that gives the value and the derivative by every operand, or None."""

OTHER_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "mod": "remainder"}
OTHER_NAMES |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "lgamma": "gammaln", "pow": "power"}
OTHER_NAMES |= {"min": "minimum", "max": "maximum", "div": "divide", "mul": "multiply", "sub": "subtract"}
OTHER_NAMES |= {"neg": "negative", "logsigmoid": "log_sigmoid", "softsign": "soft_sign"}


def ours(row: Operation) -> Callable[..., Both]:
    def both(*point: float) -> Both:
        value = getattr(FLOATS, row.name)(*point)
        return value, row.local(FLOATS, value, *point)

    return both


def jax(row: Operation) -> Callable[..., Both] | None:
    import jax

    jax.config.update("jax_enable_x64", True)
    rooms = (jax.numpy, jax.nn, jax.scipy.special)
    function = _found(rooms, row)
    if function is None or row.variadic or row.arity[0] != row.arity[1]:
        return None
    if row.name == "gelu":
        function = _exact_gelu(function)
    gradient = jax.jit(jax.value_and_grad(function, tuple(range(int(row.arity[1])))))

    def both(*point: float) -> Both:
        value, derivatives = gradient(*point)
        return float(value), [float(each) for each in derivatives]

    return both


def _exact_gelu(function: Any) -> Any:
    return lambda x: function(x, approximate=False)


def torch(row: Operation) -> Callable[..., Both] | None:
    import torch

    function = _found((torch, torch.nn.functional, torch.special), row)
    if function is None or row.variadic or row.arity[0] != row.arity[1]:
        return None

    def both(*point: float) -> Both:
        operands = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        value = function(*operands)
        return value.item(), [each.item() for each in torch.autograd.grad(value, operands)]

    return both


def _found(rooms: Sequence[Any], row: Operation) -> Any:
    names = [row.name, *row.aliases, OTHER_NAMES.get(row.name, row.name)]
    return next((getattr(room, name) for room in rooms for name in names if callable(getattr(room, name, None))), None)


def worst(row: Operation, both: Callable[..., Both]) -> tuple[float, float]:
    """The worst error of the value, and of a derivative over its condition."""
    of_value = of_derivative = 0.0
    for point in points(row):
        truth = true_value(row, point)
        if truth is None:
            continue
        value, derivatives = both(*point)
        near_a_zero = row.name == "lgamma" and abs(value - truth) <= 2**-48
        of_value = max(of_value, 0.0 if near_a_zero else ulps(value, truth))
        truths = {i: true_derivative(row, point, i) for i in range(len(point)) if (row.name, i) not in DISCRETE}
        for i, true in truths.items():
            derivative = derivatives[i]
            if None not in truths.values():
                error = ulps(derivative or 0.0, true)
                if of_derivative < error < inf:  # else it is not the worst, whatever the condition
                    error /= 1 + condition_number(row, point, i, true)
                of_derivative = max(of_derivative, float(error))
    return of_value, of_derivative


def main(names: list[str]) -> None:
    peers: dict[str, Peer] = {"autodiff": ours}
    for name, peer in (("jax", jax), ("torch", torch)):
        try:
            __import__(name)
        except ImportError:
            continue
        peers[name] = peer
    print(f"{'worst errors in ulps':22}" + "".join(f"{name + ' value':>16}{'derivative':>12}" for name in peers))
    for row in [OPERATIONS[name] for name in names] or OPERATIONS.values():
        cells = ""
        for peer in peers.values():
            try:
                both = peer(row)
                numbers = worst(row, both) if both else None
            except Exception:  # a function of that name that takes something else
                numbers = None
            cells += "".join(f"{_number(x):>{w}}" for x, w in zip(numbers or (None, None), (16, 12), strict=True))
        print(f"{row.name:22}{cells}", flush=True)


def _number(x: float | None) -> str:
    return "-" if x is None else f"{x:.2f}" if x < 1000 else f"{x:.1e}" if isfinite(x) else "inf"


if __name__ == "__main__":
    main(sys.argv[1:])
