"""Every option of the commands, declared once, in groups.

A command names the groups that it takes as parameters, beside options of its own:

    @with_options
    def grad(console: Console, program: ProgramOptions, printing: PrintOptions, wrt: Wrt = None) -> None:
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from autodiff.cli import completion
from autodiff.cli.console import Console
from autodiff.cli.formats.registry import FORMATS
from autodiff.cli.honoured import check_honoured
from autodiff.engine.graph import MAX_NODES

TABULAR = tuple(FORMATS)
DRAWN = ("tree", "dot", "svg", "mermaid")
"""The formats that show the graph, with or without numbers."""


def format_option(formats: Iterable[str]) -> Any:
    """The declaration of `--format` for a command that answers in these formats."""
    text = f"{' '.join(formats)}; by default table, in a pipe plain."
    return typer.Option(metavar="FORMAT", autocompletion=lambda: list(formats), help=text)


class Options:
    """A group of options, whose fields are declared as typer reads them, and never change.

    To make dataclasses of the groups takes six times as long, at every start.
    """

    panel = "Numbers"
    """The heading of these options in help, unless an option has one of its own."""

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"options do not change: {name}")

    @classmethod
    def declared(cls) -> dict[str, inspect.Parameter]:
        """Every option of the group, those of the groups that it extends first."""
        hints: dict[str, Any] = {}
        for each in reversed(cls.__mro__):
            for name, hint in inspect.get_annotations(each).items():
                hints[name] = _under(each.panel, hint)  # type: ignore[attr-defined]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return {
            name: inspect.Parameter(name, kind, default=getattr(cls, name), annotation=hint)
            for name, hint in hints.items()
        }


class ProgramOptions(Options):
    """What to compute: a program and the values of its variables."""

    panel = "Input"

    expression: Annotated[
        str | None,
        typer.Argument(
            metavar="EXPR",
            autocompletion=completion.programs,
            help="The expression, in quotes; @FILE reads it from a file.",
        ),
    ] = None
    bindings: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Values of the variables: x=2, x=pi/4.")
    ] = None
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the program from FILE; - is stdin.")
    ] = None
    vars: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Read values from a JSON or TOML file.")] = (
        None
    )
    gates: Annotated[
        str,
        typer.Option(
            metavar="FORM",
            autocompletion=completion.gates,
            rich_help_panel="Numbers",
            help="Compute with gates as written, or taken apart (basic), or fused.",
        ),
    ] = "written"
    max_nodes: Annotated[
        int, typer.Option(min=1, metavar="N", rich_help_panel="Numbers", help="Build graphs of at most N nodes.")
    ] = MAX_NODES


class PrintOptions(Options):
    """How to print the answer."""

    panel = "Output"

    format: Annotated[str | None, format_option(TABULAR)] = None
    digits: Annotated[
        int | None, typer.Option(min=1, max=17, metavar="N", help="Significant digits in tables (6) and pictures.")
    ] = None
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a number in the answer is not finite.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no warnings.")] = False


class EvaluationPrintOptions(PrintOptions):
    """How to print an answer that has a value at every node, and so may be drawn instead."""

    format: Annotated[str | None, format_option(TABULAR + DRAWN)] = None
    nodes: Annotated[bool, typer.Option("--nodes", help="Show the intermediate nodes too.")] = False


class PictureOptions(Options):
    """Where to draw a picture, and how."""

    panel = "Picture"

    render: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Draw the graph: FILE.svg, .png, .jpg, .dot or .pdf; .html is a page that plays."
        ),
    ] = None
    style: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            autocompletion=completion.styles,
            help="Draw boxes (record), or gates with numbers on their wires (circuit).",
        ),
    ] = "record"
    local: Annotated[bool, typer.Option("--local", help="Draw the local derivatives too, in a circuit.")] = False
    collapse: Annotated[
        bool, typer.Option("--collapse", help="Draw each call of a function, and each long sum, as one gate.")
    ] = False
    max_drawn: Annotated[int, typer.Option(min=1, metavar="N", help="Draw graphs of at most N nodes.")] = 500


class TableOptions(Options):
    """Which rows to read, and how."""

    panel = "Rows"

    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Answer for every row of FILE (csv, tsv, jsonl, parquet, arrow; - is stdin), 'GLOB', FOLDER or URL.",
        ),
    ] = None
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            autocompletion=completion.row_formats,
            help="The format of the rows; default: by FILE's ending.",
        ),
    ] = None
    columns: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="The columns of rows that have no header: a,x,b.")
    ] = None
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHAR", help="What stands between the cells of csv: ';', '|', tab, space.")
    ] = None
    rename: Annotated[
        list[str] | None, typer.Option(metavar="NAME=COLUMN", help="Bind NAME to a column: 'temp=temp (C)'.")
    ] = None
    on_error: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            autocompletion=completion.policies,
            help="At a bad row fail (the default), answer nan, or skip it.",
        ),
    ] = None
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Skip bad rows, and write them to FILE with the reason.")
    ] = None


class RowOptions(TableOptions):
    """Which rows to answer for, and where the answers go."""

    panel = "Rows"

    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Never read rows from stdin.")] = False
    keep: Annotated[bool, typer.Option("--keep", help="Write the columns of the rows too.")] = False
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the rows to FILE, whose ending tells the format; or to FOLDER/."),
    ] = None
    reduce: Annotated[
        str | None,
        typer.Option(
            metavar="HOW", autocompletion=completion.reductions, help="One row for all: their sum, or their mean."
        ),
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an answer in FOLDER/, or the rows' own file.")
    ] = False
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", rich_help_panel="Cluster", help="Answer on a Dask cluster, tcp://host:8786; or local."
        ),
    ] = None


Wrt = Annotated[
    list[str] | None, typer.Option(metavar="NAMES", help="Derivatives by these variables only, in this order: a,b.")
]
"""The option `--wrt` of the commands that take a gradient."""

Precision = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10_000,
        metavar="N",
        rich_help_panel="Numbers",
        help="Print N significant digits, each proved; numbers mean what is written.",
    ),
]
"""The option `--precision` of the commands that answer with numbers."""


def names_in(lists: list[str] | None) -> tuple[str, ...] | None:
    """The names in `--wrt a,b --wrt c`."""
    return tuple(name.strip() for names in lists for name in names.split(",")) if lists else None


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see, in place of each group of options among a command's parameters, the options in it.

    The console, which every command takes first, comes from typer's context.
    """
    own = list(inspect.signature(command).parameters.values())[1:]
    groups: dict[str, type[Options]] = {each.name: each.annotation for each in own if _is_group(each.annotation)}

    @functools.wraps(command)
    def wrapper(context: typer.Context, **given: Any) -> None:
        console: Console = context.obj
        # Before anything is computed: reading a program may already have something to note.
        console.quiet = given.get("quiet", False)
        # A picture or a number that nobody asked for otherwise says less than an error.
        check_honoured([name for name in given if _was_typed(context, name)], given)
        made = {name: group(**{each: given.pop(each) for each in group.declared()}) for name, group in groups.items()}
        command(console, **made, **given)

    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *(option for group in groups.values() for option in group.declared().values())]
    rest = [each for each in own if each.name not in groups]
    parameters += [each.replace(annotation=_under("Numbers", each.annotation)) for each in rest]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper


def _was_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _under(panel: str, hint: Any) -> Any:
    """The declaration of an option, which help shows under a heading."""
    for option in getattr(hint, "__metadata__", ()):
        if isinstance(option, typer.models.OptionInfo):
            option.rich_help_panel = option.rich_help_panel or panel
    return hint


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Options)
