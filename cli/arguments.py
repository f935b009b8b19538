"""Command lines in which an expression may begin with a minus."""

import re
from typing import Any

from typer.core import TyperCommand

from autodiff.evaluation.errors import WrongRequest


class ExpressionCommand(TyperCommand):
    """A command whose first argument is an expression: `-x^2` is one, `--strct` is a mistyped option.

    Click takes every argument that begins with a minus for an option, so they are told apart here.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Hand the options to click, and everything else behind `--`."""
        declared = {
            name: option
            for option in self.get_params(ctx)
            if option.param_type_name == "option"
            for name in (*option.opts, *option.secondary_opts)
        }
        options: list[str] = []
        arguments: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                arguments.extend(rest)
            elif arg in declared:
                options.append(arg)
                if not getattr(declared[arg], "is_flag", False):
                    value = next(rest, None)
                    if value is None:  # click has the words for it
                        return super().parse_args(ctx, [arg])
                    options.append(value)
            elif _looks_like_option(arg, expression_read=bool(arguments) or "-f" in options or "--file" in options):
                options.append(arg)
            else:
                arguments.append(arg)
        _check_once(options, declared)
        return super().parse_args(ctx, [*options, "--", *arguments])


def _check_once(arguments: list[str], declared: dict[str, Any]) -> None:
    """WrongRequest where an option that has one value is given two: click would take the last."""
    seen = set[str]()
    rest = iter(arguments)
    for arg in rest:
        option = declared.get(arg.partition("=")[0])
        if option is None or getattr(option, "is_flag", False):
            continue
        if "=" not in arg:  # the next one is its value, whatever it looks like
            next(rest, None)
        if option.name in seen and not getattr(option, "multiple", False):
            raise WrongRequest(f"{arg.partition('=')[0]} is given twice")
        seen.add(option.name)


def _looks_like_option(arg: str, expression_read: bool) -> bool:
    return bool(re.fullmatch(r"--[A-Za-z][\w-]*(=.*)?", arg, re.DOTALL)) or (expression_read and arg.startswith("-"))
