"""Graph to text: the inverse of the parser."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

from ..engine.graph import Constant, Input, Node, topological_order
from ..engine.operation import Operation
from ..engine.operations import OPERATIONS
from .builder import CONSTANTS

# How tightly an operation binds, as language.lark nests it; calls and names bind tightest. A pair of numbers says how
# tightly the operands must bind to stand without parentheses: a - b - c is (a - b) - c, and a < b < c is a chain.
_BINDING = {"or": 1, "and": 2, "not": 3, "add": 5, "sub": 5, "mul": 6, "div": 6, "mod": 6, "neg": 7, "pow": 8}
_COMPARISON, _SIGN, _ATOM = 4, 7, 9
_SPACED = {"add", "sub", "mod", "and", "or"}
# Where parentheses on the right only group, and which operations in them.
_REGROUPED = {"add": (OPERATIONS["add"], OPERATIONS["sub"]), "mul": (OPERATIONS["mul"], OPERATIONS["div"])}


def print_program(outputs: Sequence[Node], *, brief: bool = False) -> str:
    """A program whose graph is that of the outputs: what is used more than once becomes a statement.

    A brief one is for people: it has such a statement only where that is shorter, under the name that the node has for
    them, and no parentheses in sums and products that are right without, though grouped otherwise.
    """
    order = topological_order(outputs)
    uses = Counter([*(operand for node in order for operand in node.operands), *outputs])
    taken = {node.name.split("[")[0] for node in order if isinstance(node, Input)} | CONSTANTS.keys()
    fresh = (name for i in count(1) if (name := f"t{i}") not in taken)
    names: dict[Node, str] = {}
    statements: list[str] = []
    for node in order:
        if node.operation is not None and uses[node] > 1:
            text = print_expression(node, names, brief=brief)
            own = node.label if brief and node.label and node.label.isidentifier() else None
            if brief and (uses[node] - 1) * len(text) <= (uses[node] + 1) * len(own or "t1") + len(" = ; "):
                continue
            names[node] = own if own and own not in taken else next(fresh)
            taken.add(names[node])
            statements.append(f"{names[node]} = {text}")
    results = ", ".join(print_expression(output, names, brief=brief) for output in outputs)
    return "; ".join([*statements, results])


def print_expression(root: Node, names: Mapping[Node, str] | None = None, *, brief: bool = False) -> str:
    """An expression for a node; nodes that have a name are not written out."""
    names = names or {}
    written: list[str] = []
    pending: list[str | tuple[Node, int]] = [(root, 0)]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            written.append(item)
            continue
        node, binding = item
        if node in names:
            written.append(names[node])
        elif isinstance(node, Input):
            written.append(node.name)
        elif isinstance(node, Constant):
            number = repr(node.number).removesuffix(".0")
            written.append(f"({number})" if number.startswith("-") and binding > _SIGN else number)
        elif node.operation is not None:
            parts, own = _parts(node.operation, node.operands)
            if brief and node.operands[-1].operation in _REGROUPED.get(node.operation.name, ()):
                parts[-1] = (node.operands[-1], own)
            pending.extend(reversed(["(", *parts, ")"] if own < binding else parts))
    return "".join(written)


def _parts(operation: Operation, operands: tuple[Node, ...]) -> tuple[list[str | tuple[Node, int]], int]:
    """What an operation is written as, and how tightly it binds."""
    name, symbol = operation.name, operation.symbol
    if symbol is None:
        arguments = [part for operand in operands for part in (", ", (operand, 0))]
        return [f"{name}(", *arguments[1:], ")"], _ATOM
    binding = _BINDING.get(name, _COMPARISON)
    if len(operands) == 1:
        return [f"{symbol} " if symbol.isalpha() else symbol, (operands[0], binding)], binding
    left, right = binding, binding + 1
    if name == "pow":
        left, right = _ATOM, _SIGN
    elif binding == _COMPARISON:
        left = right
    sign = f" {symbol} " if name in _SPACED or binding == _COMPARISON else symbol
    return [(operands[0], left), sign, (operands[1], right)], binding
