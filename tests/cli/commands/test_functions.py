"""`autodiff functions`: made from the table of operations."""

import re

import pytest

from autodiff.engine.table.operations import OPERATIONS
from autodiff.grammar.parser import parse

from ...conftest import Run


def rows(printed: str) -> list[list[str]]:
    return [line.split("\t") for line in printed.splitlines()]


def test_all_operations_are_listed(shell: Run) -> None:
    listed = rows(shell("autodiff functions").stdout)
    written = {word for row in listed for word in re.findall(r"\w+", row[0])}
    assert set(OPERATIONS) | {"dot", "softmax"} <= written
    assert all(len(row) == 4 for row in listed)


@pytest.mark.parametrize(
    ("name", "derivative"),
    [
        ("tanh", "1/cosh(x)^2"),
        ("log", "1/x"),
        ("ln", "1/x"),
        ("sigmoid", "sigmoid(x)*sigmoid(-x)"),
        ("'*'", "by x: y; by y: x"),
        ("mul", "by x: y; by y: x"),
        ("prod", "by x: y; by y: x"),
        ("relu", "where(x > 0, 1, 0)"),
        ("where", "by condition: 0; by yes: where(condition, 1, 0); by no: where(condition == 0, 1, 0)"),
    ],
)
def test_derivatives_are_written_in_the_language(shell: Run, name: str, derivative: str) -> None:
    ((_, _, printed, _),) = rows(shell(f"autodiff functions {name}").stdout)
    assert printed == derivative


def test_every_derivative_that_is_shown_is_a_program(shell: Run) -> None:
    for _, _, derivatives, _ in rows(shell("autodiff functions").stdout):
        for derivative in filter(None, derivatives.split("; ")):
            parse(derivative.split(": ")[-1])


def test_an_unknown_function_is_an_error_with_a_hint(shell: Run) -> None:
    done = shell("autodiff functions tnah")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: unknown function 'tnah'\nhint: did you mean 'tanh'?\n"
