"""The table of formats, and the groups of options."""

from collections.abc import Callable
from typing import cast

import pytest

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer, Column, Grid, derivative_column
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.formats.table import draw_groups
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
    ("width", "shown"), [(200, ["in numbers", "gate"]), (75, ["in numbers"]), (50, []), (10, [])], ids=str
)
def test_tables_leave_out_what_only_says_more_and_never_cut_a_number(width: int, shown: list[str]) -> None:
    drawn = FORMATS["table"](cast("Answer", Step()), 9, Screen(width))
    table, _, left_out = drawn.partition(" left out, for want of room: ")
    assert [name for name in ("in numbers", "gate") if name in table] == shown
    assert left_out.strip() == ", ".join(name for name in ("in numbers", "gate") if name not in shown)
    assert "123456.789" in table
    assert "".join(line.split()[0] for line in table.splitlines()[2:]) == "a_name_of_thirty_characters_yes"


class Wide:
    """An answer with many columns of numbers."""

    def grids(self, number: Callable[[float], str]) -> list[Grid]:
        columns = [Column("name"), *(derivative_column(f"w[{k}]") for k in range(12))]
        rows = [[f"w[{i}]", *(number(1000.25 + 100 * i + k) for k in range(12))] for i in range(12)]
        return [Grid("", columns, rows)]


@pytest.mark.parametrize("width", [30, 80, 200])
def test_columns_that_do_not_fit_beside_each_other_stand_in_several_tables(width: int) -> None:
    drawn = FORMATS["table"](cast("Answer", Wide()), 6, Screen(width))
    assert max(map(len, drawn.splitlines())) <= width
    found = {f"w[{i}]": list[str]() for i in range(12)}
    for line in drawn.splitlines():
        name, *numbers = line.split() or [""]
        if name in found and numbers[0][0] != "w":
            found[name] = found[name] + numbers
    assert found == {f"w[{i}]": [f"{1000.25 + 100 * i + k:.6g}" for k in range(12)] for i in range(12)}


def test_operations_on_a_narrow_screen_break_between_words() -> None:
    formula = "where(hypot(x, y) == 0, 0, x/hypot(x, y))"
    lines = {"choice": [("hypot(x, y)", "the length of a vector " * 4, f"by x: {formula}; by y: 1", "0 at (0, 0)")]}
    drawn = draw_groups(Screen(60), ("name", "meaning", "derivative", "at kinks"), lines)
    assert max(map(len, drawn.splitlines())) <= 60
    meaning = "the length of a vector " * 4
    said = f"hypot(x, y) {meaning}derivative by x: {formula} derivative by y: 1 at kinks: 0 at (0, 0)"
    assert " ".join(drawn.split()) == said


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
