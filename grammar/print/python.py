"""Graph to Python: a program that needs nothing but `import math`."""

import keyword
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import nan
from typing import NamedTuple

from autodiff.engine.code.names import identifiers
from autodiff.engine.graph import Constant, Input, Node, topological_order
from autodiff.engine.symbolic.symbols import SYMBOLS, Symbol
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.print.text import ATOM, SIGN, Parts, assemble, between, call

_CONDITIONAL = 0
_BUILTIN = ("abs", "max", "min", "round")
_TAKEN = {*keyword.kwlist, "__debug__", "math", "print", "float", *_BUILTIN, *OPERATIONS}

# Of any number of operands, where the operators would round or overflow on the way.
_VARIADIC = {"norm": "math.hypot(@)", "sum": "math.fsum([@])", "mean": "mean(@)", "prod": "prod(@)"}
_HELPERS = {
    "mean": """def mean(*x):
    try:
        return math.fsum(x) / len(x)
    except OverflowError:
        return math.fsum(each / len(x) for each in x)""",
    "prod": """def prod(*x):
    fraction, exponent = 1.0, 0
    for number, more in map(math.frexp, x):
        fraction, own = math.frexp(fraction * number)
        exponent += own + more
    return math.ldexp(fraction, exponent)""",
}


class Line(NamedTuple):
    """`target = formula`, or `target += formula`."""

    target: str
    formula: Node
    adds: bool = False
    remark: str = ""


def python_program(lines: Sequence[Line], printed: Iterable[tuple[str, str | None]]) -> str:
    """Statements, and then for each pair of names, of a value and of a gradient, a line that prints them.

    ValueError where an operation has no counterpart in the module math, nor a formula made of those that have.
    """
    helpers: dict[str, str] = {}
    for line in lines:
        _define(helpers, line.formula)
    names = identifiers((line.target for line in lines), _TAKEN)
    text = ["import math", *(f"\n\n{definition}" for definition in helpers.values()), *["\n"] * bool(helpers)]
    for target, formula, adds, remark in lines:
        statement = f"{names[target]} {'+=' if adds else '='} {_as_number(formula, names)}"
        text.append(f"{statement}  # {remark}" if remark else statement)
    for name, gradient in printed:
        text.append(f'print("{name}", {names[name]}, {names[gradient] if gradient else "0.0"})')
    return "\n".join(text) + "\n"


def _as_number(formula: Node, names: Mapping[str, str]) -> str:
    """Python's truth values as 1 and 0."""
    text = python_expression(formula, names)
    return f"1.0 if {text} else 0.0" if formula.operation and formula.operation.is_truth else text


def python_expression(root: Node, names: Mapping[str, str] | None = None) -> str:
    """An expression of Python for a node, whose inputs go by other names where these are given."""
    inputs = [node for node in topological_order([root]) if isinstance(node, Input)]
    return _written(root, {node: names[node.name] if names else node.name for node in inputs})


def _written(root: Node, names: Mapping[Node, str]) -> str:
    return assemble(root, names, _parts, lambda parts, own, binding: ["(", *parts, ")"])


def _define(helpers: dict[str, str], formula: Node) -> None:
    """Functions for the operations of a formula that Python does not have, each after those that it calls."""
    for node in topological_order([formula]):
        operation = node.operation
        if operation is None or operation.symbol or operation.name in (*helpers, *_BUILTIN, "where"):
            continue
        if hasattr(math, operation.name) and not operation.variadic:
            continue
        if operation.name in _VARIADIC:
            helpers |= {name: text for name, text in _HELPERS.items() if name == operation.name}
            continue
        if operation.variadic:
            _define(helpers, _expanded(operation, node.operands))
            continue
        operands = tuple(map(Input, operation.operand_names))
        body = _expanded(operation, operands)
        _define(helpers, body)
        defaults = [f"={default!r}" for default in operation.local.__defaults__ or ()]
        given = [""] * (len(operands) - len(defaults)) + defaults
        parameters = ", ".join(f"{operand.name}{default}" for operand, default in zip(operands, given, strict=True))
        helpers[operation.name] = "\n    ".join([f"def {operation.name}({parameters}):", *_statements(body)])


def _statements(body: Node) -> list[str]:
    """The lines of a function: what its formula certainly computes, and more than once, gets a name.

    What stands in one branch of a choice only stays there, since Python's `math` raises where it overflows.
    """
    order = topological_order([body])
    certain = {body}
    for node in reversed(order):
        if node in certain:
            certain.update(node.operands[:1] if node.operation is OPERATIONS["where"] else node.operands)
    uses = Counter(operand for node in order for operand in node.operands)
    names: dict[Node, str] = {node: node.name for node in order if isinstance(node, Input)}
    lines: list[str] = []
    for node in order:
        if node.operands and uses[node] > 1 and node in certain:
            name = f"t{len(lines) + 1}"
            lines.append(f"{name} = {_written(node, names)}")
            names[node] = name
    return [*lines, f"return {_written(body, names)}"]


def _expanded(operation: Operation, operands: Sequence[Node]) -> Node:
    """The formula of an operation in simpler ones."""
    rule = operation.value or operation.definition
    if rule is None:
        raise ValueError(f"Python's math has no {operation.name}")
    return SYMBOLS.node(rule(SYMBOLS, *[Symbol(operand, SYMBOLS) for operand in operands]))


def _parts(node: Node) -> Parts:
    operation, operands = node.operation, node.operands
    if operation is None:
        return _leaf(node)
    name, symbol = operation.name, operation.symbol
    if name == "where":
        condition, x, y = ((operand, 1) for operand in operands)
        return [x, " if ", condition, " else ", y], _CONDITIONAL
    if name in _VARIADIC:
        head, tail = _VARIADIC[name].split("@")
        return call(head, operands, tail), ATOM
    if operation.variadic and (name not in _BUILTIN or len(operands) == 1):
        inner = operands[0] if name in _BUILTIN else _expanded(operation, operands)  # Python's max takes several
        return _parts(inner) if inner.operation else ([(inner, ATOM)], ATOM)
    if symbol is None:
        room = "" if name in _BUILTIN or not hasattr(math, name) else "math."
        return call(f"{room}{name}(", operands, ")"), ATOM
    return between(operation, operands, "**" if name == "pow" else f" {symbol} ")


def _leaf(node: Node) -> Parts:
    text = _number(node.number if isinstance(node, Constant) else nan)
    return [text], SIGN if text.startswith("-") else ATOM


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else f"float('{number}')"
