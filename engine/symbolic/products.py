"""What a symbol is a product of: numbers, and powers above and below the line."""

from collections.abc import Callable
from math import gcd, isfinite
from typing import Any, NamedTuple, TypeVar

from autodiff.engine.graph import Constant, Node
from autodiff.engine.symbolic.symbols import Symbol
from autodiff.engine.table.operations import OPERATIONS

_SHORT = 8  # characters
MOST = 8  # factors or terms that are looked through

Powers = dict[Symbol, float]
T = TypeVar("T")


class TooLarge(ValueError):
    """A derivative that would have too many nodes, or too large a number."""


def short(number: float) -> bool:
    """Whether one would write a number instead of the operation that gives it."""
    return isfinite(number) and len(repr(number)) <= _SHORT


def neat(number: float) -> float:
    """A number without the rounding of its last digits, where it is short then: 0.3 for 0.1*3."""
    if number % 1.0 == 0.0:
        return number
    rounded = float(f"{number:.15g}")
    return rounded if short(rounded) else number


class Product(NamedTuple):
    """number/divisor times powers above, over powers below the line."""

    number: float
    divisor: float
    above: Powers
    below: Powers

    def inverse(self) -> "Product":
        return Product(self.divisor, self.number, self.below, self.above)


def product(x: Any) -> Product:
    """What a symbol or a number is a product of."""
    if isinstance(x, float):
        return Product(x, 1.0, {}, {})
    known: dict[Node, Product] = x.m.products
    return remembered(known, x, _product)


def remembered(known: dict[Node, T], x: Symbol, made: Callable[[Symbol], T]) -> T:
    """What is known of a symbol; it is made where it is not known yet."""
    if x.node not in known:
        known[x.node] = made(x)
    return known[x.node]


def _product(x: Symbol) -> Product:
    name = x.node.operation.name if x.node.operation else ""
    whole = Product(1.0, 1.0, {x: 1.0}, {})
    if name not in ("mul", "div", "neg", "pow", "sqrt"):
        return whole
    left, *others = operands(x)
    if name == "sqrt":
        return Product(1.0, 1.0, {left: 0.5}, {}) if isinstance(left, Symbol) else whole
    if name == "neg":
        return product(left)._replace(number=-product(left).number)
    (right,) = others
    if name == "pow":
        if not _plain_power(left, right):
            return whole
        power = product(left)
        if is_a(left, "sqrt"):
            return power._replace(above=dict.fromkeys(power.above, right / 2))
        return Product(1.0, 1.0, {left: right}, {})
    one, two = product(left), product(right)
    if name == "div":
        two = two.inverse()
    if two.divisor == 0.0 or len(one.above) + len(two.above) + len(one.below) + len(two.below) > MOST:
        return whole
    both = times(one, two)
    return both if isfinite(both.number) and isfinite(both.divisor) else whole


def _plain_power(base: Any, exponent: Any) -> bool:
    return isinstance(base, Symbol) and isinstance(exponent, float) and exponent > 0


def times(one: Product, two: Product) -> Product:
    above, below = _united(one.above, two.above), _united(one.below, two.below)
    for base in [base for base in above if base in below]:
        left = above.pop(base) - below.pop(base)
        if left:
            (above if left > 0 else below)[base] = abs(left)
    for base in list(above):  # sign(u)/abs(u)
        if is_a(base, "sign") and above[base] == 1.0:
            size = base.m.abs(operands(base)[0])
            if below.get(size) == 1.0:
                del above[base], below[size]
                below = _united(below, {operands(base)[0]: 1.0})
    number, divisor = (neat(a * b) for a, b in ((one.number, two.number), (one.divisor, two.divisor)))
    if not (isfinite(number) and isfinite(divisor)) and all(isfinite(x) for x in (*one[:2], *two[:2])):
        raise TooLarge("a number in the derivative is too large for a double")
    return Product(*_lowest(number, divisor), above, below)


def _united(one: Powers, two: Powers) -> Powers:
    return {base: one.get(base, 0.0) + two.get(base, 0.0) for base in {**one, **two}}


def _lowest(number: float, divisor: float) -> tuple[float, float]:
    """A fraction in its lowest terms, or as one number where that is short."""
    if divisor == 1.0 or short(number / divisor):
        return number / divisor, 1.0
    if number % 1 == 0 and divisor % 1 == 0 and max(abs(number), abs(divisor)) < 2**53:
        common = gcd(int(number), int(divisor))
        return number / common, divisor / common
    return number, divisor


def operands(x: Symbol) -> list[Any]:
    """The operands of a symbol, numbers as floats."""
    return [node.number if isinstance(node, Constant) else Symbol(node, x.m) for node in x.node.operands]


def is_a(x: Any, name: str) -> bool:
    return isinstance(x, Symbol) and x.node.operation is OPERATIONS[name]
