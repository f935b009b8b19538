"""Define by run: a Scalar is a node that knows its value, and Python's operators on Scalars build the graph."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from inspect import Signature, signature
from keyword import iskeyword
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from autodiff._operations import _Methods
from autodiff.engine import passes
from autodiff.engine.graph import Constant, Graph, Input, Node, topological_order
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import FLOATS, OPERATIONS, SPELLINGS

if TYPE_CHECKING:
    from autodiff.evaluation.evaluation import Evaluation

_NUMBER: tuple[type[Any], ...] = (float, int, Real)  # the first two are Real as well, but quicker to tell


def _binary(name: str) -> tuple[Callable[["Scalar", "Scalar | float"], "Scalar"], ...]:
    """An operation of the table as the methods of an operator: for a Scalar on its left, and for one on its right."""
    operation, evaluate = OPERATIONS[name], getattr(FLOATS, name)

    def on_the_left(left: "Scalar", right: Any) -> Any:
        if not isinstance(right, Scalar):
            if not isinstance(right, _NUMBER):
                # Python then asks the other operand.
                return NotImplemented
            right = _Number(right)
        return _computed(operation, (left, right), evaluate(left._value, right._value))

    def on_the_right(right: "Scalar", left: Any) -> Any:
        return on_the_left(_Number(left), right) if isinstance(left, _NUMBER) else NotImplemented

    return on_the_left, on_the_right


def _unary(name: str) -> Callable[["Scalar"], "Scalar"]:
    operation, evaluate = OPERATIONS[name], getattr(FLOATS, name)
    return lambda x: _computed(operation, (x,), evaluate(x._value))


def _comparison(name: str) -> Callable[["Scalar", "Scalar | float"], bool]:
    """An operation of the table as a question about values; no node comes of it."""
    evaluate = getattr(FLOATS, name)

    def compare(left: "Scalar", right: Any) -> Any:
        if isinstance(right, Scalar):
            return evaluate(left._value, right._value) == 1.0
        return evaluate(left._value, _real(right)) == 1.0 if isinstance(right, _NUMBER) else NotImplemented

    return compare


def _refused(what: str) -> Callable[["Scalar"], Any]:
    """A conversion that would leave the graph in silence, so that no derivative came back."""

    def refuse(self: "Scalar") -> Any:
        raise TypeError(f"{what} would forget how {self!r} was computed: {_INSTEAD}")

    return refuse


_INSTEAD = "use the functions of autodiff, as in autodiff.sin(x) for math.sin(x), or take its number, x.value"


class Scalar(_Methods, Node):
    """A number that remembers how it was computed, so that `backward` can tell what it depends on, and how strongly.

    `Scalar(2, label="x")` is a leaf. `+ - * / % **`, `abs` and the functions of this package, which are methods too,
    make computed ones: `sigmoid(a*x + b)`, `(a*x + b).sigmoid()`. Numbers may stand on either side; each becomes a leaf
    of its own. The arithmetic is IEEE 754's: overflow gives `inf`, a bad argument `nan`, and nothing raises.
    `< <= > >=` compare values and `bool` asks whether the value is not 0; `==` and `hash` go by identity, since a
    Scalar is a node of a graph. NumPy's functions of one operand, `np.sin(x)`, call the methods and stay in the graph;
    `float(x)`, `int(x)` and the functions of `math` would leave it, and raise TypeError.
    """

    __slots__ = ("_value", "grad")

    grad: float
    """The derivative by this node of whatever `backward` was last called on with this node behind it; 0.0 before."""
    label: str | None
    """A name to be shown by, which may be set at any time."""
    operation: Operation | None
    """The row of the table of operations that computed this node; None for a leaf."""
    operands: tuple["Scalar", ...]
    """Its operands in order, with one that is used twice named twice; empty for a leaf."""

    def __init__(self, value: float, label: str | None = None) -> None:
        """A leaf. TypeError where the value is not a real number, or the label is not a str."""
        if label is not None and not isinstance(label, str):
            raise TypeError(f"the label of a Scalar must be a str, not {label!r}")
        Node.__init__(self, label=label)
        self._value = _real(value)
        self.grad = 0.0

    @property
    def value(self) -> float:
        """The number. That of a leaf can be set, as in `p.value -= 0.1*p.grad`; what was computed before keeps its own.

        AttributeError where a computed value is set, TypeError where it is set to anything but a real number.
        """
        return self._value

    @value.setter
    def value(self, value: float) -> None:
        if self.operation is not None:
            raise AttributeError("only the value of a leaf can be set: this one follows from its operands")
        self._value = _real(value)
        self.age = Node().age  # as good as new, so that whatever used the old value is now older than its operand

    def backward(self) -> None:
        """Set `grad`, on this node and on every node behind it, to the derivative of this value by that node.

        It is set afresh: nothing is left of earlier calls, and a leaf that nothing flows back to has 0.0. RuntimeError
        where a leaf was given another value after this node was computed from it.
        """
        graph = Graph([self], [])
        nodes = cast("list[Scalar]", graph.nodes)
        for i, operands in enumerate(graph.operands):
            if operands and max(operands) > i:
                raise RuntimeError(f"compute it again: its operand {nodes[max(operands)]!r} has another value by now")
        adjoints = passes.backward(graph, [node._value for node in nodes], self)
        for node, adjoint in zip(nodes, adjoints, strict=True):
            node.grad = 0.0 if adjoint is None else adjoint

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("sub")
    __mul__, __rmul__ = _binary("mul")
    __truediv__, __rtruediv__ = _binary("div")
    __mod__, __rmod__ = _binary("mod")
    __pow__, __rpow__ = _binary("pow")
    __neg__, __abs__ = _unary("neg"), _unary("abs")
    __lt__, __le__ = _comparison("less"), _comparison("less_equal")
    __gt__, __ge__ = _comparison("greater"), _comparison("greater_equal")

    def __pos__(self) -> "Scalar":
        return self

    __float__, __int__ = _refused("float(x)"), _refused("int(x)")
    __round__: Any = _refused("round(x)")
    __floor__, __ceil__, __trunc__ = _refused("math.floor(x)"), _refused("math.ceil(x)"), _refused("math.trunc(x)")

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else repr(self)

    def __bool__(self) -> bool:
        return self._value != 0

    def __repr__(self) -> str:
        label = "" if self.label is None else f", label={self.label!r}"
        return f"Scalar({self._value:g}{label})"

    def _repr_svg_(self) -> str | None:
        """For notebooks: the graph behind it with the values, and after `backward` the gradients; None if too large."""
        from autodiff.notebook import svg

        return svg(_evaluation(self))


class _Number(Scalar):
    """A plain number beside a Scalar: pictures show it as a constant."""

    __slots__ = ()


def _evaluation(root: Scalar) -> "Evaluation":
    """The graph behind a Scalar as a program at a point. Plain numbers are constants in it, and leaves inputs."""
    from autodiff.evaluation.evaluation import Evaluation
    from autodiff.grammar.program import Program

    copies, found = dict[Node, Node](), dict[Node, Scalar]()
    # A leaf that was given another value is younger than what was computed from it.
    for node in sorted(topological_order([root]), key=lambda node: node.operation is not None):
        assert isinstance(node, Scalar)
        copies[node] = copy = _copy(node, copies)
        found[copy] = node
    inputs = {copy.name: copy for copy in found if isinstance(copy, Input)}
    program = Program("", inputs, [copies[root]], False, {}, {})
    nodes = [found[node] for node in program.graph.nodes]
    gradients: list[list[float | None]] | None = [[node.grad for node in nodes]] if root.grad else None
    return Evaluation(program, {}, [node.value for node in nodes], gradients, tuple(inputs))


def _copy(node: Scalar, copies: dict[Node, Node]) -> Node:
    """A node without a value; a leaf without a label is called by its number."""
    label = None if node.label is None else str(node.label)
    if node.operation is not None:
        return Node(node.operation, tuple(copies[operand] for operand in node.operands), label)
    if label is None and isinstance(node, _Number):
        return Constant(node.value)
    copy, number = Input(str(len(copies))), f"{node.value:.6g}"
    copy.label = label or (f"({number})" if number.startswith("-") else number)
    return copy


def _real(number: Any) -> float:
    if not isinstance(number, _NUMBER):
        raise TypeError(f"the value of a Scalar must be a real number, not {number!r}")
    try:
        return float(number)
    except OverflowError:  # of a long integer or a fraction of such
        return math.inf if number > 0 else -math.inf


def _computed(operation: Operation, operands: tuple[Scalar, ...], value: float) -> Scalar:
    # Not by __init__, whose checks a computed value does not need.
    node = Scalar.__new__(Scalar)
    Node.__init__(node, operation, operands)
    node._value = value
    node.grad = 0.0
    return node


def _function(operation: Operation) -> Callable[..., Scalar | float]:
    """An operation of the table as a function of Scalars and numbers, whose parameters are those of its rules."""
    evaluate: Callable[..., float] = getattr(FLOATS, operation.name)
    parameters = signature(partial(operation.local, FLOATS, None))
    (least, most), variadic = operation.arity, operation.variadic

    def function(*operands: Any, **named: Any) -> Scalar | float:
        if named:
            operands = _in_order(operation, parameters, operands, named)
        elif variadic and len(operands) == 1 and isinstance(operands[0], Iterable):
            operands = tuple(operands[0])
        if not least <= len(operands) <= most:
            plural = "s" * (len(operands) != 1)
            raise TypeError(f"{operation.signature} does not take {len(operands)} operand{plural}")
        kinds = set(map(type, operands))
        if kinds != {Scalar}:
            _check(operation, operands)
            if not any(issubclass(kind, Scalar) for kind in kinds):
                return evaluate(*map(_real, operands))
            operands = tuple(x if isinstance(x, Scalar) else _Number(x) for x in operands)
        return _computed(operation, operands, evaluate(*[x._value for x in operands]))

    function.__name__ = function.__qualname__ = operation.name
    function.__doc__ = f"{operation.signature}: {operation.help}.\n\n{_HOW_TO_CALL}{_AS_ONE_LIST * operation.variadic}"
    function.__signature__ = parameters  # type: ignore[attr-defined]
    return function


_HOW_TO_CALL = """A Scalar where an operand is one; of numbers alone a float. TypeError where there are too many
operands or too few, or where one is not a real number."""
_AS_ONE_LIST = " They may come as one list."


def _in_order(
    operation: Operation, parameters: Signature, operands: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """All operands by their positions, where some were given by their names."""
    try:
        bound = parameters.bind(*operands, **named)
    except TypeError as error:
        raise TypeError(f"{operation.signature}: {error}") from None
    bound.apply_defaults()
    return bound.args


def _check(operation: Operation, operands: tuple[Any, ...]) -> None:
    for operand in operands:
        if not isinstance(operand, (Scalar, *_NUMBER)):
            raise TypeError(f"{operation.signature} takes Scalars and real numbers, not {operand!r}")


_BY_OPERATION = {operation: _function(operation) for operation in OPERATIONS.values()}

FUNCTIONS = {name: _BY_OPERATION[row] for name, row in SPELLINGS.items() if name.isidentifier() and not iskeyword(name)}
"""Every operation as a function, by each of its spellings that Python can call a function by."""

for _name in FUNCTIONS:
    setattr(Scalar, _name, FUNCTIONS[_name])
