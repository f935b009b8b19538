"""The table of formats, and the groups of options."""

import pytest

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer
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
