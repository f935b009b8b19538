"""What a row of the table of operations says, and how its rules meet an arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from types import SimpleNamespace
from typing import Any

from autodiff.engine.table.constants import FORMULAS

Interval = tuple[float, float]

_VARIADIC = 0x04  # the flag of a code object that takes *operands


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One row: a differentiable function of scalars, as data.

    The rules are functions of an arithmetic `m` and the operands, so that one text runs on floats, on arrays and on
    graph nodes: `arithmetic/protocol.py` says what they may use.
    """

    name: str
    help: str
    """One line: what it computes."""
    local: Callable[..., tuple[Any, ...]]
    """`local(m, result, *operands)`: the local derivative by each operand, None where no gradient flows to it. Its
    parameters after the result name the operands and give the defaults of those that may be left out."""
    value: Callable[..., Any] | None = None
    """`value(m, *operands)`, as good as doubles get; None for a primitive, which every arithmetic brings itself."""
    definition: Callable[..., Any] | None = None
    """The textbook formula in simpler operations, where there is no `value` or it is written differently to keep the
    digits of doubles. A gate with neither, or a truth value, is basic: it cannot be taken apart."""
    symbol: str | None = None
    aliases: tuple[str, ...] = ()
    kinks: str = ""
    """What the derivative is where it does not exist, for the help."""
    domain: tuple[Interval, ...] = ()
    """For each operand the interval on which the value is real; operands not listed take every real number."""
    hard: tuple[float, ...] = ()
    """Points near which a careless formula loses digits."""
    commutative: bool = False
    is_truth: bool = False
    """Whether the result is a truth value, 1 or 0."""
    chooses: bool = False
    """Whether the first operand, a truth value, chooses among the others."""
    prefers: tuple[str, str] = ("", "")
    """Of a choice between operands: the comparison by which the first of two is taken, and that by which the second."""
    mirrored: str | None = None
    """The comparison that is the same with its operands exchanged."""
    binding: int = 0
    """How tightly the symbol binds, as the grammar nests it."""

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of the operands; of a variadic operation, the one name that stands for all."""
        code = self.local.__code__
        return code.co_varnames[2 : code.co_argcount + self.variadic]

    @property
    def variadic(self) -> bool:
        return bool(self.local.__code__.co_flags & _VARIADIC)

    @property
    def arity(self) -> tuple[int, float]:
        """The least and the greatest number of operands."""
        if self.variadic:
            return 1, inf
        most = self.local.__code__.co_argcount - 2
        return most - len(self.local.__defaults__ or ()), most

    @property
    def signature(self) -> str:
        """How a call is written, with the defaults: `leaky_relu(x, slope=0.01)`."""
        if self.variadic:
            return f"{self.name}({self.operand_names[0]}, ...)"
        defaults = self.local.__defaults__ or ()
        names = self.operand_names
        optional = [f"{name}={default:g}" for name, default in zip(names[self.arity[0] :], defaults, strict=True)]
        return f"{self.name}({', '.join([*names[: self.arity[0]], *optional])})"

    def bounds(self, operand: int) -> Interval:
        """The open interval of real values of an operand by its position."""
        return self.domain[operand] if operand < len(self.domain) else (-inf, inf)


class TableArithmetic(SimpleNamespace):
    """Everything that rules call as `m.NAME`."""

    def __getattr__(self, name: str) -> Any:
        """A constant by its formula, whenever it is asked for: at the precision of the moment."""
        if name not in FORMULAS:
            raise AttributeError(name)
        return FORMULAS[name](self)


def arithmetic(operations: Mapping[str, Operation], primitives: Mapping[str, Any]) -> TableArithmetic:
    """The arithmetic of the given primitives, with all other rows by their value rules."""
    m = TableArithmetic(**primitives)
    for operation in operations.values():
        if operation.value is not None:
            setattr(m, operation.name, partial(operation.value, m))
    return m
