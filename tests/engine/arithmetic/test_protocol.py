"""Every rule on every arithmetic: rules use nothing but the protocol, and give what they give on floats."""

from collections.abc import Callable, Iterator, Sequence
from math import cosh, isclose, isnan
from typing import Any

import pytest

from autodiff.engine.arithmetic.balls import BALLS, arb_of, number
from autodiff.engine.arithmetic.duals import Dual, Duals
from autodiff.engine.arithmetic.protocol import Arithmetic, Numeric, Primitives
from autodiff.engine.arithmetic.special import precision
from autodiff.engine.code.numpy import ArrayLowering
from autodiff.engine.code.python import FloatLowering
from autodiff.engine.code.steps import Lowering, RawLowering, Term
from autodiff.engine.graph import Graph, Input
from autodiff.engine.passes import forward
from autodiff.engine.symbolic.algebra import Flow
from autodiff.engine.symbolic.symbols import SYMBOLS, Symbol
from autodiff.engine.table.constants import DOUBLES
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS

Point = tuple[float, ...]

MEMBERS = {name for protocol in (Primitives, Arithmetic) for name in vars(protocol) if not name.startswith("_")}
OPERATORS = {
    name for name in vars(Numeric) if name.startswith("__") and name.strip("_") in "add sub mul neg lt le gt ge"
}
OPERATORS |= {"__radd__", "__rsub__", "__rmul__"}
each_row = pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)


def points(row: Operation) -> Iterator[Point]:
    """A few points inside the domain, far from what doubles cannot show, and no two operands alike."""
    numbers = (0.4, 1.7, -0.6, 2.0, 0.9, -2.5, 1.25)
    for start in range(len(numbers)):
        rotated = (*numbers[start:], *numbers[:start])
        bounds = [row.bounds(i) for i in range(3 if row.variadic else int(row.arity[1]))]
        yield tuple([x for x in rotated if low < x < high][i] for i, (low, high) in enumerate(bounds))


def rules(row: Operation) -> Iterator[tuple[str, Callable[[Any, Sequence[Any]], tuple[Any, ...]]]]:
    """The rules of a row by their names, each as a function of an arithmetic and operands that gives a tuple."""
    if row.value:
        yield "value", lambda m, x: (row.value(m, *x),)  # type: ignore[misc]
    if row.definition:
        yield "definition", lambda m, x: (row.definition(m, *x),)  # type: ignore[misc]
    yield "local", lambda m, x: row.local(m, getattr(m, row.name)(*x), *x)


def same(x: Any, y: Any, relative: float = 0.0) -> bool:
    if x is None or y is None:
        return x is y
    return isclose(x, y, rel_tol=relative, abs_tol=relative) or (isnan(x) and isnan(y))


# --- The protocol -----------------------------------------------------------------------------------------------------


class Bare:
    """A float that has the operators of the protocol, and no others."""

    def __init__(self, number: float) -> None:
        self.number = number


def _bare(x: Any) -> Any:
    return tuple(map(_bare, x)) if isinstance(x, tuple) else Bare(x) if type(x) is float else x


def _number(x: Any) -> Any:
    return tuple(map(_number, x)) if isinstance(x, tuple) else x.number if isinstance(x, Bare) else x


for _name in OPERATORS:
    setattr(Bare, _name, lambda *x, name=_name: _bare(getattr(float, name)(*map(_number, x))))


class Protocolled:
    """The arithmetic of bare floats: what the protocol names, and the row that a local derivative is of."""

    def __init__(self, row: Operation) -> None:
        self.row = row

    def __getattr__(self, name: str) -> Any:
        assert name in MEMBERS or name == self.row.name, f"the protocol has no m.{name}"
        found = getattr(FLOATS, name)
        return (lambda *x: _bare(found(*map(_number, x)))) if callable(found) else _bare(found)


@each_row
def test_rules_use_nothing_but_the_protocol(row: Operation) -> None:
    for point in points(row):
        for name, rule in rules(row):
            found = _number(rule(Protocolled(row), [Bare(x) for x in point]))
            assert all(map(same, found, rule(FLOATS, point))), (name, point, found)


def test_the_protocol_names_what_the_table_leaves_to_an_arithmetic() -> None:
    primitives = {name for name in vars(Primitives) if not name.startswith("_")}
    besides = {"eq", "when", "route", "scale", "exponent", "ldexp", "over_square", "carefully", *DOUBLES}
    besides |= {"power_rule", "damped", "by_root", "inside"}
    operators = {"add", "sub", "mul", "neg"}
    assert primitives - besides == {row.name for row in OPERATIONS.values() if row.value is None} - operators


@pytest.mark.parametrize(
    "m", [FLOATS, BALLS, Duals(BALLS, OPERATIONS), SYMBOLS, Lowering()], ids=lambda m: type(m).__name__
)
def test_every_arithmetic_has_what_the_protocol_names(m: Any) -> None:
    assert [name for name in MEMBERS if not hasattr(m, name)] == []


# --- Balls and duals -------------------------------------------------------------------------------------------------


def of_ball(found: Any) -> Any:
    """A double in the ball."""
    if isinstance(found, Dual):
        found = found.number
    return found if found is None else float(arb_of(found).mid())


@each_row
@pytest.mark.parametrize("m", [BALLS, Duals(BALLS, OPERATIONS)], ids=["balls", "duals"])
def test_on_balls(row: Operation, m: Any) -> None:
    for point in points(row):
        operands = [number(x) for x in point]
        if isinstance(m, Duals):
            operands = [Dual(x, {i: number(1.0)}) for i, x in enumerate(operands)]
        for name, rule in rules(row):
            with precision(200):
                found, expected = list(map(of_ball, rule(m, operands))), rule(FLOATS, point)
            assert all(same(x, y, 1e-13) for x, y in zip(found, expected, strict=True)), (name, point, found, expected)


# --- Nodes and steps --------------------------------------------------------------------------------------------------


def of_node(found: Any, inputs: Sequence[Input], point: Point) -> Any:
    if found is None:
        return None
    node = SYMBOLS.node(found)
    graph = Graph([node], inputs)
    values = forward(graph, {variable.name: x for variable, x in zip(inputs, point)})
    return values[graph.position[node]]


@each_row
def test_on_nodes(row: Operation) -> None:
    for point in points(row):
        inputs = [Input(f"x{i}") for i in range(len(point))]
        for name, rule in rules(row):
            found = [of_node(x, inputs, point) for x in rule(SYMBOLS, [Symbol(x, SYMBOLS) for x in inputs])]
            expected = [0.0 if x is None and y is not None else x for x, y in zip(rule(FLOATS, point), found)]
            assert all(same(x, y, 1e-12) for x, y in zip(found, expected, strict=True)), (name, point, found, expected)


BESIDES: dict[str, Callable[..., Any]] = {
    "sech_squared": lambda x: 1.0 / cosh(x) ** 2,
    "usual": lambda x: x,
    "quotient": lambda quotient, y, x: quotient / y,
}


def of_steps(m: Lowering, found: Any, inputs: Sequence[Term], point: Point) -> Any:
    """The steps one by one on floats; what flows under a condition does not where that does not hold."""
    values: dict[Any, Any] = dict(zip(inputs, point))
    for term in m.terms:
        if term not in values:
            function = BESIDES.get(term.name) or getattr(FLOATS, term.name)
            values[term] = function(*[values.get(x, x) for x in term.operands])
    if isinstance(found, Flow):
        return values.get(found.derivative, found.derivative) if values.get(found.condition, found.condition) else None
    return values.get(found, found)


@each_row
@pytest.mark.parametrize("lowering", [Lowering, RawLowering, ArrayLowering, FloatLowering])
def test_on_steps(row: Operation, lowering: type[Lowering]) -> None:
    for point in points(row):
        for name, rule in rules(row):
            m = lowering()
            inputs = [Term(m, "input", ()) for _ in point]
            found = [of_steps(m, x, inputs, point) for x in rule(m, inputs)]
            expected = rule(FLOATS, point)
            assert all(same(x, y, 1e-14) for x, y in zip(found, expected, strict=True)), (name, point, found, expected)
