"""The reference of all commands and options, as a page and as a manual page, made from their declarations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from autodiff.cli.main import COMMANDS, _add_command, app

ROOT = Path(__file__).parents[2]
PAGE, MANUAL = ROOT / "docs" / "reference.md", ROOT / "docs" / "autodiff.1"

_MADE = "Made from the declarations of the options by `python tests/rewrite.py`: do not edit."
_LANGUAGE = """\
A program is one statement or several, separated by ; or a line break; # starts a comment. The last one is the output,
or several outputs with commas between them; the others assign: = += -= *= /= ^=. A name that is read before it is
assigned is an input. Operators are + - * / % and ^ or **; comparisons, and or not; where(c, a, b) or a if c else b.
Functions of your own are written f(x, y) = x*exp(y), vectors [1, 2, 3], w[0], w @ x. The constants are pi, tau, inf
and nan; Euler's number is exp(1). A product needs its sign: 2*x. The other functions are listed by autodiff
functions."""
_EXITS = [
    ("0", "The answer was printed."),
    ("1", "A right request could not be met: a failed check, bad data, a number that is not finite with --strict."),
    ("2", "The request is wrong: the command line, the program, a missing value."),
    ("130", "Ctrl-C."),
]


def _commands() -> dict[str, Any]:
    for name in COMMANDS:
        _add_command(name)
    found: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {name: found[name] for name in COMMANDS}


def _examples(command: Any) -> list[str]:
    return [line for line in command.help.split("\n\n")[0].splitlines() if line.startswith(("autodiff", "seq"))]


def _groups(command: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The headings of a command's options, and below each how an option is written and what it does."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in command.params:
        if each.param_type_name == "option":
            written = ", ".join([*each.opts]) + ("" if each.is_flag else f" {each.metavar}")
            groups.setdefault(each.rich_help_panel, []).append((written, each.help))
    yield from groups.items()


def page() -> str:
    """`docs/reference.md`."""
    lines = ["# Reference", "", f"<!-- {_MADE} -->", ""]
    for name, command in _commands().items():
        lines += [
            f"## autodiff {name}",
            "",
            command.short_help,
            "",
            *(f"    {each}" for each in _examples(command)),
            "",
        ]
        for heading, options in _groups(command):
            lines += [f"| {heading} | |", "| --- | --- |"]
            lines += [f"| `{written}` | {_cell(text)} |" for written, text in options]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def manual() -> str:
    """`docs/autodiff.1`, in the language of man pages."""
    lines = [f'.\\" {_MADE}', '.TH AUTODIFF 1 "" autodiff "User Commands"']
    lines += [".SH NAME", r"autodiff \- values, gradients and pictures of expressions"]
    lines += [".SH SYNOPSIS", ".B autodiff", r"COMMAND EXPR [NAME=VALUE]... [OPTION]..."]
    lines += [".SH LANGUAGE", _roff(_LANGUAGE)]
    lines += [".SH COMMANDS"]
    for name, command in _commands().items():
        lines += [f".SS autodiff {name}", _roff(command.short_help), ".PP", ".nf"]
        lines += [*map(_roff, _examples(command)), ".fi"]
        for heading, options in _groups(command):
            lines += [".PP", f".I {heading}"]
            lines += [line for written, text in options for line in (".TP", f".B {_roff(written)}", _roff(text))]
    lines += [".SH EXIT STATUS", *(line for code, text in _EXITS for line in (".TP", f".B {code}", _roff(text)))]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """A text in which nothing is a command of roff."""
    escaped = (
        text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("^", r"\(ha").replace("~", r"\(ti")
    )
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in escaped.splitlines())
