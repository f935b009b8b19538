"""Errors of a program's text. They say what is wrong and where; how that is shown is decided where they are caught."""

from autodiff.engine.graph import Span


class ProgramError(ValueError):
    """A program that cannot be read: what is wrong, where in which text, and what to do."""

    def __init__(self, message: str, text: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class NeedsVector(ProgramError):
    """A scalar stands where a vector must. It depends on some inputs, one of which may have been meant as a vector."""

    inputs: list[str]


class TooManyNodes(ProgramError):
    """The graph would be larger than it may be."""


def did_you_mean(word: str, known: list[str]) -> str | None:
    """A hint that names the known word closest to a mistyped one, if any is close."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), known, n=1, cutoff=0.65)
    return f"did you mean '{close[0]}'?" if close else None


def enumerated(words: list[str], last: str = "and") -> str:
    """Words as a sentence lists them: `a, b and c`."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
