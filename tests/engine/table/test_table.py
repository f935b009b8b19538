"""The table is the only place that lists operations: nothing else names several, or finds them by how a name begins."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from autodiff.engine.table.operations import OPERATIONS

ROOT = Path(__file__).parents[3]
FILES = [
    file
    for room in ("engine", "grammar", "evaluation", "pictures", "rows", "library", "cli")
    for file in sorted((ROOT / room).rglob("*.py"))
    if not file.is_relative_to(ROOT / "engine" / "table")
]

# What calls some operations by other names, or writes them in its own way; and the laws of arithmetic and logic, which
# hold for the operations that they are about. None of these has to know a new row.
ALLOWED = ("grammar/print/", "grammar/notations/", "engine/arithmetic/floats.py", "engine/symbolic/", "engine/code/")


def named(node: ast.AST) -> set[str]:
    """The operation that a piece of a display names: "sin", or OPERATIONS["sin"], or a tuple of these."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in OPERATIONS:
        return {node.value}
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "OPERATIONS":
        return named(node.slice)
    return {name for each in node.elts for name in named(each)} if isinstance(node, ast.Tuple) else set()


def lists(source: str) -> Iterator[tuple[int, list[str]]]:
    """The displays that name three operations or more, and the line of each."""
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.AST] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = list(node.elts)
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Call):
            parts = list(node.args)
        names = {name for part in parts for name in named(part)}
        if len(names) > 2:
            yield node.lineno, sorted(names)


def test_lists_are_found() -> None:
    assert list(lists('f("sin")\nx = {"sin": 1, "cos": 2, "tan": 3}')) == [(2, ["cos", "sin", "tan"])]
    assert list(lists('x = (OPERATIONS["add"], OPERATIONS["sub"], "mul")')) == [(1, ["add", "mul", "sub"])]


def test_a_row_is_read_at_once() -> None:
    rows = [
        node
        for node in ast.walk(ast.parse((ROOT / "engine/table/operations.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Operation", "truth")
    ]
    assert len(rows) == len(OPERATIONS)
    assert [ast.unparse(row.args[0]) for row in rows if (row.end_lineno or 0) - row.lineno >= 4] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_else_lists_operations(file: Path) -> None:
    source = file.read_text("utf-8")
    if not file.relative_to(ROOT).as_posix().startswith(ALLOWED):
        assert not list(lists(source))
    assert ".name.startswith(" not in source
    assert 'GROUPS["' not in source
