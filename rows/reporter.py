"""Whoever is told, while rows are answered, what the user should know."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from autodiff.evaluation import errors

Advance: TypeAlias = Callable[[int, str], None]
"""Takes how much is done, and what to call it."""


class Reporter(errors.Reporter, Protocol):
    """A reporter that can also show how far a long task is."""

    watched: bool
    """Whether somebody sees at once what is reported."""

    def progress(self, name: str, total: int | None) -> AbstractContextManager[Advance]:
        """Show how much of a total is done, where that is known, as the function is told now and then."""
