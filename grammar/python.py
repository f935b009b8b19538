"""Graph to Python: a program that needs nothing but `import math`."""

import keyword
import math
import re
from collections.abc import Iterable, Sequence

from ..engine.graph import Constant, Input, Node, topological_order
from ..engine.operation import Operation
from ..engine.operations import GROUPS, OPERATIONS
from ..engine.symbols import SYMBOLS, Symbol
from .printer import ATOM, SIGN, Parts, assemble, between, call

_CONDITIONAL = 0
_BUILTIN = ("abs", "max", "min", "round")


def python_program(
    point: Iterable[tuple[str, float]],
    forward: Sequence[tuple[str, Node]],
    seed: str,
    backward: Sequence[tuple[str, Node, bool]],
    printed: Iterable[str],
) -> str:
    """Both passes as statements, and a line that prints for each name its value and its gradient.

    ValueError where an operation has no counterpart in the module math, nor a formula made of those that have.
    """
    helpers: dict[str, str] = {}
    for formula in [formula for _, formula in forward] + [formula for _, formula, _ in backward]:
        _define(helpers, formula)
    lines = ["import math", *(f"\n\n{text}" for text in helpers.values()), *["\n"] * bool(helpers)]
    lines += [f"{_name(name)} = {_number(value)}" for name, value in point]
    lines += [f"{_name(name)} = {_as_number(formula)}" for name, formula in forward]
    lines.append(f"{_name(seed)} = 1.0")
    lines += [f"{_name(name)} {'+=' if adds else '='} {python_expression(formula)}" for name, formula, adds in backward]
    reached = {seed, *(name for name, _, _ in backward)}
    for name in printed:
        gradient = _name(f"d{name}") if f"d{name}" in reached else "0.0"
        lines.append(f'print("{name}", {_name(name)}, {gradient})')
    return "\n".join(lines) + "\n"


def _as_number(formula: Node) -> str:
    """Python's truth values as 1 and 0."""
    text, truths = python_expression(formula), [row for row in GROUPS["choice and logic"] if row.symbol]
    return f"1.0 if {text} else 0.0" if formula.operation in truths else text


def python_expression(root: Node) -> str:
    """An expression of Python for a node."""
    return assemble(root, {}, _parts, lambda parts, own, binding: ["(", *parts, ")"])


def _define(helpers: dict[str, str], formula: Node) -> None:
    """Functions for the operations of a formula that Python has not, after those that they need themselves."""
    for node in topological_order([formula]):
        operation = node.operation
        if operation is None or operation.symbol or operation.name in (*helpers, *_BUILTIN, "where"):
            continue
        if hasattr(math, operation.name) and not operation.variadic:
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
        text = f"def {operation.name}({parameters}):\n    return {python_expression(body)}"
        helpers[operation.name] = text


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
    if symbol is None and operation.variadic and name not in _BUILTIN:
        inner = _expanded(operation, operands)
        return _parts(inner)
    if symbol is None:
        room = "" if name in _BUILTIN or not hasattr(math, name) else "math."
        return call(f"{room}{name}(", operands, ")"), ATOM
    return between(operation, operands, "**" if name == "pow" else f" {symbol} ")


def _leaf(node: Node) -> Parts:
    text = _number(node.number) if isinstance(node, Constant) else _name(getattr(node, "name", ""))
    return [text], SIGN if text.startswith("-") else ATOM


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else f"float('{number}')"


def _name(name: str) -> str:
    """A name of Python's: w[0] is w_0, and what Python keeps for itself gets a dash."""
    plain = re.sub(r"\W", "_", name.replace("]", ""))
    taken = keyword.iskeyword(plain) or plain in ("math", "print", "float", *_BUILTIN, *OPERATIONS)
    return f"{plain}_" if taken else plain
