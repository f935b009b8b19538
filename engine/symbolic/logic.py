"""Choices and logic: what a condition says of itself and of others."""

import operator
from collections.abc import Callable
from typing import Any, TypeGuard

from autodiff.engine.symbolic.expressions import Atom, Expression, Number, Store


def is_a(x: object, *names: str) -> TypeGuard[Atom]:
    return isinstance(x, Atom) and x.operation is not None and x.operation.name in names


def is_truth(x: Expression) -> bool:
    return isinstance(x, Atom) and x.operation is not None and x.operation.is_truth


def where(m: Store, condition: Expression, x: Expression, y: Expression) -> Expression | None:
    if condition.value is not None:
        return x if condition.value else y
    if is_a(condition, "not"):
        return m.apply("where", condition.operands[0], y, x)
    if is_a(x, "where") and x.operands[0] is condition:
        return m.apply("where", condition, x.operands[1], y)
    if is_a(y, "where") and y.operands[0] is condition:
        return m.apply("where", condition, x, y.operands[2])
    return x if x is y else None


def or_(m: Store, x: Expression, y: Expression) -> Expression | None:
    for one, other in ((x, y), (y, x)):
        if one.value is not None:
            return truth(m, other) if one.value == 0.0 else m.one
        if is_a(other, "not") and other.operands[0] is one:
            return m.one
        if is_a(one, "or") and other in one.operands:
            return one
    return truth(m, x) if x is y else None


def and_(m: Store, x: Expression, y: Expression) -> Expression | None:
    for one, other in ((x, y), (y, x)):
        if one.value is not None:
            return m.zero if one.value == 0.0 else truth(m, other)
        if is_a(one, "and") and other in one.operands:
            return one
        if is_a(one, "greater", "less") and is_a(other, "equal") and set(one.operands) == set(other.operands):
            return m.zero
        if is_a(other, "not") and other.operands[0] is one:
            return m.zero
    return truth(m, x) if x is y else None


def truth(m: Store, x: Expression) -> Expression:
    """1 or 0 for a number."""
    if x.value is not None:
        return m.number(int(x.value != 0.0))
    return x if is_truth(x) else m.apply("not_equal", x, m.zero)


def not_(m: Store, x: Expression) -> Expression | None:
    if x.value is not None:
        return m.number(int(x.value == 0.0))
    if is_a(x, "equal", "not_equal"):
        return m.apply("not_equal" if is_a(x, "equal") else "equal", *x.operands)
    return truth(m, x.operands[0]) if is_a(x, "not") else None


def equal(m: Store, x: Expression, y: Expression) -> Expression | None:
    for one, other in ((x, y), (y, x)):
        if other is m.zero and is_truth(one):
            return m.apply("not", one)
    return compared(operator.eq)(m, x, y)


def compared(function: Callable[[Any, Any], bool]) -> Callable[[Store, Expression, Expression], Expression | None]:
    """The rule of a comparison: of two numbers it is known."""

    def rule(m: Store, x: Expression, y: Expression) -> Expression | None:
        if isinstance(x, Number) and isinstance(y, Number):
            return m.number(int(function(x.number, y.number)))
        return None

    return rule


RULES: dict[str, Callable[..., Expression | None]] = {
    **{"where": where, "and": and_, "or": or_, "not": not_, "equal": equal, "not_equal": compared(operator.ne)},
    **{"less": compared(operator.lt), "less_equal": compared(operator.le)},
    **{"greater": compared(operator.gt), "greater_equal": compared(operator.ge)},
}
"""From the operands to what the operation becomes, or None where it stays."""
