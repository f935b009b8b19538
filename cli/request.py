"""What every command on an expression is asked: its arguments and options, declared once."""

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autodiff.cli.console import Console
from autodiff.grammar.parser import MAX_NODES

if TYPE_CHECKING:
    from autodiff.pictures.options import DrawingOptions


def _formats() -> list[str]:
    from autodiff.cli.formats import FORMATS

    return list(FORMATS)


TABULAR = ("table", "plain", "json", "csv", "tsv", "markdown")
DRAWN = ("tree", "dot", "svg", "mermaid")
"""The formats that show the graph, with or without numbers."""


def _format_help(formats: Iterable[str]) -> str:
    return f"{' '.join(formats)}; by default table, in a pipe plain."


@dataclass(frozen=True)
class Request:
    """The arguments and options that all commands share; each field is declared as typer reads it."""

    expression: Annotated[
        str | None, typer.Argument(metavar="EXPR", help="The expression, in quotes; @FILE reads it from a file.")
    ] = None
    bindings: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Values of the variables: x=2, x=pi/4.")
    ] = None
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the program from FILE; - is stdin.")
    ] = None
    vars: Annotated[Path | None, typer.Option(metavar="FILE", help="Read values from a JSON or TOML file.")] = None
    format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            autocompletion=_formats,
            help=_format_help(TABULAR + DRAWN),
        ),
    ] = None
    digits: Annotated[int, typer.Option(min=1, max=17, metavar="N", help="Significant digits in tables.")] = 6
    gates: Annotated[
        str, typer.Option(metavar="FORM", help="Compute with gates as written, or taken apart (basic), or fused.")
    ] = "written"
    nodes: Annotated[bool, typer.Option("--nodes", help="Show the intermediate nodes too.")] = False
    render: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the graph into FILE.svg, .png, .jpg, .dot or .pdf.")
    ] = None
    style: Annotated[
        str, typer.Option(metavar="STYLE", help="Draw boxes (record), or gates with numbers on their wires (circuit).")
    ] = "record"
    local: Annotated[bool, typer.Option("--local", help="Draw the local derivatives too, in a circuit.")] = False
    collapse: Annotated[
        bool, typer.Option("--collapse", help="Draw each call of a function, and each long sum, as one gate.")
    ] = False
    max_nodes: Annotated[int, typer.Option(min=1, metavar="N", help="Build graphs of at most N nodes.")] = MAX_NODES
    max_drawn: Annotated[int, typer.Option(min=1, metavar="N", help="Draw graphs of at most N nodes.")] = 500
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a number in the answer is not finite.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no warnings.")] = False
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Answer for every row of FILE (csv, tsv, jsonl, parquet, arrow; - is stdin), 'GLOB', FOLDER or URL.",
        ),
    ] = None
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Never read rows from stdin.")] = False
    from_: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="The format of the rows; default: by FILE's ending.")
    ] = None
    columns: Annotated[
        str | None, typer.Option(metavar="NAMES", help="The columns of rows that have no header: a,x,b.")
    ] = None
    keep: Annotated[bool, typer.Option("--keep", help="Put out the columns of the rows too.")] = False
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the rows to FILE, whose ending tells the format; or to FOLDER/."),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the answer in FOLDER/.")] = False
    reduce: Annotated[str | None, typer.Option(metavar="HOW", help="One row for all: their sum, or their mean.")] = None
    on_error: Annotated[
        str | None, typer.Option(metavar="WHAT", help="At a bad row fail (the default), answer nan, or skip it.")
    ] = None
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Skip bad rows, and write them to FILE with the reason.")
    ] = None
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Answer on a Dask cluster, tcp://host:8786; or local.")
    ] = None

    @property
    def drawn(self) -> bool:
        """Whether a picture of the graph is asked for."""
        return self.render is not None or self.format in DRAWN

    @property
    def drawing(self) -> "DrawingOptions":
        """How to draw it."""
        from autodiff.pictures.options import DrawingOptions

        digits = self.digits if self.format in ("tree", "mermaid") else None
        return DrawingOptions(self.style, self.local, self.collapse, digits, self.max_drawn)


ROW_OPTIONS = (
    "data",
    "no_stdin",
    "from_",
    "columns",
    "keep",
    "out",
    "reduce",
    "on_error",
    "rejects",
    "overwrite",
    "cluster",
)
"""The fields that only commands have that answer for rows."""

DRAWING = ("render", "style", "local", "collapse", "max_drawn")
"""The fields of a request that say how to draw."""

Wrt = Annotated[
    list[str] | None, typer.Option(metavar="NAMES", help="Derivatives by these variables only, in this order: a,b.")
]
"""The option `--wrt` of the commands that take a gradient."""


def takes_request(*without: str, formats: Iterable[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let typer see the fields of `Request`, but some, in place of the second parameter of a command.

    `formats` are those of the command where it has others than `eval` and `grad`.
    """
    fields = dict(inspect.signature(Request).parameters)
    if formats:
        option = typer.Option(metavar="FORMAT", autocompletion=lambda: list(formats), help=_format_help(formats))
        fields["format"] = fields["format"].replace(annotation=Annotated[str | None, option])
    shared = [field for name, field in fields.items() if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(context: typer.Context, **given: Any) -> None:
            request = Request(**{parameter.name: given.pop(parameter.name) for parameter in shared})
            console: Console = context.obj
            console.quiet = request.quiet
            command(console, request, **given)

        context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *list(inspect.signature(command).parameters.values())[2:], *shared]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate
