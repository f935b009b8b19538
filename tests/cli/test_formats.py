"""The table of formats, and the groups of options."""

from collections.abc import Callable
from typing import cast

import pytest

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Column, Grid, derivative_column
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.options import EvaluationPrintOptions, PictureOptions, ProgramOptions, RowOptions, names_in

from ..conftest import printed


@pytest.mark.parametrize("command", ["eval", "grad", "hessian", "check"])
def test_a_format_that_is_added_to_the_table_is_taken_by_every_command(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(answer: Answer, digits: int, console: Console) -> str:
        return f"{len(answer.lines())} lines, {len(answer.sheet())} in a sheet, {len(answer.grids(str))} grids\n"

    monkeypatch.setitem(FORMATS, "counted", counted)
    lines = {"eval": "1 lines, 2", "grad": "2 lines, 2", "hessian": "4 lines, 3", "check": "2 lines, 3"}
    assert printed(command, "x*y", "x=2", "y=3", "--format", "counted") == (
        0,
        f"{lines[command]} in a sheet, 1 grids\n",
    )


class Screen(Console):
    """A console of some width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width

    @property
    def width(self) -> int:
        return self._width


class Step:
    """An answer with a column of each kind."""

    def grids(self, number: Callable[[float], str]) -> list[Grid]:
        columns = [Column("name"), Column("in numbers", narrowest=None, spare=True), derivative_column(), GATE]
        return [
            Grid("", columns, [["a_name_of_thirty_characters_yes", "2 * 3", number(123456.789), "a gate of words"]])
        ]


GATE = Column("gate", narrowest=20, spare=True)


@pytest.mark.parametrize(
    ("width", "shown"), [(200, ["in numbers", "gate"]), (75, ["gate"]), (50, []), (10, [])], ids=str
)
def test_tables_leave_out_what_only_says_more_and_never_cut_a_number(width: int, shown: list[str]) -> None:
    drawn = FORMATS["table"](cast("Answer", Step()), 9, Screen(width))
    assert [name for name in ("in numbers", "gate") if name in drawn] == shown
    assert "123456.789" in drawn
    assert "".join(line.split()[0] for line in drawn.splitlines()[2:]) == "a_name_of_thirty_characters_yes"


def test_every_option_stands_in_one_group() -> None:
    groups = (ProgramOptions, EvaluationPrintOptions, PictureOptions, RowOptions)
    names = [name for group in groups for name in group.declared()]
    assert len(names) == len(set(names))
    assert len(names) > 20


def test_options_do_not_change() -> None:
    options = PictureOptions(local=True)
    assert (options.local, options.style) == (True, "record")
    with pytest.raises(AttributeError):
        options.local = False


def test_names_may_be_listed_and_given_again() -> None:
    assert names_in(["a,b", "c[0]"]) == ("a", "b", "c[0]")
    assert names_in(None) is None
