"""The irrational constants that rules ask of their arithmetic as `m.NAME`, and what each of them is.

Floats hold each as the nearest double, which these formulas, rounded at every step, may miss: `floats.py` writes them
out. An arithmetic that is not bound to doubles brings `pi` and `decimal`, and takes the others from here.
"""

from collections.abc import Callable
from typing import Any

from autodiff.engine.arithmetic import floats

# fmt: off
FORMULAS: dict[str, Callable[[Any], Any]] = {
    "ln2":                  lambda m: m.log(2.0),
    "ln10":                 lambda m: m.log(10.0),
    "log2e":                lambda m: m.div(1.0, m.ln2),
    "log10e":               lambda m: m.div(1.0, m.ln10),
    "degree":               lambda m: m.div(m.pi, 180.0),
    "radian":               lambda m: m.div(180.0, m.pi),
    "root_half":            lambda m: m.sqrt(0.5),
    "two_over_root_pi":     lambda m: m.div(2.0, m.sqrt(m.pi)),
    "one_over_root_two_pi": lambda m: m.div(1.0, m.sqrt(2.0 * m.pi)),
    "selu_scale":           lambda m: m.decimal("1.0507009873554804934193349852946"),
    "selu_slope":           lambda m: m.selu_scale * m.decimal("1.6732632423543772848170429916717"),
}
# fmt: on

DOUBLES: dict[str, float] = {name: getattr(floats, name) for name in ("pi", *FORMULAS)}
"""Every constant by its name, as the nearest double."""
