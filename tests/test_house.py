"""What keeps the house in order: who imports whom, what a start loads, and how long files and functions get."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"engine": 0, "grammar": 1, "evaluation": 2, "pictures": 3, "rows": 3, "library": 4, "cli": 4}
"""The rooms of the house, and on which floor each is. Nothing is imported from a higher floor or from a neighbour."""
DOOR = ("autodiff.__main__", "autodiff.cli.main")
"""The one arrow between neighbours: `python -m autodiff` opens the command line."""


def module_name(file: Path) -> str:
    """The name under which a file of the house is imported: `library/` is the package itself."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "library" else parts
    return ".".join(["autodiff", *(parts[:-1] if parts and parts[-1] == "__init__" else parts)])


SOURCES = {module_name(file): file for room in FLOORS for file in sorted((ROOT / room).rglob("*.py"))}


def room(module: str) -> str:
    """The room that a module is in."""
    return SOURCES[module].relative_to(ROOT).parts[0]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text("utf-8"))


def imported_names(statement: ast.AST) -> Iterator[str]:
    """What an import statement may name: `from a.b import c` names `a.b.c`, which may be a module or be in one."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        yield from (f"{statement.module}.{alias.name}" for alias in statement.names)


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the house that a module imports: at its top, in its functions, and for its types."""
    found = set()
    for name in (name for node in ast.walk(tree(module)) for name in imported_names(node)):
        while name.startswith("autodiff") and name not in SOURCES:
            name = name.rpartition(".")[0]
        if name in SOURCES:
            found.add(name)
    return frozenset(found - {module})


def test_every_room_is_on_a_floor() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert rooms == set(FLOORS)
    assert len(SOURCES) > 60
    assert {"autodiff", "autodiff.__main__", "autodiff.engine.graph", "autodiff.cli.main"} <= set(SOURCES)


def test_the_test_sees_imports_wherever_they_stand() -> None:
    """At the top, in functions, of modules and of what is in them."""
    assert "autodiff.engine.graph" in imports("autodiff.engine.passes")
    assert DOOR[1] in imports(DOOR[0])
    assert any(room(name) == "engine" for name in imports("autodiff.grammar.builder"))


@pytest.mark.parametrize("module", SOURCES)
def test_imports_are_absolute_and_in_the_open(module: str) -> None:
    """Neither `from . import` nor `import_module`, which the tests here would not see."""
    for node in ast.walk(tree(module)):
        assert not (isinstance(node, ast.ImportFrom) and node.level), ast.unparse(node)
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        assert name not in ("import_module", "__import__"), ast.unparse(node)


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_is_imported_from_a_higher_floor(module: str) -> None:
    below = {name for name in imports(module) if FLOORS[room(name)] < FLOORS[room(module)]}
    assert imports(module) - below <= {name for name in SOURCES if room(name) == room(module)} | (
        {DOOR[1]} if module == DOOR[0] else set()
    )


def test_no_files_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter({module: imports(module) for module in SOURCES}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def loaded(program: str) -> list[str]:
    """The modules that a program has loaded in a fresh Python."""
    text = f"{program}\nimport sys; print(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "arguments", [["eval", "sigmoid(x)", "x=2"], ["grad", "sigmoid(x)*y", "x=2", "y=pi"]], ids=lambda given: given[0]
)
def test_a_plain_answer_loads_nothing_heavy(arguments: list[str]) -> None:
    heavy = {"rich", "graphviz", "mpmath", "numpy", "pyarrow", "scipy", "json", "csv", "tomllib", "pydantic"}
    heavy |= {"dask", "distributed", "fsspec", "flint", "fractions", "decimal", "graphlib"}
    assert not heavy.intersection(loaded(f"from autodiff.cli.main import main; main({arguments})"))


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    """Every start of the command imports it, and loads what it needs by itself."""
    assert not [name for name in loaded("import autodiff") if name.startswith("autodiff.")]


def functions(module: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """The functions of a module, each with its number of lines."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or 0) - node.lineno + 1


def code_lines(module: str) -> tuple[int, int]:
    """How many lines of a file hold code, docstrings apart, and how many hold a comment."""
    code, comments = set[int](), set[int]()
    blank = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(SOURCES[module].read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in blank and not (token.type == tokenize.STRING and token.line.lstrip().startswith('"""')):
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code), len(comments)


@pytest.mark.parametrize("module", SOURCES)
def test_files_and_functions_stay_short_and_say_what_they_are(module: str) -> None:
    assert len(SOURCES[module].read_text("utf-8").splitlines()) <= 400
    assert ast.get_docstring(tree(module))
    for function, lines in functions(module):
        assert lines <= 40, function.name
        assert function.returns is not None, function.name


def test_the_numbers_that_the_design_asks_for() -> None:
    """Section 8 of the design, counted; `pytest -rP` shows them."""
    backward = next(lines for f, lines in functions("autodiff.engine.passes") if f.name == "backward")
    lengths = [lines for module in SOURCES for _, lines in functions(module)]
    code, comments = (sum(column) for column in zip(*map(code_lines, SOURCES)))
    anys = sum(isinstance(node, ast.Name) and node.id == "Any" for module in SOURCES for node in ast.walk(tree(module)))
    print(f"{len(SOURCES)} files, {code} lines of code, {100 * comments / code:.1f} % comments, {anys} times Any")
    print(
        f"backward pass: {backward} lines; functions: {len(lengths)}, median {median(lengths)}, longest {max(lengths)}"
    )
    assert backward <= 20
    assert median(lengths) <= 6
    assert 3 <= 100 * comments / code <= 8


def test_the_package_has_few_public_names_beside_the_operations() -> None:
    import autodiff
    from autodiff.engine.table.operations import SPELLINGS

    public = {name for name in dir(autodiff) if not name.startswith("_")}
    assert {"parse", "Function", "Scalar", "ProgramError"} <= public
    assert len(public - set(SPELLINGS)) <= 12


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_in_the_pages_for_developers_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    paths = re.findall(r"`([\w.]+/[\w./]*)`", text) + re.findall(r"^    (\w+/)  ", text, re.MULTILINE)
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []
