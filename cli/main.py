"""The command `autodiff`: its subcommands, and one place where everything that can go wrong ends."""

import inspect
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from ..grammar.errors import ProgramError
from .arguments import ExpressionCommand
from .check import check
from .eval import eval
from .failures import INTERRUPTED, NOT_MET, Failure, report
from .functions import functions
from .grad import grad

app = typer.Typer(
    name="autodiff",
    help="The differentiator for the shell: values, gradients and pictures of expressions.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (eval, grad, check, functions):
    summary, example = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    kind = TyperCommand if command is functions else ExpressionCommand
    app.command(cls=kind, short_help=summary, help=f"{example}\n\n{summary}")(command)

_UsageError: Any = typer.BadParameter.__base__  # of click, or of the copy of click that newer typers carry


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"autodiff {version('autodiff-cli')}")
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
    if sys.stdout is None:
        return report(Failure("cannot write the answer: stdout is closed", code=NOT_MET))
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        code = app(arguments or ["--help"], prog_name="autodiff", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (Failure, ProgramError) as error:
        return report(error)
    except _UsageError as error:
        return report(_usage_failure(error))
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:  # click's way to end where `head` has seen enough of a help page
        return 0
    except Exception as error:
        return report(Failure(f"autodiff itself failed: {type(error).__name__}: {error}", "please report it", NOT_MET))


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
        commands = ", ".join(info.callback.__name__ for info in app.registered_commands if info.callback)
        hint = hint or f"the commands are {commands}; an expression follows one of them: autodiff eval 'x^2' x=3"
    return Failure(message[0].lower() + message[1:].rstrip("."), hint)
