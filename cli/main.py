"""The command `autodiff`: its subcommands, and one place where everything that can go wrong ends."""

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from autodiff.cli.arguments import ExpressionCommand
from autodiff.cli.console import Console
from autodiff.cli.hints import option_hint, options_of, program_hint
from autodiff.evaluation.errors import Failure, NotMet, UnknownVariable, WrongRequest
from autodiff.grammar.errors import ProgramError, TooManyNodes, did_you_mean

WRONG_REQUEST, NOT_MET, INTERRUPTED = 2, 1, 130
"""Exit codes: the request itself is wrong; a right request could not be met; Ctrl-C."""

Command = Callable[..., None]

_EXAMPLES = """\
autodiff eval 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6
autodiff grad 'sigmoid(a*x + b) + a' a=0.2 x=2 b=0.6 --render graph.svg
autodiff diff 'x^2*exp(-x)' --wrt x
autodiff help grad"""
_POINTER = "The language, with all functions: autodiff functions, man autodiff."

app = typer.Typer(
    name="autodiff",
    help=f"The differentiator for the shell: values, gradients and pictures of expressions.\n\n\b\n{_EXAMPLES}",
    epilog=_POINTER,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _eval() -> Command:
    from autodiff.cli.commands.eval import eval

    return eval


def _grad() -> Command:
    from autodiff.cli.commands.grad import grad

    return grad


def _explain() -> Command:
    from autodiff.cli.commands.explain import explain

    return explain


def _diff() -> Command:
    from autodiff.cli.commands.diff import diff

    return diff


def _hessian() -> Command:
    from autodiff.cli.commands.hessian import hessian

    return hessian


def _check() -> Command:
    from autodiff.cli.commands.check import check

    return check


def _code() -> Command:
    from autodiff.cli.commands.code import code

    return code


def _functions() -> Command:
    from autodiff.cli.commands.functions import functions

    return functions


COMMANDS: dict[str, Callable[[], Command]] = {
    "eval": _eval,
    "grad": _grad,
    "explain": _explain,
    "diff": _diff,
    "hessian": _hessian,
    "check": _check,
    "code": _code,
    "functions": _functions,
}
"""How to load each command. Only the one that runs is loaded: to declare the options of each takes a millisecond."""


def _add_command(name: str) -> None:
    if name in (info.name for info in app.registered_commands):
        return
    command = COMMANDS[name]()
    summary, examples = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    kind = ExpressionCommand if "expression" in inspect.signature(command).parameters else TyperCommand
    app.command(name, cls=kind, short_help=summary, help=f"\b\n{examples}\n\n{summary}", epilog=_POINTER)(command)


def _version(context: typer.Context, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        context.obj.write(f"autodiff {version('autodiff-cli')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


_UsageError: Any = typer.BadParameter.__base__  # of click, or of the copy of click that newer typers carry


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code; no exception leaves it."""
    console = Console()
    try:
        return _run(arguments, console)
    except (Failure, ProgramError) as error:
        return _ended(console, error, arguments)
    except _UsageError as error:
        return _ended(console, _usage_failure(error), arguments)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as end:  # a signal, or click's way to end where `head` has seen enough of a help page
        return end.code if isinstance(end.code, int) and end.code > 128 else 0
    except Exception as error:
        if "AUTODIFF_DEBUG" in os.environ:
            console.traceback()
        return _ended(
            console, NotMet(f"autodiff itself failed: {type(error).__name__}: {error}", "please report it"), arguments
        )


def _run(arguments: list[str], console: Console) -> int:
    if console.is_closed:
        raise NotMet("cannot write the answer: stdout is closed")
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    first = arguments[0] if arguments else "--help"
    if first not in COMMANDS and not first.startswith("-"):
        known = f"the commands are {', '.join(COMMANDS)}; an expression follows one of them: autodiff eval 'x^2' x=3"
        raise WrongRequest(f"no such command '{first}'", did_you_mean(first, list(COMMANDS)) or known)
    for name in [first] if first in COMMANDS else COMMANDS:
        _add_command(name)
    # In standalone mode click would print errors and exit by itself.
    code = app(arguments or [first], prog_name="autodiff", standalone_mode=False, obj=console)
    return code if isinstance(code, int) else 0


def _ended(console: Console, error: Failure | ProgramError, arguments: list[str]) -> int:
    """Show an error in terms of the options, and return its exit code."""
    if isinstance(error, UnknownVariable):
        # The only option that names variables to differentiate by; what is below the command line does not know it.
        error.message = f"--wrt names '{error.name}', which is not a variable of the expression"
    if isinstance(error, TooManyNodes):
        error.hint = "raise the limit with --max-nodes"
    elif isinstance(error, ProgramError):
        error.hint = program_hint(error, arguments)
    console.error(error)
    return NOT_MET if isinstance(error, NotMet) else WRONG_REQUEST


def _usage_failure(error: Any) -> Failure:
    """An error of click's as one of ours."""
    if not hasattr(error, "possibilities"):
        message = error.format_message()
        return WrongRequest(message[0].lower() + message[1:].rstrip("."))
    for name in COMMANDS:
        _add_command(name)
    command = error.ctx.info_name or ""
    hint = option_hint(error.option_name, command, options_of(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
    if hint is not None:
        pass
    elif error.possibilities:
        hint = f"did you mean {error.possibilities[0]}?"
    elif error.option_name.startswith("--") and error.ctx.parent is not None:
        hint = "an expression that begins with two minus signs goes behind --: autodiff eval -- '--x' x=3"
    return WrongRequest(f"no such option: {error.option_name}", hint)
