"""Hints that name commands and options: what to type instead of what was typed."""

import re
from collections.abc import Sequence
from typing import Any

from autodiff.evaluation.reading import NoValue
from autodiff.grammar.errors import ProgramError, enumerated


def option_hint(option: str, command: str, options: dict[str, list[str]]) -> str | None:
    """What to write for an option that the command does not have; `options` are those of every command."""
    from autodiff.cli.honoured import HONOURED
    from autodiff.pictures.pictures import ENDINGS

    name = option.lstrip("-")
    if name in HONOURED:
        return f"write --format {name}"
    if f".{name}" in ENDINGS:
        return f"write --render graph.{name}"
    having = [other for other, known in options.items() if option in known]
    told = f"{enumerated(having)} {'has' if len(having) == 1 else 'have'} it" if having else None
    if option == "--data" and command == "hessian":
        return f'{told}; for second derivatives: autodiff eval "$(autodiff diff EXPR --wrt x,x)" --data FILE'
    return told


def program_hint(error: ProgramError, arguments: Sequence[str]) -> str | None:
    """What to write for a program that another command is meant for, given the command line; else the error's hint."""
    from autodiff.grammar.notations.hint import derivative

    asked = derivative(error.text)
    if asked is not None:
        return f"write autodiff diff '{asked[0]}' --wrt {asked[1]}"
    if isinstance(error, NoValue) and arguments[0] == "grad" and not any("=" in each for each in arguments[2:]):
        return f"{error.hint}; the formula is what diff prints: autodiff diff '{error.text}'"
    return error.hint


def binding_hint(arguments: Sequence[str], i: int) -> str:
    """What to write for the argument at i, which is not of the form NAME=VALUE."""
    argument, behind = arguments[i], [*arguments[i + 1 : i + 3], "", ""]
    if re.fullmatch(r"[^\W\d]\w*", argument):
        value = behind[0].removeprefix("=") or behind[1]
        blanks = behind[0].startswith("=") and value
        return f"write {argument}={value}, without blanks" if blanks else f"give it a value: {argument}=VALUE"
    if argument.startswith("--"):
        return "behind -- nothing is an option: write it in front of the --"
    if "=" in argument:
        return "a name begins with a letter, and goes on with letters and digits"
    if re.fullmatch(r"[^*+]+\.(json|toml)", argument):
        return f"values are read from it with --vars {argument}"
    if re.fullmatch(r"[^*+]+\.(csv|tsv|jsonl|ndjson|parquet|arrow|feather)(\.\w+)?", argument):
        return f"rows are read from it with --data {argument}"
    return "an expression with spaces needs quotes: autodiff eval 'a*x + b' a=1 x=2 b=3"


def value_hint(name: str, text: str, hint: str | None) -> str | None:
    """The hint for the value of a variable, as it stands behind NAME=."""
    rows = re.findall(r"\[([^\[\]]*)\]", text)
    if re.match(r"\s*\[\s*\[", text) and rows:
        vectors = " ".join(f"{name}{k}=[{row}]" for k, row in enumerate(rows))
        products = ", ".join(f"{name}{k} @ x" for k in range(len(rows)))
        return f"a matrix is given row by row: {vectors}; {name} @ x is then [{products}]"
    return re.sub(rf"^write (?!{re.escape(name)}=)(?=\S+$)", f"write {name}=", hint) if hint else None


def options_of(commands: Any) -> dict[str, list[str]]:
    """The options of every command of click's."""
    return {name: [option for each in command.params for option in each.opts] for name, command in commands.items()}
