"""What is said about a program before it is evaluated."""

import re
from typing import Any

import pytest

from autodiff.evaluation import reading
from autodiff.grammar.parser import parse


def test_a_program_of_many_variables_is_searched_for_few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """One search for each variable would take time in proportion to the square of the program's length."""
    searched: list[str] = []
    search = re.search

    def noted(pattern: str, *rest: Any) -> Any:
        searched.append(pattern)
        return search(pattern, *rest)

    program = parse(" + ".join(f"x{i}" for i in range(300)) + " + exp -x0")
    monkeypatch.setattr(reading.re, "search", noted)
    notes = reading._functions_without_parentheses(program)
    assert notes == ["'exp' is a variable here; the function is written exp(-x0)"]
    assert len(searched) == 1
