"""The streams of the command: what goes where, and who may touch them."""

import re
from pathlib import Path

import pytest

from autodiff.cli import evaluated
from autodiff.cli.console import Console, excerpt
from autodiff.cli.main import main

ROOT = Path(__file__).parents[2]


def test_only_the_console_and_the_door_touch_the_streams() -> None:
    rooms = ("engine", "grammar", "evaluation", "pictures", "rows", "library", "cli")
    streams = re.compile(r"sys\.(stdin|stdout|stderr)\b|isatty|NO_COLOR|FORCE_COLOR|get_terminal_size|rich\.console")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py") if streams.search(file.read_text("utf-8"))]
    assert {str(file.relative_to(ROOT)) for file in files} == {"cli/console.py", "library/__main__.py"}


@pytest.mark.parametrize("debug", [False, True])
def test_a_traceback_is_shown_to_those_who_ask(
    debug: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(evaluated, "evaluate", broken)
    monkeypatch.delenv("AUTODIFF_DEBUG", raising=False)
    if debug:
        monkeypatch.setenv("AUTODIFF_DEBUG", "1")
    assert main(["eval", "x", "x=1"]) == 1
    printed, told = capfd.readouterr()
    assert printed == ""
    words = "error: autodiff itself failed: ZeroDivisionError: by nothing\nhint: please report it\n"
    assert told.endswith(words)
    assert told.startswith("Traceback") if debug else told == words


def test_quiet_leaves_out_warnings_and_notes_but_no_errors(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.note("heard")
    console.quiet = True
    console.note("unheard")
    console.warning("unheard")
    assert capfd.readouterr().err == "note: heard\n"
    assert main(["eval", "1/x", "x=0", "--quiet"]) == 0
    assert capfd.readouterr() == ("inf\n", "")


def test_a_place_is_shown_on_its_line_with_carets_below() -> None:
    assert excerpt("a = 1\nb = a + c", 14, 15) == ["2 | b = a + c", "            ^"]
    line, carets = excerpt("x" * 200 + " + y", 203, 204)
    assert line.startswith("…")
    assert line[carets.index("^")] == "y"
