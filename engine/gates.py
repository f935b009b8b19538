"""Rewrites from graph to graph that keep the value: gates put together into stable ones, or taken apart.

Only `basic` and `fused` gates need this module, so nothing imports it at start-up.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autodiff.engine.graph import Constant, Input, Node, topological_order
from autodiff.engine.symbolic.symbols import SYMBOLS, Symbol
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS

# fmt: off
FUSED: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    # what is written                                             what it becomes
    (lambda m, u: m.div(1.0, 1.0 + m.exp(-u)),                    lambda m, u: m.sigmoid(u)),
    (lambda m, u: m.div(1.0, 1.0 + m.exp(u)),                     lambda m, u: m.sigmoid(-u)),
    (lambda m, u: m.div(m.exp(u), 1.0 + m.exp(u)),                lambda m, u: m.sigmoid(u)),
    (lambda m, u: 1.0 - m.sigmoid(-u),                            lambda m, u: m.sigmoid(u)),
    (lambda m, u: 1.0 - m.sigmoid(u),                             lambda m, u: m.sigmoid(-u)),
    (lambda m, u: m.log(1.0 + m.exp(u)),                          lambda m, u: m.softplus(u)),
    (lambda m, u: m.log(m.sigmoid(u)),                            lambda m, u: m.logsigmoid(u)),
    (lambda m, u: m.exp(u) - 1.0,                                 lambda m, u: m.expm1(u)),
    (lambda m, u: m.log(1.0 + u),                                 lambda m, u: m.log1p(u)),
    (lambda m, u, v: m.sqrt(m.pow(u, 2.0) + m.pow(v, 2.0)),       lambda m, u, v: m.hypot(u, v)),
    (lambda m, u, v: m.sqrt(u * u + v * v),                       lambda m, u, v: m.hypot(u, v)),
    (lambda m, u: m.div(m.exp(u) - m.exp(-u), m.exp(u) + m.exp(-u)), lambda m, u: m.tanh(u)),
]
"""Patterns and their stable forms, tried in this order; a name that stands twice must match the same sub-expression.
The log of a sum of exponentials, of any number of terms, comes after them."""
# fmt: on


class Rewriting:
    """A graph rebuilt with some gates replaced: the new node for each old one."""

    def __init__(self, outputs: Iterable[Node], replace: Callable[[Node, tuple[Node, ...]], Node | None]) -> None:
        """Rebuild everything behind the outputs: `replace` gives a new node for one with new operands, or None."""
        self.new: dict[Node, Node] = {}
        self.inner: dict[Node, Node] = {}
        """For each node that was made inside a replaced gate, that gate."""
        for node in topological_order(outputs):
            operands = tuple(map(self.new.__getitem__, node.operands))
            # Ages grow, so that nodes made from here on can be told from the operands.
            youngest = Node()
            made = replace(node, operands) if operands else None
            if made is not None:
                if made.age > youngest.age:
                    self._own(node, made, youngest.age)
            elif operands:  # made anew too, so that age is the order of the text still
                made = Node(node.operation, operands, node.label, node.span)
            else:
                made = node
            self.new[node] = made

    def _own(self, gate: Node, made: Node, age: int) -> None:
        """The new node stands for the old; those between it and its operands lie inside the old one's text."""
        made.label, made.span = gate.label, gate.span
        pending = list(made.operands)
        while pending:
            node = pending.pop()
            if node.age > age and node not in self.inner:
                self.inner[node] = gate
                node.span = gate.span if node.operation else None
                pending.extend(node.operands)


def parts(operation: Operation) -> Callable[..., Any] | None:
    """The rule that makes a compound gate of simpler ones; None for a basic gate."""
    return None if operation.is_truth else operation.definition or operation.value


def take_apart(outputs: Sequence[Node]) -> Iterator[Rewriting]:
    """Rewrite until no compound gate is left: the parts of one may be compound themselves."""
    while any(node.operation and parts(node.operation) for node in topological_order(outputs)):
        rewriting = Rewriting(outputs, _taken_apart)
        outputs = [rewriting.new[output] for output in outputs]
        yield rewriting


def _taken_apart(node: Node, operands: tuple[Node, ...]) -> Node | None:
    assert node.operation is not None
    rule = parts(node.operation)
    return None if rule is None else SYMBOLS.node(rule(SYMBOLS, *_symbols(operands)))


def _symbols(nodes: Iterable[Node]) -> list[Symbol]:
    return [Symbol(node, SYMBOLS) for node in nodes]


def fuse(outputs: Sequence[Node]) -> Iterator[Rewriting]:
    """Rewrite known patterns into gates that neither overflow nor cancel where their pieces do."""
    yield Rewriting(outputs, Fusion().fused)


class Fusion:
    """Finds patterns, from the operands to the outputs, so that a fused gate may be a piece of the next pattern."""

    def __init__(self) -> None:
        self.patterns = [(self._pattern(written), stable) for written, stable in FUSED]
        self.numbers: dict[Node, int] = {}
        self.seen: dict[Any, int] = {}

    def _pattern(self, written: Callable[..., Any]) -> Node:
        names = written.__code__.co_varnames[1 : written.__code__.co_argcount]
        return SYMBOLS.node(written(SYMBOLS, *_symbols(map(Input, names))))

    def fused(self, node: Node, operands: tuple[Node, ...]) -> Node | None:
        """The stable form of a gate with these operands, or None."""
        here = Node(node.operation, operands)
        for pattern, stable in self.patterns:
            for bound in self._matches(pattern, here, {}):
                return SYMBOLS.node(stable(SYMBOLS, **dict(zip(bound, _symbols(bound.values())))))
        terms = _exponents(here)
        return Node(OPERATIONS["logsumexp"], terms) if len(terms) > 1 else None

    def _matches(self, pattern: Node, node: Node, bound: dict[str, Node]) -> Iterator[dict[str, Node]]:
        """Every way to bind the names of a pattern so that it is the node."""
        if isinstance(pattern, Input):
            if self._same(bound.get(pattern.name, node), node):
                yield {**bound, pattern.name: node}
        elif isinstance(pattern, Constant):
            if isinstance(node, Constant) and node.number == pattern.number:
                yield bound
        elif node.operation is pattern.operation and len(node.operands) == len(pattern.operands):
            commutative = pattern.operation is not None and pattern.operation.commutative
            for operands in (node.operands, node.operands[::-1])[: 1 + commutative]:
                found: list[dict[str, Node]] = [bound]
                for part, operand in zip(pattern.operands, operands, strict=True):
                    found = [more for known in found for more in self._matches(part, operand, known)]
                yield from found

    def _same(self, one: Node, other: Node) -> bool:
        return one is other or self._number(one) == self._number(other)

    def _number(self, root: Node) -> int:
        """The same number for the same expression, wherever it was written."""
        pending = [root]
        while pending:
            node = pending[-1]
            if missing := [operand for operand in node.operands if operand not in self.numbers]:
                pending.extend(missing)
                continue
            pending.pop()
            what = node.number if isinstance(node, Constant) else node.operation or node
            key = (what, *(self.numbers[operand] for operand in node.operands))
            self.numbers[node] = self.seen.setdefault(key, len(self.seen))
        return self.numbers[root]


def _exponents(node: Node) -> tuple[Node, ...]:
    """(u, v, ...) where a node is log(exp(u) + exp(v) + ...); otherwise ()."""
    if node.operation is not OPERATIONS["log"]:
        return ()
    terms: list[Node] = []
    pending = list(node.operands)
    while pending:
        term = pending.pop()
        if term.operation is OPERATIONS["exp"]:
            terms.append(term.operands[0])
        elif term.operation in (OPERATIONS["add"], OPERATIONS["sum"]):
            pending.extend(term.operands)
        else:
            return ()
    # The stack gave the terms from the last to the first.
    return tuple(reversed(terms))


GATES: dict[str, Callable[[Sequence[Node]], Iterator[Rewriting]]] = {
    "written": lambda outputs: iter(()),
    "basic": take_apart,
    "fused": fuse,
}
"""The forms in which gates may be asked for, each as the rewritings that lead to it."""
