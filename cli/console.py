"""The streams of the command and what is known of the terminal. Nothing else asks for them."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from autodiff.evaluation.errors import Failure, NotMet, Place, WrongRequest
from autodiff.grammar.errors import ProgramError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

    from autodiff.rows.reporter import Advance

_LONGEST_LINE = 76
_SOON = 0.5  # seconds in which no bar is missed

Line = tuple[str, str, str]
"""The word that a line begins with, the colour of that word, and the rest."""


class Console:
    """Prints results to stdout, and errors, warnings and notes to stderr: a `Reporter` for the rooms below."""

    def __init__(self) -> None:
        self.quiet = False
        """Whether warnings and notes are left out."""
        self.is_terminal = sys.stdout is not None and sys.stdout.isatty()
        """Whether results appear on a screen; else they go into a pipe or a file."""
        self.watched = sys.stderr is not None and sys.stderr.isatty()
        """Whether stderr is a terminal, so that somebody sees at once what is printed there."""
        self.is_closed = sys.stdout is None
        """Whether there is nowhere to print a result to: the caller has closed stdout."""
        if sys.stdout is not None:
            # Names of columns may hold bytes that are not UTF-8; they leave as they came.
            sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]

    @property
    def has_piped_input(self) -> bool:
        """Whether stdin is a pipe or a file, not a keyboard."""
        return sys.stdin is not None and not sys.stdin.isatty()

    def read_text(self, file: Path) -> str:
        """The text of a file, `-` being stdin; WrongRequest where it cannot be read."""
        name = "stdin" if str(file) == "-" else str(file)
        if name == "stdin" and sys.stdin is None:
            raise WrongRequest("cannot read stdin: it is closed")
        try:
            data = sys.stdin.buffer.read() if name == "stdin" else file.read_bytes()
            # Editors on Windows begin a file with a byte order mark.
            return data.decode("utf-8-sig")
        except OSError as error:
            raise WrongRequest(f"cannot read {name}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise WrongRequest(f"cannot read {name}: it is not UTF-8 text") from None

    def write(self, text: str) -> None:
        """Print a result; NotMet where that fails, as on a full disk. A reader may leave early, as `head` does."""
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:  # `head` has gone away; what is left goes nowhere, and no complaint comes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise NotMet(f"cannot write the answer: {error.strerror}") from None

    @property
    def input(self) -> int | None:
        """The file descriptor of stdin; None where it is closed."""
        return None if sys.stdin is None else 0

    @property
    def output(self) -> int:
        """The file descriptor of stdout."""
        return sys.stdout.fileno()

    def warning(self, message: str, hint: str | None = None, place: Place | None = None) -> None:
        """Say that something is probably wrong with the answer."""
        if not self.quiet:
            _print_lines(_remark("warning", "bold yellow", message, hint, place))

    def note(self, message: str) -> None:
        """Say what may surprise about an answer that is right."""
        if not self.quiet:
            _print_lines(_remark("note", "bold yellow", message, None, None))

    @contextmanager
    def progress(self, name: str, total: int | None) -> Iterator["Advance"]:
        """A bar on stderr for a task that takes a while, and the function that draws how much of it is done."""
        if total is None or self.quiet or not self.watched:
            yield lambda done, name: None
            return
        start, drawn = time.monotonic(), list["Progress"]()

        def advance(done: int, name: str) -> None:
            if not drawn and time.monotonic() - start > _SOON:
                drawn.append(_bar(name, total))
            for bar in drawn:
                bar.update(bar.task_ids[0], completed=done, description=name)

        try:
            yield advance
        finally:
            for bar in drawn:
                bar.stop()

    def error(self, error: Failure | ProgramError) -> None:
        """Show why there is no answer."""
        place = (error.text, error.span) if isinstance(error, ProgramError) else error.place
        _print_lines(_remark("error", "bold red", error.message, error.hint, place))

    def traceback(self) -> None:
        """Show where in the code the present exception comes from."""
        from traceback import print_exc

        print_exc()

    @property
    def width(self) -> int | None:
        """How many characters fit in a line of the screen; None where there is no screen."""
        return get_terminal_size().columns if self.is_terminal else None

    def drawn(self, drawing: "RenderableType", width: int, title: str = "") -> str:
        """A drawing of rich's below a title, as lines of text, in colour where stdout shows colours."""
        from rich.console import Console as RichConsole
        from rich.text import Text

        console = RichConsole(width=width)
        with console.capture() as capture:
            if title:
                console.print(Text(title, "bold"), soft_wrap=True)
            console.print(drawing)
        return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n") + "\n"


def _bar(name: str, total: int) -> "Progress":
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    drawn = Progress(*columns, console=RichConsole(stderr=True), transient=True)
    drawn.add_task(name, total=total)
    drawn.start()
    return drawn


def _remark(kind: str, style: str, message: str, hint: str | None, place: Place | None) -> list[Line]:
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


def _print_lines(lines: list[Line]) -> None:
    """Print to stderr. Where that is full or gone, the answer and the exit code still count."""
    with suppress(OSError):
        if not sys.stderr.isatty() and "FORCE_COLOR" not in os.environ:  # rich takes a while to load
            print("\n".join(head + body for head, _, body in lines), file=sys.stderr, flush=True)
            return
        from rich.console import Console as RichConsole
        from rich.text import Text

        console = RichConsole(stderr=True)
        for head, style, body in lines:
            console.print(Text(head, style) + Text(body), soft_wrap=True)
