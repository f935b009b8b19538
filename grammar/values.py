"""Values while a program is read, each a node or a vector of nodes, and the operations on them.

Every node of a graph is a scalar. An operation on vectors is unrolled here into one node an element.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autodiff.engine.graph import Constant, Graph, Input, Node, Span
from autodiff.engine.passes import forward
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.errors import NeedsVector, ProgramError, TooManyNodes

Value = Node | tuple[Node, ...]

COMPARISONS = {row.symbol: row for row in OPERATIONS.values() if row.is_truth}
TYPOGRAPHIC = {"≤": "<=", "≥": ">=", "≠": "!="}


def scalars(value: Value) -> tuple[Node, ...]:
    """The nodes of a value: the elements of a vector, or a scalar alone."""
    return value if isinstance(value, tuple) else (value,)


class Call(NamedTuple):
    """A piece of text that stands for several gates: the call of a function, or `w @ x`."""

    name: str
    span: Span
    outer: "Call | None" = None
    """The call in whose function this one stands."""

    def within(self, call: "Call") -> bool:
        """Whether this is the call, or in its function."""
        inner: Call | None = self
        while inner is not None and inner != call:
            inner = inner.outer
        return inner is not None


@dataclass
class Workshop:
    """Makes the nodes of one program, from one text, and remembers what their spans alone do not tell."""

    text: str
    max_nodes: int
    first_age: int = field(default_factory=lambda: Node().age)
    elements: dict[Node, int] = field(default_factory=dict)
    """For each node that is an element of a vector, its index."""
    calls: dict[Node, Call] = field(default_factory=dict)
    """For each node made on the way to the value of a call, that call."""
    playing: Call | None = None
    """The call of a function of the program whose body is being played."""

    def error(self, message: str, span: Span, hint: str | None = None) -> ProgramError:
        return ProgramError(message, self.text, span, hint)

    def needs_vector(self, message: str, span: Span, *values: Value) -> NeedsVector:
        """The error of scalars among some values."""
        wrong = [value for value in values if isinstance(value, Node)]
        name = next((value.name for value in wrong if isinstance(value, Input)), None)
        error = NeedsVector(message, self.text, span, name and f"give it as a vector: {name}=[1, 2, 3]")
        error.inputs = [node.name for node in Graph(wrong, []).nodes if isinstance(node, Input)]
        return error

    def apply(self, operation: Operation, operands: Sequence[Value], span: Span) -> Value:
        """An operation on scalars; or, where an operand is a vector, element by element, scalars standing for all."""
        length = None
        for operand in operands:
            if type(operand) is tuple:
                if length is not None and length != len(operand):
                    raise self.error(f"vectors of different lengths: {length} and {len(operand)} elements", span)
                length = len(operand)
        if length is None:
            return Node(operation, tuple(operands), span=span)  # type: ignore[arg-type]
        if operation.variadic and len(operands) == 1:
            return self.count(Node(operation, operands[0], span=span), span)  # type: ignore[arg-type]
        columns = [operand if isinstance(operand, tuple) else (operand,) * length for operand in operands]
        return self.vector_of((Node(operation, row, span=span) for row in zip(*columns, strict=True)), span)

    def vector_of(self, nodes: Iterable[Node], span: Span) -> tuple[Node, ...]:
        """New nodes as a vector."""
        vector = tuple(self.count(node, span) for node in nodes)
        for i, node in enumerate(vector):
            self.elements[node] = i
        return vector

    def note_call(self, value: Value, call: Call, first_age: int) -> Value:
        """Remember the call that a value was made for, unless it was there before."""
        for node in scalars(value):
            if node.age > first_age:
                self.calls[self.count(node, call.span)] = call
        return value

    def note_result(self, value: Value, call: Call, first_age: int) -> Value:
        """Give the result of a call the span of the call."""
        for node in scalars(value):
            if node.age > first_age:
                self.calls.pop(node, None)
                node.span = call.span
        return value

    def reserve(self, nodes: int, span: Span) -> None:
        """Make sure of room for that many more nodes; TooManyNodes otherwise."""
        if Node().age - self.first_age + nodes > self.max_nodes:
            raise self.too_large(span)

    def count(self, node: Node, span: Span) -> Node:
        """The node, unless there are too many by now."""
        if node.age - self.first_age >= self.max_nodes:
            raise self.too_large(span)
        return node

    def too_large(self, span: Span) -> ProgramError:
        return TooManyNodes(f"the graph would have more than {self.max_nodes:,} nodes", self.text, span)

    def vector(self, items: Sequence[Value], span: Span) -> Value:
        """A vector literal."""
        if not items:
            raise self.error("a vector needs at least one element", span)
        if any(isinstance(item, tuple) for item in items):
            raise self.error("an element of a vector must be a scalar, not a vector", span)
        return tuple(items)  # type: ignore[arg-type]

    def index(self, operands: Sequence[Value], span: Span, index_span: Span) -> Value:
        """An element of a vector, counted from its end where the index is negative."""
        vector, index = operands
        if not isinstance(vector, tuple):
            name = repr(vector.name) if isinstance(vector, Input) else "a scalar"
            raise self.needs_vector(f"{name} has no elements", span, vector)
        i = self.whole_number(index, index_span)
        if not -len(vector) <= i < len(vector):
            s = "s" * (len(vector) != 1)
            raise self.error(f"index {i} is out of range: the vector has {len(vector)} element{s}", index_span)
        return vector[i]

    def whole_number(self, value: Value, span: Span) -> int:
        """The whole number that a constant expression stands for."""
        if isinstance(value, Node):
            graph = Graph([value], [])
            if all(node.operation or isinstance(node, Constant) for node in graph.nodes):
                number = forward(graph, {})[-1]
                if number == number // 1 and abs(number) < 2**53:
                    return int(number)
        raise self.error("an index must be a whole number", span)

    def compare(self, signs: Sequence[str], operands: Sequence[Value], span: Span) -> Value:
        """A comparison, or a chain of them: `a < b <= c` is `a < b and b <= c`, where b is one node."""
        pairs = zip(operands, signs, operands[1:], strict=False)
        truths = [
            self.apply(COMPARISONS[TYPOGRAPHIC.get(sign, sign)], (left, right), span) for left, sign, right in pairs
        ]
        result = truths[0]
        for truth in truths[1:]:
            result = self.apply(OPERATIONS["and"], (result, truth), span)
        return result

    def choose(self, operands: Sequence[Value], span: Span) -> Value:
        """`a if c else b`, whose condition is read second but is the first operand of `where`."""
        chosen, condition, other = operands
        return self.apply(OPERATIONS["where"], (condition, chosen, other), span)

    def dot(self, operands: Sequence[Value], span: Span) -> Value:
        """The sum of the products of the elements of two vectors."""
        left, right = operands
        if not isinstance(left, tuple) or not isinstance(right, tuple):
            raise self.needs_vector("a dot product needs two vectors", span, left, right)
        products = self.inside(self.apply(OPERATIONS["mul"], (left, right), span), Call("@", span, self.playing))
        return self.apply(OPERATIONS["sum"], (products,), span)

    def softmax(self, operands: Sequence[Value], span: Span) -> Value:
        """exp(x_i)/sum(exp(x)) for every element, without overflow."""
        (x,) = operands
        if not isinstance(x, tuple):
            raise self.needs_vector("softmax needs a vector", span, x)
        call = Call("softmax", span, self.playing)
        top = self.inside(self.apply(OPERATIONS["max"], (x,), span), call)
        shifted = self.inside(self.apply(OPERATIONS["sub"], (x, top), span), call)
        powers = self.inside(self.apply(OPERATIONS["exp"], (shifted,), span), call)
        total = self.inside(self.apply(OPERATIONS["sum"], (powers,), span), call)
        return self.apply(OPERATIONS["div"], (powers, total), span)

    def inside(self, value: Value, call: Call) -> Value:
        """A step on the way to the value that the call stands for."""
        return self.note_call(value, call, self.first_age)


VECTOR_FUNCTIONS: dict[str, tuple[int, str, str, Callable[[Workshop, Sequence[Value], Span], Value]]] = {
    "dot": (2, "dot(x, y)", "x @ y, the sum of the products of the elements", Workshop.dot),
    "softmax": (1, "softmax(x)", "exp(x)/sum(exp(x)), element by element", Workshop.softmax),
}
"""Functions of vectors that are several gates: number of operands, how a call is written, meaning, and the gates."""
