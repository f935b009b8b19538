"""Graph to text: the inverse of the parser."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from math import copysign

from autodiff.engine.graph import Constant, Input, Node, topological_order
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.builder import CONSTANTS

# How tightly an operation binds, as language.lark nests it; calls and names bind tightest. VALUE is what a number must
# bind to be one, not a truth.
BINDING = {row.name: row.binding for row in OPERATIONS.values() if row.symbol}
COMPARISON, VALUE, SIGN, ATOM = 4, 5, 8, 10
_SPACED = {"add", "sub", "mod", "and", "or"}
_FEW = 20
"""How far a chain is followed; a longer one keeps parentheses that it may not need."""
# Where parentheses on the right only group, and which operations in them.
_REGROUPED = {"add": (OPERATIONS["add"], OPERATIONS["sub"])}
_REGROUPED |= dict.fromkeys(("mul", "neg"), (OPERATIONS["mul"], OPERATIONS["div"]))

Part = str | tuple[Node, int]
"""A piece of what is written: text, or a node and how tightly it must bind to stand there without parentheses."""

Parts = tuple[list[Part], int]
"""The text of a node in pieces, and how tightly it binds."""


def print_program(outputs: Sequence[Node], *, brief: bool = False) -> str:
    """A program whose graph is that of the outputs: what is used more than once becomes a statement.

    A brief one is for people: it has such a statement only where that is shorter, under the name that the node has for
    them, and no parentheses in sums and products that are right without, though grouped otherwise.
    """
    names: dict[Node, str] = {}
    statements: list[str] = []
    for node, name in shared(outputs, brief=brief).items():
        statements.append(f"{name} = {print_expression(node, names, brief=brief)}")
        names[node] = name
    results = ", ".join(print_expression(output, names, brief=brief) for output in outputs)
    return "; ".join([*statements, results])


def print_expression(root: Node, names: Mapping[Node, str] | None = None, *, brief: bool = False) -> str:
    """An expression for a node; nodes that have a name are not written out."""
    parts_of = regrouped(_parts) if brief else _parts
    return assemble(root, names or {}, parts_of, lambda parts, own, binding: ["(", *parts, ")"])


def shared(outputs: Sequence[Node], *, brief: bool = False) -> dict[Node, str]:
    """What is used more than once, operands before their users, and a new name for each; or only what is worth it."""
    order = topological_order(outputs)
    uses = Counter([*(operand for node in order for operand in node.operands), *outputs])
    taken = {node.name.split("[")[0] for node in order if isinstance(node, Input)} | CONSTANTS.keys()
    fresh = (name for i in count(1) if (name := f"t{i}") not in taken)
    names: dict[Node, str] = {}
    for node in order:
        if node.operation is None or uses[node] < 2:
            continue
        own = node.label if brief and node.label and node.label.isidentifier() else None
        if brief:
            text = print_expression(node, names, brief=True)
            if (uses[node] - 1) * len(text) <= (uses[node] + 1) * len(own or "t1") + len(" = ; "):
                continue
        names[node] = own if own and own not in taken else next(fresh)
        taken.add(names[node])
    return names


def assemble(
    root: Node,
    names: Mapping[Node, str],
    parts_of: Callable[[Node], Parts],
    enclose: Callable[[list[Part], int, int], list[Part]],
    binding: int = 0,
) -> str:
    """The text of a node from the parts of all below it, enclosed where they bind less tightly than they must."""
    written: list[str] = []
    pending: list[Part] = [(root, binding)]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            written.append(item)
        elif item[0] in names:
            written.append(names[item[0]])
        else:
            node, binding = item
            parts, own = parts_of(node)
            pending.extend(reversed(enclose(parts, own, binding) if own < binding else parts))
    return "".join(written)


def sides(operation: Operation) -> tuple[int, int, int]:
    """How tightly an operator binds, and how tightly its operands must: a - b - c is (a - b) - c, a < b < c a chain."""
    binding = BINDING.get(operation.name, COMPARISON)
    return binding, binding + (binding == COMPARISON), binding + 1


def call(head: str, operands: Sequence[Node], tail: str, binding: int = 0) -> list[Part]:
    """The operands of a function with commas between them."""
    arguments = [part for operand in operands for part in (", ", (operand, binding))]
    return [head, *arguments[1:], tail]


def _parts(node: Node) -> Parts:
    operation, operands = node.operation, node.operands
    if operation is None:
        return _leaf(node)
    name, symbol = operation.name, operation.symbol
    if symbol is None:
        return call(f"{name}(", operands, ")"), ATOM
    spaced = name in _SPACED or BINDING.get(name, COMPARISON) == COMPARISON
    return between(operation, operands, f" {symbol} " if spaced else symbol)


def between(operation: Operation, operands: Sequence[Node], sign: str) -> Parts:
    """An operator before its one operand, or between its two with the sign given."""
    binding, left, right = sides(operation)
    symbol = operation.symbol or ""
    if len(operands) == 1:
        return [f"{symbol} " if symbol.isalpha() else symbol, (operands[0], binding)], binding
    if operation.name == "pow":
        left, right = ATOM, SIGN
    return [(operands[0], left), sign, (operands[1], right)], binding


def regrouped(parts_of: Callable[[Node], Parts]) -> Callable[[Node], Parts]:
    """The same without parentheses on the right that only group, and -a*b for -(a*b)."""

    def parts(node: Node) -> Parts:
        parts, binding = parts_of(node)
        if node.operation is not None and node.operation.name in _REGROUPED and _stays(node):
            binding = min(binding, BINDING["mul"])
            last = max(i for i, part in enumerate(parts) if not isinstance(part, str))
            parts[last] = (node.operands[-1], binding)
        return parts, binding

    return parts


def _stays(node: Node) -> bool:
    """Whether the last operand means the same without parentheses: beside the operator stands no `%` and no sign."""
    allowed, first = _REGROUPED[node.operation.name if node.operation else ""], node.operands[-1]
    for _ in range(_FEW):
        if first.operation not in allowed:
            break
        first = first.operands[0]
    else:
        return False
    return first is not node.operands[-1] and not _begins_with_a_sign(first) and not _is(first, "mod")


def _begins_with_a_sign(node: Node) -> bool:
    for _ in range(_FEW):
        if not _is(node, "mul", "div", "add", "sub"):
            break
        node = node.operands[0]
    else:
        return True
    return _is(node, "neg") or (isinstance(node, Constant) and copysign(1.0, node.number) < 0)


def _is(node: Node, *names: str) -> bool:
    return node.operation is not None and node.operation.name in names


def _leaf(node: Node) -> Parts:
    if isinstance(node, Constant):
        text = node.written or repr(node.number).removesuffix(".0")
    else:
        text = getattr(node, "name", "")
    return [text], SIGN if text.startswith("-") else ATOM
