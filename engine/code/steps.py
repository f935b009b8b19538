"""Lowering a graph and its derivatives to straight-line code: rules run on terms, and each term is one step.

Unlike the textbook of `symbols.py`, a term keeps all the care that floats take about range and rounding. Every step is
made once, and the few simplifications here are exact.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, TypeGuard, TypeVar, final

from autodiff.engine.arithmetic.floats import TINY
from autodiff.engine.derivatives import adjoint_flows, guarded
from autodiff.engine.graph import Constant, Graph
from autodiff.engine.symbolic.algebra import Flow
from autodiff.engine.symbolic.symbols import Symbol, Symbols
from autodiff.engine.table.constants import DOUBLES
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS

CONDITIONS = frozenset(name for name, row in OPERATIONS.items() if row.is_truth)
"""The steps that give a truth value rather than a number."""

_NONE: Mapping[str, float] = {}
_MODERATE = (2.0**-400, 2.0**400)  # whose square neither overflows nor loses digits


@final
class Term(Symbol):
    """One step: a name and its operands, which are earlier terms and numbers."""

    __slots__ = ("index", "name", "operands")

    def __init__(self, m: "Lowering", name: str, operands: "tuple[Operand, ...]") -> None:
        self.m = m
        self.name = name
        self.operands = operands
        self.index = len(m.terms)
        m.terms.append(self)

    __eq__ = object.__eq__
    __hash__ = object.__hash__


Operand = Term | float
"""What a step is applied to: an earlier step, or a number or truth value that is known when the code is made."""


class Lowering(Symbols):
    """The arithmetic of terms. A number stays a Python float, and a condition that is always met True."""

    def __init__(self) -> None:
        vars(self).update(DOUBLES)
        self.terms: list[Term] = []
        self.made: dict[Any, Term] = {}
        self.zero_unless: dict[Operand, Operand] = {}
        self.order_of: dict[Operand, tuple[str, str]] = {}

    def __getattr__(self, name: str) -> Callable[..., Operand]:
        if name not in OPERATIONS:
            raise AttributeError(name)
        value = OPERATIONS[name].value
        function = partial(self.apply, name) if value is None else partial(value, self)
        setattr(self, name, function)
        return function

    def apply(self, name: str, *operands: Operand) -> Operand:
        """A step in its simplest form: a number, or the one term for it."""
        if Term not in map(type, operands):
            number = getattr(FLOATS, name)(*operands)
            return bool(number) if name in CONDITIONS else number
        simplify = _SIMPLER.get(name)
        simpler = simplify(self, *operands) if simplify else None
        return self.shared(name, operands) if simpler is None else simpler

    def shared(self, name: str, operands: tuple[Operand, ...]) -> Term:
        """The one term for a step."""
        key = (name, *map(_identity, operands))
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = Term(self, name, operands)
            if len(operands) == 2 and name in OPERATIONS and OPERATIONS[name].commutative:
                self.made[(name, key[2], key[1])] = found
        return found

    def when(self, taken: Operand, derivative: Operand) -> Flow | Operand | None:
        condition = self.truth(taken)
        if type(condition) is Term:
            return Flow(condition, derivative)
        return derivative if condition else None

    def truth(self, x: Operand) -> Operand:
        """A number as a condition."""
        if type(x) is not Term or x.name in CONDITIONS:
            return x
        return self.apply("not", self.eq(x, 0.0))

    def negation(self, condition: Operand) -> Operand:
        return self.apply("not", condition)

    def max(self, *operands: Operand) -> Operand:
        return reduce(partial(self.chosen, OPERATIONS["max"]), operands)

    def min(self, *operands: Operand) -> Operand:
        return reduce(partial(self.chosen, OPERATIONS["min"]), operands)

    def chosen(self, operation: Operation, x: Operand, y: Operand) -> Operand:
        """The greater of x and y, or the smaller, as `floats.py` chooses; nan where one is nan."""
        weak, strict = operation.prefers
        if x is y:
            return x
        if type(y) is not Term and y == y:
            result = self.where(self.apply(strict, y, x), y, x)
        else:
            keep = self.apply(weak, x, y)
            if type(x) is Term or x != x:
                keep = self.apply("or", keep, self.negation(self.eq(x, x)))
            result = self.where(keep, x, y)
        if type(result) is Term:
            self.order_of[result] = weak, strict
        return result

    def route(self, result: Operand, operands: tuple[Operand, ...]) -> tuple[Flow | Operand | None, ...]:
        return self.routed(self.order_of.get(result), result, operands)

    def scale(self, *operands: Operand) -> Operand:
        # Beside a moderate number no operand is too small.
        if any(type(x) is float and _MODERATE[0] < x < _MODERATE[1] for x in operands):
            return 1.0
        return self.apply("scale", *operands)

    def exponent(self, x: Operand) -> Operand:
        return self.apply("exponent", x)

    def ldexp(self, x: Operand, exponent: Operand) -> Operand:
        return self.apply("ldexp", x, exponent)

    def over_square(self, x: Operand, y: Operand) -> Operand:
        quotient = self.div(x, y)
        if type(x) is float and abs(x) > _MODERATE[0]:  # a quotient that has lost digits is of so large a y
            return self.div(quotient, y)
        return self.apply("over_square", x, y)

    def carefully(self, formula: Callable[[], Operand], textbook: Callable[[], Operand]) -> Operand:
        return formula()

    def power_rule(self, x: Operand, y: Operand) -> Operand:
        if type(y) is float and abs(y) >= 1.0 and (y - 1.0) + 1.0 == y and abs(y) < 2.0**52:
            return y * self.pow(x, y - 1.0)
        return self.apply("power_rule", x, y)

    def damped(self, x: Operand, tail: Operand) -> Operand:
        return x * tail if type(x) is float and x and math.isfinite(x) else self.apply("damped", x, tail)

    def by_root(self, x: Operand, power: Operand, root: Callable[[], Operand]) -> Operand:
        half = root()
        in_range = self.apply("and", power > TINY, power < math.inf)
        return self.where(in_range, x * power, self.damped(self.damped(x, half), half))

    def inside(self, result: Operand, derivative: Operand) -> Operand:
        return self.apply("inside", result, derivative)

    def values(self, graph: Graph, given: Mapping[str, float] = _NONE) -> list[Operand]:
        """The values of all nodes: a term for every input, but for those that have a value."""
        values = [given[x.name] if x.name in given else Term(self, "input", ()) for x in graph.inputs]
        first = len(values)
        for node, operands in zip(graph.nodes[first:], graph.operands[first:], strict=True):
            if isinstance(node, Constant):
                values.append(node.number)
            elif node.operation is None:
                raise KeyError(node.label)  # an input that the graph was not told of
            else:
                values.append(getattr(self, node.operation.name)(*[values[j] for j in operands]))
        return values

    def lowered(self, graph: Graph, wrt: Sequence[int]) -> tuple[list[Term], list[Operand]]:
        """The terms of the inputs; the value of the one output and its derivatives by the inputs at some positions."""
        values = self.values(graph)
        adjoints = adjoint_flows(graph, values, self, set(wrt))
        value = values[graph.position[graph.outputs[0]]]
        inputs = [x for x in values[: len(graph.inputs)] if type(x) is Term]
        return inputs, [value, *[guarded(self, adjoints[i]) for i in wrt]]


class RawLowering(Lowering):
    """Simpler steps, which are right as long as nothing overflows, divides by zero or leaves its domain."""

    def sigmoid(self, x: Operand) -> Operand:
        """sigmoid(x), with an exponential that sigmoid(-x) shares."""
        if isinstance(x, float):
            return FLOATS.sigmoid(x)
        return self.logistic(self.exp(x)) if x.name == "neg" else self.div(1.0, 1.0 + self.exp(-x))

    def logistic(self, e: Operand) -> Operand:
        return self.div(e, 1.0 + e)

    def power_rule(self, x: Operand, y: Operand) -> Operand:
        if type(y) is float and y and (y - 1.0) + 1.0 == y and abs(y) < 2.0**52:  # 1/x, for x^0, raises nothing
            return y * self.pow(x, y - 1.0)  # which raises where it is infinite and the product may not be
        return super().power_rule(x, y)

    def by_root(self, x: Operand, power: Operand, root: Callable[[], Operand]) -> Operand:
        return x * (self.apply("usual", power) if type(power) is Term else power)  # it raises where that is not so

    def inside(self, result: Operand, derivative: Operand) -> Operand:
        """An operation with a domain raises outside of it."""
        raises = type(result) is Term and result.name in OPERATIONS and OPERATIONS[result.name].domain
        return derivative if raises else super().inside(result, derivative)


def _identity(operand: Operand) -> Operand | str:
    """A key that tells operands apart, which `==` does not: 0.0 == -0.0, and nan != nan."""
    return operand if type(operand) is Term or (operand and operand == operand) else repr(operand)


# --- Simplifications, all exact: None where there is none -------------------------------------------------------------

_Rule = TypeVar("_Rule", bound=Callable[..., Any])
_SIMPLER: dict[str, Callable[..., Any]] = {}


def _simplifies(name: str) -> Callable[[_Rule], _Rule]:
    def noted(rule: _Rule) -> _Rule:
        _SIMPLER[name] = rule
        return rule

    return noted


def _is(x: Operand, name: str) -> TypeGuard[Term]:
    return type(x) is Term and x.name == name


@_simplifies("add")
def _add(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    if _is(y, "neg"):
        return x - y.operands[0]
    if _is(x, "neg"):
        return y - x.operands[0]
    if x in m.zero_unless and y in m.zero_unless:
        result = m.shared("add", (x, y))
        m.zero_unless[result] = m.apply("or", m.zero_unless[x], m.zero_unless[y])
        return result
    return None


@_simplifies("sub")
def _sub(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    return x + y.operands[0] if _is(y, "neg") else None


@_simplifies("mul")
def _mul(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    for one, other in ((x, y), (y, x)):
        if type(one) is not Term:
            if one == 1.0:
                return other
            if one == -1.0:
                return -other
        elif one.name == "neg":
            return -(one.operands[0] * other)
    return None


@_simplifies("div")
def _div(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    if type(y) is not Term and y == 1.0:
        return x
    if _is(x, "neg"):
        return -m.div(x.operands[0], y)
    return -m.div(x, y.operands[0]) if _is(y, "neg") else None


@_simplifies("neg")
def _neg(m: Lowering, x: Term) -> Operand | None:
    return x.operands[0] if x.name == "neg" else None


@_simplifies("abs")
def _abs(m: Lowering, x: Term) -> Operand | None:
    return m.abs(x.operands[0]) if x.name == "neg" else None


@_simplifies("pow")
def _pow(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    if type(y) is Term:
        return None
    if y in (2.0, 3.0, 4.0):
        square = x * x
        return square if y == 2.0 else square * x if y == 3.0 else square * square
    return x if y == 1.0 else m.div(1.0, x) if y == -1.0 else None


@_simplifies("sum")
def _sum(m: Lowering, *x: Operand) -> Operand | None:
    return x[0] if len(x) == 1 else x[0] + x[1] if len(x) == 2 else None


@_simplifies("where")
def _where(m: Lowering, condition: Operand, x: Operand, y: Operand) -> Operand | None:
    condition = m.truth(condition)
    if type(condition) is not Term:
        return x if condition else y
    if _is(x, "where") and x.operands[0] is condition:
        x = x.operands[1]
    if type(y) is Term or y != 0.0:
        return x if x is y else m.shared("where", (condition, x, y))
    if type(x) is Term and m.zero_unless.get(x) is condition:
        return x
    result = m.shared("where", (condition, x, y))
    m.zero_unless[result] = condition
    return result


def _mirrored(opposite: str, m: Lowering, x: Operand, y: Operand) -> Operand | None:
    """Write a comparison of -x with a number as one of x: -x < 2 is x > -2."""
    if _is(x, "neg") and type(y) is float:
        return m.apply(opposite, x.operands[0], 0.0 - y)  # not -0.0
    return None


@_simplifies("and")
def _and(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    for one, other in ((x, y), (y, x)):
        if type(one) is not Term:
            return other if one else False
    if x is y:
        return x
    return False if _opposite(x, y) else None


@_simplifies("or")
def _or(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    for one, other in ((x, y), (y, x)):
        if type(one) is not Term:
            return True if one else other
        if one.name == "or" and other in one.operands:
            return one
    if x is y:
        return x
    return True if _opposite(x, y) else None


def _opposite(x: Operand, y: Operand) -> bool:
    return (_is(x, "not") and x.operands[0] is y) or (_is(y, "not") and y.operands[0] is x)


@_simplifies("not")
def _not(m: Lowering, x: Term) -> Operand | None:
    return x.operands[0] if x.name == "not" else None


@_simplifies("equal")
def _equal(m: Lowering, x: Operand, y: Operand) -> Operand | None:
    for one, other in ((x, y), (y, x)):
        if other == 0.0 and _is(one, "where") and type(one.operands[1]) is type(one.operands[2]) is float:
            condition, *numbers = one.operands
            if numbers == [1.0, 0.0]:
                return m.negation(condition)
            if numbers == [0.0, 1.0]:
                return condition
    return None


_SIMPLER |= {row.name: partial(_mirrored, row.mirrored) for row in OPERATIONS.values() if row.mirrored}
