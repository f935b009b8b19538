"""From an answer to stdout, stderr and a picture file, in the order in which they can fail."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from autodiff.cli.console import Console
from autodiff.cli.formats import FORMATS, warnings_of
from autodiff.cli.request import DRAWN, Request
from autodiff.engine.graph import Span
from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.files import write_whole
from autodiff.grammar.errors import did_you_mean

if TYPE_CHECKING:
    from autodiff.evaluation.remarks import Warning


def check(request: Request) -> None:
    """Failure where the request names a format, gates or a picture that there are not, or what only rows have."""
    only_rows = ("from", "columns", "keep", "out", "reduce", "on_error", "rejects", "overwrite", "cluster")
    for option in [name for name in only_rows if getattr(request, "from_" if name == "from" else name)]:
        raise WrongRequest(f"--{option.replace('_', '-')} is for rows", "give them with --data FILE, or through a pipe")
    if request.format is not None and request.format not in FORMATS:
        raise unknown_format(request.format, FORMATS)
    check_gates(request)
    check_render(request)


def check_tabular(request: Request, answer: str) -> None:
    """Failure where the request names what no command has, or a picture of an answer that is none."""
    check(request)
    if request.format in DRAWN:
        raise WrongRequest(f"{answer} is no picture: --format {request.format}", "use --format table or --format json")


def check_render(request: Request) -> None:
    """Failure where the request names a kind or a style of picture that there is not."""
    if request.style == "record" and request.render is None:
        return
    from autodiff.pictures.pictures import check_style, kind_of

    check_style(request.style)
    if request.render is not None:
        kind_of(request.render)


def unknown_format(name: str, formats: Iterable[str]) -> Failure:
    """There is no such format."""
    known = list(formats)
    return WrongRequest(f"unknown format '{name}'", did_you_mean(name, known) or f"the formats are {', '.join(known)}")


def check_gates(request: Request) -> None:
    """Failure where the request names a form of gates that there is not."""
    if request.gates != "written":
        from autodiff.engine.gates import GATES

        if request.gates not in GATES:
            hint = did_you_mean(request.gates, list(GATES)) or f"gates are {', '.join(GATES)}"
            raise WrongRequest(f"unknown form of gates '{request.gates}'", hint)


def format_of(request: Request, console: Console) -> str:
    """The format asked for; else a table on a terminal, and plain in a pipe."""
    return request.format or ("table" if console.is_terminal else "plain")


def put_out(
    console: Console,
    answer: Evaluation,
    request: Request,
    write: Callable[[Evaluation, Request, Console], str] | None = None,
) -> None:
    """Print the answer and write its picture: everything that can fail comes before the first byte on stdout."""
    write = write or FORMATS[format_of(request, console)]
    found = warnings_of(answer)
    if request.strict and found:
        raise NotMet(found[0].short, found[0].hint, _place(answer, found[0]))
    text = _drawn(console, answer, request, write) if request.drawn else write(answer, request, console)
    for warning in found:
        console.warning(warning.short, warning.hint if warning is found[-1] else None, _place(answer, warning))
    for note in notes(answer):
        console.note(note)
    console.write(text)


Write = Callable[[Evaluation, Request, Console], str]


def _drawn(console: Console, answer: Evaluation, request: Request, write: Write) -> str:
    """The text to print where a picture is in it or beside it; that beside it is written to its file."""
    from autodiff.pictures.drawing import TooLargeToDraw
    from autodiff.pictures.pictures import kind_of, picture

    try:
        text = write(answer, request, console) if answer.values or request.format else ""
        if request.render is not None:
            write_whole(request.render, picture(answer, kind_of(request.render), request.drawing))
    except TooLargeToDraw as error:
        hint = "" if error.collapsed else ", or draw calls and long sums as one gate each with --collapse"
        error.hint = f"raise it with --max-drawn {error.nodes}{hint}"
        raise
    return text


def _place(answer: Evaluation, warning: "Warning") -> tuple[str, Span] | None:
    """Where in the text the cause stands, unless it is all there is."""
    text, span = answer.program.text, warning.span
    return (text, span) if span is not None and text[slice(*span)] != text else None


def notes(answer: Evaluation, second: bool = False) -> list[str]:
    """What to say of the kinks that the answer sits on."""
    if not answer.adjoints or not any(node.operation and node.operation.kinks for node in answer.program.graph.nodes):
        return []
    from autodiff.evaluation import remarks

    return remarks.notes(answer, second)
