"""The stub that editors and type checkers read beside what Python finds."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

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


USE = """
import autodiff
x = autodiff.Scalar(2.0, label="x")
reveal_type(autodiff.sigmoid(x))
reveal_type(autodiff.sigmoid(0.5))
reveal_type(autodiff.hypot(x, 2))
reveal_type(autodiff.hypot(1, 2))
reveal_type(autodiff.max([x, 2]))
reveal_type(autodiff.max(1, 2.5))
reveal_type(autodiff.leaky_relu(x, slope=0.1))
reveal_type(x.sin().expit().leaky_relu(0.1) + 1)
reveal_type(autodiff.parse("x").inputs)
def either(u: autodiff.Scalar | float) -> None:
    reveal_type(autodiff.relu(u))
autodiff.sigmod(x)
x.sigmod()
autodiff.sin("2")
"""


@pytest.mark.slow
def test_a_type_checker_knows_the_operations(tmp_path: Path) -> None:
    root, package = stub.FILE.parents[1], tmp_path / "autodiff"  # an editable install is not seen by mypy
    package.mkdir()
    rooms = [file.parent for file in root.glob("*/__init__.py") if file.parent.name != "library"]
    for file in [*(root / "library").iterdir(), *rooms]:
        (package / file.name).symlink_to(file)
    (tmp_path / "use.py").write_text(USE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(root / "pyproject.toml"), "use.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout.replace("autodiff.scalar.", ""))
    assert revealed == [*["Scalar", "float"] * 3, "Scalar", "Scalar", "tuple[str, ...]", "Scalar | float"]
    assert re.findall(r"use.py:(\d+): error", done.stdout) == ["15", "16", "17"]
