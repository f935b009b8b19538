"""`autodiff code`: the function and its derivatives in another language."""

import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autodiff.cli.console import Console
from autodiff.cli.options import ProgramOptions, Wrt, names_in, with_options
from autodiff.cli.reading import program_of, read
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.files import write_whole
from autodiff.evaluation.reading import Number, selected
from autodiff.grammar.errors import did_you_mean, enumerated
from autodiff.grammar.parser import normalized
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars

if TYPE_CHECKING:
    from autodiff.engine.code.source import Request

_LANGUAGES = ("c", "javascript", "rust", "python", "numpy")


@with_options
def code(
    console: Console,
    options: ProgramOptions,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="LANGUAGE", autocompletion=lambda: list(_LANGUAGES), help=f"{', '.join(_LANGUAGES)}."
        ),
    ] = None,
    wrt: Wrt = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="Call the function NAME.")] = "f",
    order: Annotated[
        int, typer.Option(min=0, max=2, metavar="N", help="The value (0), the gradient too (1), the Hessian too (2).")
    ] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to FILE, whose ending tells the language.")
    ] = None,
) -> None:
    """Print the value and its derivatives as a function in another language.

    autodiff code 'sigmoid(a*x + b) + a' --to c
    autodiff code 'sigmoid(a*x + b) + a' a=0.2 --wrt x --to javascript --name neuron
    """
    language = _language(to, out)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise WrongRequest(f"--name {name} is not a name", "a name has letters, digits and underscores")
    program, values = _read(options, console)
    text = _written(request(program, values, names_in(wrt), order, name), language)
    if out is None:
        console.write(text)
        return
    write_whole(out, text.encode())


def _read(options: ProgramOptions, console: Console) -> tuple[Program, Mapping[str, Number]]:
    """The program and the values given; w[3] among them says that w is a vector of three elements."""
    lengths: dict[str, int] = {}
    values = list[str]()
    for argument in options.bindings or ():
        if match := re.fullmatch(r"\s*(\w+)\s*\[\s*([1-9]\d{0,6})\s*\]\s*", normalized(argument)):
            lengths[match[1]] = int(match[2])
        else:
            values.append(argument)
    reading = read(ProgramOptions(**{**vars(options), "bindings": values}), console)
    if twice := next((name for name in lengths if name in reading.values), None):
        raise WrongRequest(f"'{twice}' is given twice")
    return program_of(reading, console, lengths), reading.values


def _language(to: str | None, out: Path | None) -> str:
    """The language asked for, or that of a file by its ending."""
    if to is not None:
        if to not in _LANGUAGES:
            known = did_you_mean(to, list(_LANGUAGES)) or f"the languages are {', '.join(_LANGUAGES)}"
            raise WrongRequest(f"unknown language '{to}'", known)
        return to
    if out is None:
        raise WrongRequest("in which language?", f"--to {', '.join(_LANGUAGES)}")
    from autodiff.engine.code.targets import LANGUAGES

    for language, each in LANGUAGES.items():
        if each.ending == out.suffix.lower():
            return language
    raise WrongRequest(f"cannot tell the language of {out} by its ending", f"--to {', '.join(_LANGUAGES)}")


def request(
    program: Program, values: Mapping[str, Number], wrt: tuple[str, ...] | None, order: int, name: str
) -> "Request":
    """What to write: variables that have a value are constants, unless they are differentiated by."""
    from autodiff.engine.code.source import Request

    inputs, position = program.inputs, program.graph.position
    asked = selected(program, wrt if wrt is not None else [each for each in inputs if each not in values])
    variables = {each.split("[")[0] for each in asked} | {each for each in inputs if each not in values}
    elements = {node.label: node for value in inputs.values() for node in scalars(value)}
    wanted = [node for each in asked for node in scalars(inputs[each] if each in inputs else elements[each])]
    if order == 2 and program.several:
        raise WrongRequest("--order 2 needs an expression with one output")
    return Request(
        program.graph,
        {each: len(value) if isinstance(value, tuple) else None for each, value in inputs.items() if each in variables},
        {
            str(node.label): number
            for each, value in inputs.items()
            if each not in variables
            for node, number in zip(scalars(value), _numbers(values[each]), strict=True)
        },
        program.several,
        list(dict.fromkeys(position[node] for node in wanted)) if order else [],
        order,
        name,
        program.text,
        version("autodiff-cli"),
    )


def _numbers(value: Number) -> list[float]:
    return value if isinstance(value, list) else [value]


def _written(asked: "Request", language: str) -> str:
    from autodiff.engine.code import functions
    from autodiff.engine.code.source import Missing
    from autodiff.engine.code.targets import LANGUAGES, having, source

    target = LANGUAGES[language].target()
    if asked.name in target.taken(functions.names(target)):
        raise WrongRequest(f"--name {asked.name} has another meaning in {language}")
    try:
        return source(asked, language)
    except Missing as error:
        others = having(error.operation)
        hint = f"{enumerated(others)} {'has' if len(others) == 1 else 'have'} it" if others else None
        raise NotMet(f"{language} has no {error.operation}", hint) from None
