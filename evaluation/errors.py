"""Typed errors with a text for the user, and the protocol by which warnings and notes are reported.

How an error is shown, and which exit code it has, is decided by whoever catches it.
"""

from typing import Protocol

Place = tuple[str, tuple[int, int]]
"""A text, and the offsets in it of the first character meant and of the one after the last."""


class Failure(Exception):
    """Ends a task without its result: a message, a hint what to do, and the place of the cause in a text."""

    def __init__(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.place = message, hint, place


class WrongRequest(Failure):
    """The request itself is wrong: something in it must be written otherwise."""


class UnknownVariable(WrongRequest):
    """A name to differentiate by is not a variable of the program."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"'{name}' is not a variable of the expression", hint)
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.hint)


class NotMet(Failure):
    """The request is right and could not be met."""


class Reporter(Protocol):
    """Receives what the user should know about an answer that is still to come."""

    def warning(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        """Say that something is probably wrong with the answer."""

    def note(self, message: str) -> None:
        """Say what may surprise about an answer that is right."""
