"""An option changes the answer, or is refused: no format ignores one."""

from itertools import product
from pathlib import Path

import pytest

from autodiff.cli.commands import explain
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.honoured import HONOURED
from autodiff.cli.options import DRAWN
from autodiff.rows.formats.registry import FORMATS as ROW_FORMATS

from ..conftest import printed

# The sum has enough terms to collapse, the quotient enough digits to cut.
PROGRAM = ["f(u) = u/3 + u*u; f(x) + f(y) + x + y", "x=0.7", "y=1.9"]
OPTIONS = {
    "digits": ["--digits", "3"],
    "nodes": ["--nodes"],
    "style": ["--style", "circuit"],
    "local": ["--style", "circuit", "--local"],
    "collapse": ["--collapse"],
    "max_drawn": ["--max-drawn", "2"],
}
UNCHANGED = {(name, "nodes") for name in DRAWN}  # a picture has them without being asked


@pytest.mark.parametrize(("format", "option"), [*product([*FORMATS, *DRAWN], OPTIONS)])
def test_an_option_changes_the_answer_or_is_refused(format: str, option: str) -> None:
    bare = printed("grad", *PROGRAM, "--format", format)
    code, text = printed("grad", *PROGRAM, "--format", format, *OPTIONS[option])
    if option not in HONOURED[format]:
        assert (code, text) == (2, "")
    elif option == "max_drawn":
        assert code == 1
    else:
        assert code == 0
        assert (text != bare[1]) is ((format, option) not in UNCHANGED)


@pytest.mark.parametrize("format", ["table", "plain", "markdown", "json", "latex", "python"])
def test_explain_honours_digits_or_refuses_them(format: str) -> None:
    bare = printed("explain", *PROGRAM, "--format", format)
    code, text = printed("explain", *PROGRAM, "--format", format, "--digits", "3")
    assert (code, text != bare[1]) == ((0, True) if "digits" in HONOURED[format] else (2, True))


def test_every_format_says_what_it_honours() -> None:
    assert {*FORMATS, *DRAWN, *explain._FORMATS, *ROW_FORMATS} == HONOURED.keys()


@pytest.mark.parametrize("option", ["style", "local", "collapse", "max_drawn"])
def test_options_of_pictures_are_refused_where_nothing_is_drawn(option: str) -> None:
    assert printed("grad", *PROGRAM, *OPTIONS[option]) == (2, "")


def test_digits_count_in_a_picture_that_is_rendered(tmp_path: Path) -> None:
    texts = []
    for digits in (["--digits", "2"], []):
        assert printed("grad", *PROGRAM, "--format", "csv", *digits, "--render", str(tmp_path / "a.dot"))[0] == 0
        texts.append((tmp_path / "a.dot").read_text("utf-8"))
    assert ">0.23<" in texts[0]  # 0.7/3
    assert texts[0] != texts[1]
