"""Command lines in which an expression may begin with a minus."""

import re
from typing import Any

from typer.core import TyperCommand


class ExpressionCommand(TyperCommand):
    """A command whose first argument is an expression: `-x^2` is one, `--strct` is a mistyped option.

    Click takes every argument that begins with a minus for an option, so they are told apart here.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Hand the options to click, and everything else behind `--`."""
        takes_value = {
            name: not getattr(option, "is_flag", False)
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
            elif arg in takes_value:
                options.append(arg)
                if takes_value[arg]:
                    value = next(rest, None)
                    if value is None:  # click has the words for it
                        return super().parse_args(ctx, [arg])
                    options.append(value)
            elif _looks_like_option(arg, expression_read=bool(arguments) or "-f" in options or "--file" in options):
                options.append(arg)
            else:
                arguments.append(arg)
        return super().parse_args(ctx, [*options, "--", *arguments])


def _looks_like_option(arg: str, expression_read: bool) -> bool:
    return bool(re.fullmatch(r"--[A-Za-z][\w-]*(=.*)?", arg, re.DOTALL)) or (expression_read and arg.startswith("-"))
