"""Parser reductions into graph nodes: each rule of `language.lark` that has an alias calls the method of that name."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..engine.graph import Constant, Input, Node
from ..engine.operation import Operation
from ..engine.operations import OPERATIONS, SPELLINGS
from .errors import ProgramError, did_you_mean

CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "inf": math.inf, "nan": math.nan}

Piece = tuple[Node, int, int]
"""A node with the place of this mention of it: the parentheses around it, a later use of a name."""


class Builder:
    """The scope and the nodes of one program at a time; `begin` starts the next."""

    def begin(self, text: str, variables: Iterable[str]) -> None:
        """Forget the last program. `variables` are names that are inputs even where a constant has that name."""
        self.text = text
        self.variables = frozenset(variables)
        self.inputs: dict[str, Input] = {}
        self.scope: dict[str, Node] = {}

    def __getattr__(self, name: str) -> Callable[[list[Any]], Any]:
        # Lark looks up one method a rule; every alias that is no method of this class is the name of an operation.
        if name.startswith("assign_"):
            return partial(self._update, OPERATIONS[name.removeprefix("assign_")])
        if name in OPERATIONS:
            return partial(self._apply, OPERATIONS[name])
        raise AttributeError(name)

    def start(self, statements: list[list[Piece]]) -> list[Node]:
        if not statements:
            raise ProgramError(
                "the program is empty", self.text, (0, len(self.text)), "write an expression, such as 'x^2'"
            )
        for unused in statements[:-1]:
            if unused:
                raise ProgramError(
                    "nothing uses the value of this statement",
                    self.text,
                    (unused[0][1], unused[-1][2]),
                    "give it a name (y = ...), or write several outputs with commas in the last statement",
                )
        return [node for node, _, _ in statements[-1] or [self._last_assigned]]

    def outputs(self, pieces: list[Piece]) -> list[Piece]:
        return pieces

    def assign(self, children: list[Any]) -> list[Piece]:
        name, (node, start, end) = children
        if node.label is None:
            node.label = str(name)
        self.scope[name] = node
        self._last_assigned = node, start, end
        return []  # only an assignment that is the last statement puts out its value

    def _update(self, operation: Operation, children: list[Any]) -> list[Piece]:
        name, *_, (right, _, end) = children
        left = self._lookup(name)
        node = Node(operation, (left, right), span=(name.start_pos, end))
        return self.assign([name, (node, name.start_pos, end)])

    def _apply(self, operation: Operation, children: list[Any]) -> Piece:
        """An operator: its operands stand first and last among the children, or, of a sign, only last."""
        first, last = children[0], children[-1]
        if len(children) == 2:
            return self._node(operation, (last[0],), first.start_pos, last[2])
        return self._node(operation, (first[0], last[0]), first[1], last[2])

    def _node(self, operation: Operation, operands: tuple[Node, ...], start: int, end: int) -> Piece:
        return Node(operation, operands, span=(start, end)), start, end

    def plus(self, children: list[Any]) -> Piece:
        sign, (node, _, end) = children
        return node, sign.start_pos, end

    def group(self, children: list[Any]) -> Piece:
        left, (node, _, _), right = children
        return node, left.start_pos, right.end_pos

    def number(self, children: list[Any]) -> Piece:
        (token,) = children
        span = token.start_pos, token.end_pos
        return Constant(float(token), span=span), *span

    def name(self, children: list[Any]) -> Piece:
        (token,) = children
        return self._lookup(token), token.start_pos, token.end_pos

    def _lookup(self, token: Any) -> Node:
        """The node that a name stands for at this point: what was assigned last, a constant, or an input."""
        name = str(token)
        if name in self.scope:
            return self.scope[name]
        span = token.start_pos, token.end_pos
        if name in CONSTANTS and name not in self.variables:
            return Constant(CONSTANTS[name], label=name, span=span)
        self.scope[name] = self.inputs[name] = Input(name, span)
        return self.scope[name]

    def call(self, children: list[Any]) -> Piece:
        name, *arguments, right = children
        span = name.start_pos, name.end_pos
        operation = SPELLINGS.get(name)
        if operation is None:
            raise ProgramError(
                f"unknown function '{name}'",
                self.text,
                span,
                did_you_mean(name, list(SPELLINGS)) or f"for a product write {name}*(...)",
            )
        least, most = operation.arity
        if not least <= len(arguments) <= most:
            raise ProgramError(
                f"{name} takes {_quantity(least, most)}, not {len(arguments)}",
                self.text,
                (name.start_pos, right.end_pos),
                f"write {operation.signature}",
            )
        return self._node(operation, tuple(node for node, _, _ in arguments), name.start_pos, right.end_pos)


def _quantity(least: int, most: float) -> str:
    """A number of operands in words."""
    if most == math.inf:
        return f"at least {least} operand{'s' * (least != 1)}"
    if least == most:
        return f"{least} operand{'s' * (least != 1)}"
    return f"{least} to {most} operands"
