"""The stub that editors and type checkers read beside what Python finds."""

import ast
import inspect

import pytest

from autodiff.scalar import FUNCTIONS

from ..support import stub

TREE = ast.parse(stub.FILE.read_text("utf-8"))


def test_the_stub_is_what_the_table_makes_of_it() -> None:
    assert stub.FILE.read_text("utf-8") == stub.stub(), "run python tests/rewrite.py library/_operations.pyi"


def test_the_stub_knows_every_function_and_method_and_no_other() -> None:
    functions = {node.name for node in TREE.body if isinstance(node, ast.FunctionDef)}
    aliases = {ast.unparse(node).split(" = ")[0] for node in TREE.body if isinstance(node, ast.Assign)} - {
        "_T",
        "_Number",
    }
    (methods,) = [node for node in TREE.body if isinstance(node, ast.ClassDef)]
    assert functions | aliases == set(FUNCTIONS) == {ast.unparse(node).split("(")[0][4:] for node in methods.body}
    assert functions.isdisjoint(aliases)


@pytest.mark.parametrize("name", ["sigmoid", "hypot", "leaky_relu", "hardtanh", "where", "clip", "atan2", "max"])
def test_parameters_have_the_names_and_defaults_that_python_knows(name: str) -> None:
    known = inspect.signature(FUNCTIONS[name]).parameters.values()
    shown = [
        (
            f"*{each.name}" if each.kind is each.VAR_POSITIONAL else each.name,
            None if each.default is each.empty else each.default,
        )
        for each in known
    ]
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef) and node.name == name and not node.args.posonlyargs:
            names = [each.arg for each in node.args.args] + [f"*{each.arg}" for each in [node.args.vararg] if each]
            defaults = [ast.literal_eval(each) for each in node.args.defaults]
            assert list(zip(names, [None] * (len(names) - len(defaults)) + defaults)) == shown
