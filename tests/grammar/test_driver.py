"""The quick way through lark's tables: it gives what lark gives, and lark takes over where it cannot be read."""

import sys
from ast import literal_eval
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import lark
import pytest

from autodiff.grammar import driver, parser
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.print.text import print_program

# Together they reduce by every rule of the grammar.
TEXTS = [
    "f(u) = u^2; y = f(a) if not a < 1 else -b; y += 1\n[y, 2*b] @ [a, 1], max([a, b]), .5e1 %  3 ** -a",
    "\n;f(u, v, w) = u*v/w; g() = +2\n\nh(u) = u + 1; y = a; y += 1; y -= 2; y *= 3; y /= 4; y ^= 2;"
    "1 < a <= b < 3 == 1, (g() or b and c) + max(a, b, y) - [a][0]; # the end\n",
    "a",
    "a;",
    ";;a",
    ";a\n\n",
    "y = 1; a",
    "y = 1; a; ",
    ";y = 1; a",
    "",
    ";",
    "[]",
]


def read(text: str) -> str:
    """What becomes of a text: the program, or what is wrong with it."""
    try:
        return print_program(parser.parse(text).outputs)
    except ProgramError as error:
        return str(error)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No tables are read yet, and none are saved."""
    monkeypatch.setitem(sys.modules, "autodiff.grammar.tables", None)
    parser._driver.cache_clear()
    yield
    parser._driver.cache_clear()


def test_lark_is_as_the_driver_knows_it() -> None:
    try:
        driver.tables(parser._parser())
    except Exception as error:
        pytest.fail(
            f"lark {lark.__version__} has changed inside ({error!r}). Programs are still read, by lark itself in twice "
            "the time. Mend `tables` in grammar/driver.py, the only place that knows lark's private attributes, or "
            "lower the upper bound of lark in pyproject.toml."
        )


def broken(**changes: Any) -> Callable[[], Any]:
    """A parser of lark's that still parses, but has other attributes inside."""
    whole = parser._parser()
    return lambda: SimpleNamespace(parse=whole.parse, **changes)


@pytest.mark.parametrize("changes", [{}, {"parser": None}, {"parser": SimpleNamespace(parser=SimpleNamespace())}])
@pytest.mark.usefixtures("unread")
def test_lark_takes_over_where_it_has_changed_inside(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    expected = [read(text) for text in TEXTS]
    parser._driver.cache_clear()
    monkeypatch.setattr(parser, "_parser", broken(**changes))
    assert parser._driver() is None
    assert [read(text) for text in TEXTS] == expected
    with pytest.raises(ProgramError, match="expected"):
        parser.parse("a + * b")


@pytest.mark.usefixtures("unread")
def test_the_texts_reduce_by_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    reduced = set()

    def noted(rule: driver.Rule, builder: Any) -> Callable[[list[Any]], Any]:
        reduce, name = reducer(rule, builder), str(rule)

        def note(parts: list[Any]) -> Any:
            reduced.add(name)
            return reduce(parts) if reduce else parts[0]

        return note

    reducer = driver._reducer
    monkeypatch.setattr(driver, "_reducer", noted)
    for text in TEXTS:
        read(text)
    assert reduced == {str(driver.Rule._make(rule)) for rule in driver.tables(parser._parser()).rules}


def test_saved_tables_are_those_of_lark() -> None:
    """An editable install saves none, but could: nothing is lost where they are written and read as Python."""
    tables = driver.tables(parser._parser())
    try:
        import autodiff.grammar.tables as generated

        saved = generated.TABLES
    except ImportError:
        saved = literal_eval(repr(tuple(tables)))
    assert saved == tables


@pytest.mark.parametrize("attribute", ["_mres", "ignore_types", "callback", "parse_table", "start_states"])
def test_each_attribute_is_missed(attribute: str) -> None:
    class Changed:
        """Lark's parser without one of its attributes, however deep."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            if name == attribute:
                raise AttributeError(name)
            found = getattr(self._inner, name)
            return Changed(found) if name in ("parser", "lexer", "scanner", "parse_table") else found

    with pytest.raises(AttributeError):
        driver.tables(Changed(parser._parser()))
