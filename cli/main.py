"""The command `autodiff`: its subcommands, and one place where everything that can go wrong ends."""

import inspect
import os
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from autodiff.cli.arguments import ExpressionCommand
from autodiff.cli.console import Console
from autodiff.evaluation.errors import Failure, NotMet, WrongRequest
from autodiff.grammar.errors import ProgramError

app = typer.Typer(
    name="autodiff",
    help="The differentiator for the shell: values, gradients and pictures of expressions.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
WRONG_REQUEST, NOT_MET, INTERRUPTED = 2, 1, 130
"""Exit codes: the request itself is wrong; a right request could not be met; Ctrl-C."""

COMMANDS = ("eval", "grad", "explain", "diff", "hessian", "check", "functions")
"""Each a function of that name in a module of that name."""


def _add_command(name: str) -> None:
    if name in (info.name for info in app.registered_commands):
        return
    command = getattr(import_module(f"autodiff.cli.commands.{name}"), name)
    summary, example = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    kind = TyperCommand if name == "functions" else ExpressionCommand
    app.command(name, cls=kind, short_help=summary, help=f"{example}\n\n{summary}")(command)


_UsageError: Any = typer.BadParameter.__base__  # of click, or of the copy of click that newer typers carry


def _version(context: typer.Context, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        context.obj.write(f"autodiff {version('autodiff-cli')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code; no exception leaves it."""
    console = Console()
    try:
        if console.is_closed:
            raise NotMet("cannot write the answer: stdout is closed")
        # The options of a command take a millisecond to declare: those of the others are not needed.
        for name in arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS:
            _add_command(name)
        code = app(arguments or ["--help"], prog_name="autodiff", standalone_mode=False, obj=console)
        return code if isinstance(code, int) else 0
    except (Failure, ProgramError) as error:
        return _ended(console, error)
    except _UsageError as error:
        return _ended(console, _usage_failure(error))
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:  # a signal, or click's way to end where `head` has seen enough of a help page
        return end.code if isinstance(end.code, int) and end.code > 128 else 0
    except Exception as error:
        if "AUTODIFF_DEBUG" in os.environ:
            console.traceback()
        return _ended(console, NotMet(f"autodiff itself failed: {type(error).__name__}: {error}", "please report it"))


def _ended(console: Console, error: Failure | ProgramError) -> int:
    """Say why there is no answer, and return the exit code for it."""
    console.error(error)
    return NOT_MET if isinstance(error, NotMet) else WRONG_REQUEST


def _usage_failure(error: Any) -> Failure:
    """Click's complaint in our form: `No such command 'evla'. Did you mean 'eval'?` becomes an error and a hint."""
    message, _, suggestion = error.format_message().partition(" Did you mean ")
    hint = f"did you mean {suggestion}" if suggestion else None
    if hasattr(error, "possibilities"):
        message = f"no such option: {error.option_name}"
        if error.possibilities:
            hint = f"did you mean {error.possibilities[0]}?"
        elif error.option_name.startswith("--") and error.ctx.parent is not None:
            hint = "an expression that begins with two minus signs goes behind --: autodiff eval -- '--x' x=3"
    elif message.startswith("No such command"):
        hint = (
            hint
            or f"the commands are {', '.join(COMMANDS)}; an expression follows one of them: autodiff eval 'x^2' x=3"
        )
    return WrongRequest(message[0].lower() + message[1:].rstrip("."), hint)
