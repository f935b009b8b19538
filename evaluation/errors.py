"""What goes wrong, in typed errors with words for the user; and how to tell what is no error.

How an error is shown, and which exit code it has, is the business of whoever catches it.
"""

from typing import Protocol

Place = tuple[str, tuple[int, int]]
"""A text, and the offsets in it of the first character meant and of the one after the last."""


class Failure(Exception):
    """What ends a task without its result: a message, what to do about it, and where in which text the cause stands."""

    def __init__(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.place = message, hint, place


class WrongRequest(Failure):
    """The request itself is wrong: something in it must be written otherwise."""


class UnknownVariable(WrongRequest):
    """A name to differentiate by is not a variable of the program."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"'{name}' is no variable of the expression", hint)
        self.name = name

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.hint)


class NotMet(Failure):
    """The request is right and could not be met."""


class Reporter(Protocol):
    """Whoever is told, while there is still an answer to come, what the user should know."""

    def warning(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        """Something is probably wrong with the answer."""

    def note(self, message: str) -> None:
        """The answer is right, and something about it may surprise."""
