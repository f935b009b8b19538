"""The protocol by which rows report to the user while they are answered."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from autodiff.evaluation import errors

Advance: TypeAlias = Callable[[int, str], None]
"""Is told how much is done, and a name for it."""


class Reporter(errors.Reporter, Protocol):
    """A reporter that can also show how far a long task is."""

    watched: bool
    """Whether somebody sees at once what is reported."""

    def progress(self, name: str, total: int | None) -> AbstractContextManager[Advance]:
        """Show how much of a total is done, where that is known, as the function is told now and then."""
