"""The quick way through lark's tables: it gives what lark gives, and lark takes over where it cannot be read."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import lark
import pytest

from autodiff.grammar import driver, parser
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.print.text import print_program

TEXT = "f(u) = u^2; y = f(a) if not a < 1 else -b; y += 1\n[y, 2*b] @ [a, 1], max([a, b]), .5e1 %  3 ** -a"


@pytest.fixture
def unread() -> Iterator[None]:
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
    expected = print_program(parser.parse(TEXT).outputs)
    parser._driver.cache_clear()
    monkeypatch.setattr(parser, "_parser", broken(**changes))
    assert not isinstance(parser._driver(), driver.Driver)
    assert print_program(parser.parse(TEXT).outputs) == expected
    with pytest.raises(ProgramError, match="expected"):
        parser.parse("a + * b")


@pytest.mark.parametrize("attribute", ["_mres", "ignore_types", "callback", "parse_table", "callbacks", "start_states"])
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
