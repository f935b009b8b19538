"""What keeps the house in order: who imports whom, what a start loads, and how long files and functions get."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("engine", "grammar", "evaluation", "pictures", "rows", "library", "cli")
"""From the ground up; `pictures` and `rows` stand side by side."""
SOURCES = [file for room in FLOORS for file in sorted((ROOT / room).rglob("*.py"))]


def imported_rooms(file: Path) -> set[str]:
    """The rooms of the house that a file imports, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{file} imports relatively"
        found |= {name.split(".")[1] for name in names if name.startswith("autodiff.")}
    return found & {*FLOORS}


@pytest.mark.parametrize(("room", "may_import"), [("engine", {"engine"}), ("grammar", {"engine", "grammar"})])
def test_rooms_import_downwards_only(room: str, may_import: set[str]) -> None:
    files = [file for file in SOURCES if file.is_relative_to(ROOT / room)]
    assert files
    for file in files:
        assert imported_rooms(file) <= may_import


def test_a_plain_eval_loads_nothing_heavy() -> None:
    heavy = ["rich", "graphviz", "mpmath", "numpy", "pyarrow", "scipy", "json", "csv", "tomllib", "pydantic"]
    heavy += ["dask", "distributed", "fsspec"]
    program = (
        "import sys; from autodiff.cli.main import main\n"
        "main(['eval', 'sigmoid(x)', 'x=2'])\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0.8807970779778823\n\n"


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_stay_short(file: Path) -> None:
    source = file.read_text("utf-8")
    assert len(source.splitlines()) <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= 40, node.name
            assert node.name.startswith("_") or node.returns is not None, node.name


def test_the_backward_pass_fits_in_twenty_lines() -> None:
    tree = ast.parse((ROOT / "engine" / "passes.py").read_text("utf-8"))
    (backward,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "backward"]
    assert (backward.end_lineno or 0) - backward.lineno + 1 <= 20


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    """Every start of the command imports it, and loads what it needs by itself."""
    program = "import sys, autodiff; print(*[name for name in sys.modules if name.startswith('autodiff.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "\n"
