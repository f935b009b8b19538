"""From an answer to stdout, stderr and a picture file, in the order in which they can fail."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.honoured import spelled
from autodiff.cli.options import DRAWN, PictureOptions, PrintOptions, RowOptions, TableOptions
from autodiff.evaluation.errors import NotMet, Place, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.grammar.errors import did_you_mean

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning

_DIGITS = 6


def check_no_rows(rows: TableOptions) -> None:
    """WrongRequest where an option is given that has a meaning for rows only."""
    for name in rows.declared():
        if getattr(rows, name) and name not in ("data", "no_stdin"):
            piped = ", or through a pipe" if isinstance(rows, RowOptions) else "; - is stdin"
            raise WrongRequest(f"{spelled(name)} is for rows", f"give them with --data FILE{piped}")


def check_format(name: str | None, formats: Iterable[str] = FORMATS) -> None:
    """WrongRequest where there is no such format."""
    known = list(formats)
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or f"the formats are {', '.join(known)}"
        raise WrongRequest(f"unknown format '{name}'", hint)


def check_tabular(printing: PrintOptions, answer: str) -> None:
    """WrongRequest where there is no such format, or where it is a picture, which this answer is not."""
    if printing.format in DRAWN:
        raise WrongRequest(
            f"{answer} is not a picture: --format {printing.format}", "use --format table or --format json"
        )
    check_format(printing.format)


def check_picture(options: PictureOptions) -> None:
    """WrongRequest where there is no such kind or style of picture."""
    # Most answers have no picture, and should not wait until that room is loaded.
    if options.render or options.style != PictureOptions.style:
        from autodiff.cli import drawn

        drawn.check_picture(options)


def format_of(printing: PrintOptions, console: Console) -> str:
    """The format asked for; else a table on a terminal, and plain in a pipe."""
    return printing.format or ("table" if console.is_terminal else "plain")


def digits_of(printing: PrintOptions) -> int:
    """The significant digits of numbers in tables."""
    return printing.digits or _DIGITS


def written(answer: Answer, printing: PrintOptions, console: Console) -> str:
    """The answer in its format."""
    return FORMATS[format_of(printing, console)](answer, digits_of(printing), console)


def print_evaluation(
    console: Console,
    at: Evaluation,
    printing: PrintOptions,
    picture: PictureOptions,
    write: "Callable[[Sequence[Warning]], str]",
    doubts: "Sequence[Warning]" = (),
) -> None:
    """Print what `write` makes of an evaluation and of what is wrong in it, and draw its picture where asked to.

    Everything that can fail comes before the first byte on stdout.
    """
    found = [*warnings_of(at), *doubts]
    # A script that reads stdout must not take half an answer for a whole one.
    if printing.strict and found:
        raise NotMet(found[0].short, _hint(found[0]), _place(at, found[0]))
    text = write(found) if at.values or printing.format else ""
    if picture.render:
        from autodiff.cli.drawn import render

        render(at, picture, printing.digits)
    for warning in found:
        # They all have the same hint.
        console.warning(warning.short, _hint(warning) if warning is found[-1] else None, _place(at, warning))
    tell_kinks(console, at)
    console.write(text)


def warnings_of(at: Evaluation) -> "Sequence[Warning]":
    """Warnings about numbers that are not finite."""
    if at.is_finite():
        return ()
    from autodiff.evaluation.remarks import warnings

    return warnings(at)


def _hint(warning: "Warning") -> str | None:
    return f"with --gates fused {warning.fused}" if warning.fused else None


def _place(at: Evaluation, warning: "Warning") -> Place | None:
    """Where in the text the cause stands, unless it is all there is."""
    text, span = at.program.text, warning.span
    return (text, span) if span is not None and text[slice(*span)] != text else None


def tell_kinks(console: Console, at: Evaluation) -> None:
    """Note the kinks that an evaluation sits on, as far as they matter to its derivatives."""
    if at.adjoints and any(node.operation and node.operation.kinks for node in at.program.graph.nodes):
        from autodiff.evaluation.remarks import notes

        for note in notes(at):
            console.note(note)
