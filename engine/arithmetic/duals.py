"""Dual numbers over any arithmetic: a number beside its derivatives by some directions.

Run on duals, the backward pass gives second derivatives: forward over reverse. A direction that a number does not
depend on is not there, which is not the same as a derivative of 0: `sqrt(x^2)` at 0 has 0*inf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autodiff.engine.table.operation import Operation, TableArithmetic

Tangents = dict[int, Any]


class Dual:
    """A number with its derivative by each direction that it depends on."""

    __slots__ = ("number", "tangents")

    def __init__(self, number: Any, tangents: Tangents) -> None:
        self.number = number
        self.tangents = tangents

    def __add__(self, other: Dual | float) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.number + other, self.tangents)
        return Dual(self.number + other.number, _sum(self.tangents, other.tangents))

    def __mul__(self, other: Dual | float) -> Dual:
        x = self.number
        if not isinstance(other, Dual):
            return Dual(x * other, {k: t * other for k, t in self.tangents.items()})
        y = other.number
        left = {k: t * y for k, t in self.tangents.items()}
        return Dual(x * y, _sum(left, {k: x * t for k, t in other.tangents.items()}))

    def __neg__(self) -> Dual:
        return Dual(-self.number, {k: -t for k, t in self.tangents.items()})

    def __sub__(self, other: Dual | float) -> Dual:
        return self + -other

    def __rsub__(self, other: float) -> Dual:
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, other: Dual | float) -> Any:
        return self.number < number(other)

    def __le__(self, other: Dual | float) -> Any:
        return self.number <= number(other)

    def __gt__(self, other: Dual | float) -> Any:
        return self.number > number(other)

    def __ge__(self, other: Dual | float) -> Any:
        return self.number >= number(other)


def number(x: Any) -> Any:
    """The number without its derivatives; conditions and plain numbers are returned unchanged."""
    return x.number if isinstance(x, Dual) else x


def tangents(x: Any) -> Tangents:
    """The derivatives of a dual number; a plain number has none."""
    return x.tangents if isinstance(x, Dual) else {}


def _sum(x: Tangents, y: Tangents) -> Tangents:
    if not x or not y:
        return x or y
    total = dict(x)
    for k, t in y.items():
        total[k] = total[k] + t if k in total else t
    return total


class Duals(TableArithmetic):
    """What rules call as `m.NAME`, on duals over an arithmetic `base`: each operation by its own local derivatives."""

    def __init__(self, base: Any, operations: Mapping[str, Operation]) -> None:
        super().__init__(base=base)
        self.functions: dict[Operation | None, Callable[..., Any]] = {
            operation: self._lifted(operation) for operation in operations.values()
        }
        for operation in operations.values():
            setattr(self, operation.name, self.functions[operation])
        self.where = self._where

    def _lifted(self, operation: Operation) -> Callable[..., Dual]:
        base = self.base
        value, local = getattr(base, operation.name), operation.local

        def function(*operands: Any) -> Dual:
            numbers = [number(x) for x in operands]
            result = value(*numbers)
            total: Tangents = {}
            if any(isinstance(x, Dual) and x.tangents for x in operands):
                for x, derivative in zip(operands, local(base, result, *numbers)):
                    if derivative is not None and (moving := tangents(x)):
                        total = _sum(total, {k: self.times(derivative, t) for k, t in moving.items()})
            return Dual(result, total)

        return function

    def times(self, derivative: Any, tangent: Any) -> Any:
        """A local derivative of the base times a derivative by a direction."""
        return derivative * tangent

    def __getattr__(self, name: str) -> Dual:
        """A constant, which has no derivatives."""
        return Dual(getattr(self.base, name), {})

    def _where(self, condition: Any, x: Any, y: Any) -> Dual:
        choose, c = self.base.where, number(condition)
        one, other = tangents(x), tangents(y)
        chosen = {k: choose(c, one.get(k, 0.0), other.get(k, 0.0)) for k in one | other}
        return Dual(choose(c, number(x), number(y)), chosen)

    def when(self, taken: Any, derivative: Any) -> Any:
        flow = self.base.when(number(taken), number(derivative))
        return None if flow is None else self._where(taken, derivative, 0.0)

    def eq(self, x: Any, y: Any) -> Any:
        return x is y or self.base.eq(number(x), number(y))

    def route(self, result: Dual, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        flows = self.base.route(number(result), tuple(map(number, operands)))
        return tuple(None if flow is None else Dual(flow, {}) for flow in flows)

    def scale(self, *operands: Any) -> Any:
        return self.base.scale(*map(number, operands))

    def exponent(self, x: Any) -> Any:
        return self.base.exponent(number(x))

    def ldexp(self, x: Any, exponent: Any) -> Dual:
        ldexp = self.base.ldexp
        return Dual(ldexp(number(x), exponent), {k: ldexp(t, exponent) for k, t in tangents(x).items()})

    def over_square(self, x: Any, y: Any) -> Any:
        return self.div(self.div(x, y), y)

    def carefully(self, formula: Callable[[], Any], textbook: Callable[[], Any]) -> Any:
        return self.base.carefully(formula, textbook)

    def power_rule(self, x: Any, y: Any) -> Any:
        return self.pow(x, y - 1.0) * y

    def damped(self, x: Any, tail: Any) -> Dual:
        product = self.base.damped
        one, other = number(x), number(tail)
        flows = {k: product(t, other) for k, t in tangents(x).items()}
        return Dual(product(one, other), _sum(flows, {k: product(one, t) for k, t in tangents(tail).items()}))

    def by_root(self, x: Any, power: Any, root: Callable[[], Any]) -> Dual:
        return self.damped(x, power)

    def inside(self, result: Any, derivative: Any) -> Dual:
        inside, of = self.base.inside, number(result)
        return Dual(inside(of, number(derivative)), {k: inside(of, t) for k, t in tangents(derivative).items()})
