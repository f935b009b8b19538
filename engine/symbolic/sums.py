"""Sums: what is the same but for a number in front is one term."""

from typing import Any, TypeGuard

from autodiff.engine.symbolic.expressions import MOST, Atom, Expression, Number, Product, Store, Sum, Terms
from autodiff.engine.symbolic.numbers import Exact, plus, times
from autodiff.engine.symbolic.products import multiply
from autodiff.engine.table.operations import OPERATIONS

_WHERE = OPERATIONS["where"]


def terms(x: Expression) -> Terms:
    """What an expression is a sum of."""
    if isinstance(x, Sum):
        return x.terms
    if isinstance(x, Number):
        return {x.m.one: x.number} if x.number != 0 else {}
    whole: Terms = {x: 1}
    if not isinstance(x, Product) or x.number == 1:
        return whole
    if x.number == -1 and len(x.powers) == 1:
        ((base, exponent),) = x.powers.items()
        if isinstance(base, Sum) and exponent == 1:
            return {term: times(-1, number) for term, number in base.terms.items()}
    return {x.m.product(1, x.powers): x.number}


def add(m: Store, x: Expression, y: Expression, sign: int = 1) -> Expression:
    one, two = terms(x), terms(y)
    if len(one) + len(two) > MOST:
        one, two = _as_one(one, x), _as_one(two, y)
    total = dict(one)
    for term, number in two.items():
        include(m, total, term, times(sign, number))
    m.spend(1 + len(two))
    return m.sum(total)


def _as_one(parts: Terms, x: Expression) -> Terms:
    whole: Terms = {x: 1}
    return whole if len(parts) > MOST // 2 else parts


def include(m: Store, total: dict[Expression, Exact], term: Expression, number: Exact) -> None:
    """One more term, which may cancel one that is there: x - x is 0, but 0*x stays."""
    choice = _same_choice(total, term)
    if choice is not None:
        _merge_choices(m, total, choice, term, number)
    elif term not in total:
        total[term] = number
    else:
        before = total[term]
        total[term] = plus(before, number)
        if total[term] == 0 != (before or number):
            del total[term]


def _same_choice(total: Terms, term: Expression) -> Expression | None:
    """Another choice by the same condition."""
    if not _is_choice(term):
        return None
    return next((other for other in total if _is_choice(other) and other.operands[0] is term.operands[0]), None)


def _is_choice(x: Expression) -> TypeGuard[Atom]:
    return isinstance(x, Atom) and x.operation is _WHERE


def _merge_choices(m: Store, total: dict[Expression, Exact], one: Any, two: Any, number: Exact) -> None:
    """Two choices by one condition as one."""
    first, second = m.number(total.pop(one)), m.number(number)
    branches = [
        add(m, multiply(m, first, a), multiply(m, second, b)) for a, b in zip(one.operands[1:], two.operands[1:])
    ]
    for term, often in terms(m.apply("where", one.operands[0], *branches)).items():
        include(m, total, term, often)
