"""What goes wrong, in words for the user: `error: …`, the place, `hint: …`, on stderr, with an exit code."""

import os
import sys

from autodiff.grammar.errors import ProgramError

_LONGEST_LINE = 76


Place = tuple[str, tuple[int, int]]
"""A text, and the offsets in it of the first character meant and of the one after the last."""


class Failure(Exception):
    """What ends a task without its result, in words for the user."""

    def __init__(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.place = message, hint, place


class WrongRequest(Failure):
    """The request itself is wrong: something in it must be written otherwise."""


class NotMet(Failure):
    """The request is right and could not be met."""


def report(error: Failure | ProgramError) -> int:
    """Print an error to stderr and return its exit code."""
    place = (error.text, error.span) if isinstance(error, ProgramError) else error.place
    _print_styled(_remark("error", "bold red", error.message, error.hint, place))
    return 1 if isinstance(error, NotMet) else 2


def warn(kind: str, message: str, hint: str | None = None, place: Place | None = None) -> None:
    """Print to stderr what is no error: a `warning` or a `note`."""
    _print_styled(_remark(kind, "bold yellow", message, hint, place))


def _remark(kind: str, style: str, message: str, hint: str | None, place: Place | None) -> list[tuple[str, str, str]]:
    lines = [(f"{kind}: ", style, message)]
    if place is not None and place[0].strip():
        lines += [("  ", "", line) for line in excerpt(place[0], *place[1])]
    if hint:
        lines.append(("hint: ", "bold cyan", hint))
    return lines


def excerpt(text: str, start: int, end: int) -> list[str]:
    """The line of the text that holds a span, cut to a width that fits the screen, and carets under the span."""
    from rich.cells import cell_len

    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first : len(text) if last < 0 else last]
    start, end = start - first, min(end - first, max(len(line), start - first + 1))
    left = max(0, min(start - _LONGEST_LINE // 3, len(line) - _LONGEST_LINE)) if len(line) > _LONGEST_LINE else 0
    right = min(len(line), left + _LONGEST_LINE)
    shown = "".join(c if c.isprintable() else " " for c in line[left:right])
    before, after = "…" if left else "", "…" if right < len(line) else ""
    gutter = f"{text.count(chr(10), 0, first) + 1} | " if "\n" in text.strip() else ""
    spaces = cell_len(gutter + before + shown[: start - left])
    carets = cell_len(shown[start - left : end - left]) or 1
    return [f"{gutter}{before}{shown}{after}", " " * spaces + "^" * carets]


def _print_styled(lines: list[tuple[str, str, str]]) -> None:
    try:
        _print_lines(lines)
    except OSError:  # stderr is full or gone: the answer and the exit code still count
        return


def _print_lines(lines: list[tuple[str, str, str]]) -> None:
    if not sys.stderr.isatty() and "FORCE_COLOR" not in os.environ:  # then rich, which takes a while, has no part in it
        print("\n".join(head + body for head, _, body in lines), file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    for head, style, body in lines:
        console.print(Text(head, style) + Text(body), soft_wrap=True)
