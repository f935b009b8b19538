"""The stub from which editors and type checkers know the operations, made from the table."""

from keyword import iskeyword
from pathlib import Path

from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS

FILE = Path(__file__).parents[2] / "library" / "_operations.pyi"

_HEAD = '''\
"""Every operation as a function and as a method. Made from the table by `python tests/rewrite.py`: do not edit."""

# mypy: disable-error-code="overload-overlap"

from collections.abc import Iterable
from typing import TypeVar, overload

from autodiff.scalar import Scalar

_Number = Scalar | float
_T = TypeVar("_T", Scalar, float, _Number)
'''


def stub() -> str:
    """The whole text of the stub."""
    rows = [row for row in OPERATIONS.values() if not iskeyword(row.name)]
    functions = [line for row in rows for line in _function(row)]
    aliases = [f"{alias} = {row.name}" for row in rows for alias in row.aliases]
    methods = [f"    {_method(name, row)}" for row in rows for name in (row.name, *row.aliases)]
    return "\n".join([_HEAD, *functions, "", *aliases, "", "class _Methods:", *methods, ""])


def _function(row: Operation) -> list[str]:
    """Of Scalars and numbers a Scalar, of numbers alone a float."""
    if row.arity == (1, 1):
        return [f"def {row.name}({row.operand_names[0]}: _T) -> _T: ..."]
    forms = [("float", "float"), ("_Number", "Scalar")]
    lines = [f"def {row.name}({', '.join(_operands(row, kind))}) -> {result}: ..." for kind, result in forms]
    if row.variadic:
        name = row.operand_names[0]
        lists = [f"def {row.name}({name}: Iterable[{kind}], /) -> {result}: ..." for kind, result in forms]
        lines = [lines[0], lists[0], lines[1], lists[1]]
    return [text for line in lines for text in ("@overload", line)]


def _method(name: str, row: Operation) -> str:
    others = _operands(row, "_Number")
    return f"def {name}({', '.join(['self', *(others if row.variadic else others[1:])])}) -> Scalar: ..."


def _operands(row: Operation, kind: str) -> list[str]:
    """The parameters, with the defaults of those that may be left out."""
    if row.variadic:
        return [f"*{row.operand_names[0]}: {kind}"]
    names, defaults = row.operand_names, row.local.__defaults__ or ()
    optional = dict(zip(names[len(names) - len(defaults) :], defaults))
    return [f"{name}: {kind}" + (f" = {optional[name]:g}" if name in optional else "") for name in names]
