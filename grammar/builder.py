"""Parser reductions into graph nodes: each rule of `language.lark` that has an alias calls the method of that name."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from autodiff.engine.graph import Constant, Input, Node, Span
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS, SPELLINGS
from autodiff.grammar.errors import ProgramError, did_you_mean
from autodiff.grammar.functions import Function, Parameter, cost, play
from autodiff.grammar.values import VECTOR_FUNCTIONS, Value, Workshop

CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "inf": math.inf, "nan": math.nan}

Piece = tuple[Any, int, int]
"""A value with the place of this mention of it: the parentheses around it, a later use of a name. Inside the body of a
function there is no value yet."""


class Builder:
    """The scope and the nodes of one program at a time; `begin` starts the next."""

    def begin(self, text: str, variables: Mapping[str, int | None], max_nodes: int, names_only: bool = False) -> None:
        """Forget the last program. `variables` are names that are inputs even where a constant has that name, with
        their lengths where they are vectors. With `names_only` the inputs are right in the end, and nothing else."""
        self.text = text
        self.workshop = Workshop(text, max_nodes)
        self.variables = variables
        self.names_only = names_only
        self.inputs: dict[str, Value] = {}
        self.scope: dict[str, Value] = {}
        self.functions: dict[str, Function] = {}
        self.costs: dict[Function, int] = {}
        self.defined: Function | None = None
        self.last_assigned: Piece | None = None

    def __getattr__(self, name: str) -> Callable[[list[Any]], Any]:
        # Lark looks up one method a rule; every alias that is no method of this class is the name of an operation.
        if name.startswith("assign_"):
            return partial(self._update, OPERATIONS[name.removeprefix("assign_")])
        if name in OPERATIONS:
            return partial(self._operator, OPERATIONS[name])
        raise AttributeError(name)

    def _do(self, action: Any, pieces: Sequence[Piece], start: int, end: int) -> Piece:
        """Do what a rule says to the values of its parts; inside the body of a function, record it."""
        if self.defined is not None:
            self.defined.body.append((action, len(pieces), (start, end)))
            return None, start, end
        # How long vectors are is not known yet, so nothing that depends on it is looked at.
        if self.names_only:
            return Node(), start, end
        return action([piece[0] for piece in pieces], (start, end)), start, end

    # --- Statements

    def start(self, statements: list[list[Piece]]) -> list[Piece]:
        if not statements:
            raise self._error("the program is empty", (0, len(self.text)), "write an expression, such as 'x^2'")
        for unused in statements[:-1]:
            if unused:
                hint = "give it a name (y = ...), or write several outputs with commas in the last statement"
                raise self._error("nothing uses the value of this statement", (unused[0][1], unused[-1][2]), hint)
        if statements[-1]:
            return statements[-1]
        if self.last_assigned is None:
            raise self._error("the last statement has no value", (0, len(self.text)), "end with an expression")
        return [self.last_assigned]

    def outputs(self, pieces: list[Piece]) -> list[Piece]:
        return pieces

    def assign(self, children: list[Any]) -> list[Piece]:
        name, piece = children
        value = piece[0]
        if isinstance(value, tuple):
            for i, node in enumerate(value):
                node.label = node.label or f"{name}[{i}]"
        else:
            value.label = value.label or str(name)
        self.scope[name] = value
        self.last_assigned = piece
        return []  # only an assignment that is the last statement puts out its value

    def _update(self, operation: Operation, children: list[Any]) -> list[Piece]:
        left, *_, right = children
        name = self.text[left[1] : left[2]]
        return self.assign([name, self._do(partial(self.workshop.apply, operation), (left, right), left[1], right[2])])

    def signature(self, children: list[Any]) -> Function:
        """The head of a definition: from here on, reductions are recorded."""
        name, _, *parameters, _ = children
        for i, parameter in enumerate(parameters):
            if parameter in parameters[:i]:
                raise self._error(f"'{parameter}' is a parameter of {name} twice", _span(parameter))
        self.defined = Function(str(name), tuple(map(str, parameters)), [])
        return self.defined

    def define(self, children: list[Any]) -> list[Piece]:
        function, _ = children
        self.defined = None
        self.functions[function.name] = function
        self.costs[function] = cost(function, self.costs)
        self.last_assigned = None
        return []

    # --- Expressions

    def _operator(self, operation: Operation, children: list[Any]) -> Piece:
        """An operator: its operands stand first and last among the children, or, of a sign, only last."""
        first, last = children[0], children[-1]
        action = partial(self.workshop.apply, operation)
        if type(first) is tuple:
            return self._do(action, (first, last), first[1], last[2])
        return self._do(action, (last,), first.start_pos, last[2])

    def dot(self, children: list[Any]) -> Piece:
        left, _, right = children
        return self._do(self.workshop.dot, (left, right), left[1], right[2])

    def compare(self, children: list[Any]) -> Piece:
        pieces, signs = children[::2], [str(sign) for sign in children[1::2]]
        return self._do(partial(self.workshop.compare, signs), pieces, pieces[0][1], pieces[-1][2])

    def choice(self, children: list[Any]) -> Piece:
        chosen, condition, other = children
        return self._do(self.workshop.choose, (chosen, condition, other), chosen[1], other[2])

    def plus(self, children: list[Any]) -> Piece:
        sign, (value, _, end) = children
        return value, sign.start_pos, end

    def group(self, children: list[Any]) -> Piece:
        left, (value, _, _), right = children
        return value, left.start_pos, right.end_pos

    def vector(self, children: list[Any]) -> Piece:
        left, *pieces, right = children
        return self._do(self.workshop.vector, pieces, left.start_pos, right.end_pos)

    def index(self, children: list[Any]) -> Piece:
        vector, _, index, right = children
        action = partial(self.workshop.index, index_span=(index[1], index[2]))
        return self._do(action, (vector, index), vector[1], right.end_pos)

    def number(self, children: list[Any]) -> Piece:
        (token,) = children
        number = float(token)
        return self._do(lambda _, span: Constant(number, span=span, written=str(token)), (), *_span(token))

    def name(self, children: list[Any]) -> Piece:
        (token,) = children
        if self.defined is not None:
            if token in self.defined.parameters:
                return self._do(Parameter(self.defined.parameters.index(token)), (), *_span(token))
            value = self._lookup(token)  # captured where the function is defined
            return self._do(lambda _, span: value, (), *_span(token))
        return self._lookup(token), *_span(token)

    def _lookup(self, token: Any) -> Value:
        """The meaning of a name at this point: the value assigned last, a constant, or an input."""
        name = str(token)
        if name not in self.scope:
            if name in CONSTANTS and name not in self.variables:
                return Constant(CONSTANTS[name], label=name, span=_span(token), written=name)
            value: Value = Input(name, _span(token))
            length = self.variables.get(name)
            if length is not None:
                self.workshop.reserve(length, _span(token))
                value = tuple(Input(f"{name}[{i}]", _span(token)) for i in range(length))
            self.inputs[name] = self.scope[name] = value
        return self.scope[name]

    def call(self, children: list[Any]) -> Piece:
        name, _, *pieces, right = children
        start, end = name.start_pos, right.end_pos
        most: float
        action: Any
        if self.defined is not None and name == self.defined.name:
            raise self._error(f"{name} may not call itself", (start, end))
        if name in self.functions:
            function = self.functions[name]
            least = most = len(function.parameters)
            # In another body the call is recorded as it is: `play` gives it a frame, without recursion.
            action = function if self.defined else partial(self._play, function)
        elif name in VECTOR_FUNCTIONS:
            least, _, _, expand = VECTOR_FUNCTIONS[name]
            most, action = least, partial(expand, self.workshop)
        elif name in SPELLINGS:
            least, most = SPELLINGS[name].arity
            action = partial(self.workshop.apply, SPELLINGS[name])
        else:
            raise self._unknown_function(name)
        if not least <= len(pieces) <= most:
            message = f"{name} takes {_quantity(least, most)}, not {len(pieces)}"
            raise self._error(message, (start, end), f"write {self._signature(name)}")
        return self._do(action, pieces, start, end)

    def _signature(self, name: str) -> str:
        """The signature of a function, as a hint shows it."""
        if name in self.functions:
            return self.functions[name].signature
        return VECTOR_FUNCTIONS[name][1] if name in VECTOR_FUNCTIONS else SPELLINGS[name].signature

    def _play(self, function: Function, arguments: Sequence[Value], call: Span) -> Value:
        self.workshop.reserve(self.costs[function], call)
        return play(self.workshop, function, arguments, call)

    def _unknown_function(self, name: Any) -> ProgramError:
        known = [*self.functions, *VECTOR_FUNCTIONS, *SPELLINGS]
        variable = name in self.scope or (self.defined is not None and name in self.defined.parameters)
        hint = None if variable else did_you_mean(name, known)
        return self._error(f"unknown function '{name}'", _span(name), hint or f"for a product write {name}*(...)")

    def _error(self, message: str, span: Span, hint: str | None = None) -> ProgramError:
        return ProgramError(message, self.text, span, hint)


def _span(token: Any) -> Span:
    return token.start_pos, token.end_pos


def _quantity(least: int, most: float) -> str:
    """A number of operands in words."""
    if most == math.inf:
        return f"at least {least} operand{'s' * (least != 1)}"
    if least == most:
        return f"{least} operand{'s' * (least != 1)}"
    return f"{least} to {most} operands"
