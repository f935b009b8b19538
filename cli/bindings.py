"""Values for the variables: `NAME=VALUE` on the command line, and `--vars FILE`."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from autodiff.cli.console import Console
from autodiff.cli.hints import binding_hint, value_hint
from autodiff.engine.graph import Constant, Node
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.reading import without_commas
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.values import Value, scalars

_BINDING = re.compile(r"\s*([^\W\d]\w*)\s*=(.*)", re.DOTALL)


def read_bindings(arguments: Iterable[str]) -> dict[str, Value]:
    """The bindings given as `NAME=VALUE`, each an expression without variables."""
    given: dict[str, Value] = {}
    arguments = list(arguments)
    for i, argument in enumerate(arguments):
        match = _BINDING.fullmatch(normalized(argument))
        if match is None:
            raise WrongRequest(f"'{argument}' is not of the form NAME=VALUE", binding_hint(arguments, i))
        name, value = match.groups()
        if name in given:
            raise WrongRequest(f"'{name}' is given twice")
        given[name] = parse_constant(name, value)
    return given


def read_vars(files: Iterable[Path], console: Console) -> dict[str, Value]:
    """The bindings in JSON and TOML files. WrongRequest where two files give one name, or one cannot be read."""
    given: dict[str, Value] = {}
    for file in files:
        bindings = _read_vars(file, console)
        for name in given.keys() & bindings.keys():
            raise WrongRequest(f"'{name}' is given twice, by {file} too")
        given.update(bindings)
    return given


def _read_vars(file: Path, console: Console) -> dict[str, Value]:
    """The bindings in one file: an object of numbers, lists of numbers, or expressions as strings."""
    bindings = _load(file, console)
    if not isinstance(bindings, dict):
        raise WrongRequest(f'{file} holds no names: it must be an object such as {{"x": 2}}')
    return {
        normalized(name): tuple(_number(file, name, item) for item in value)
        if isinstance(value, list) and value
        else parse_constant(name, value)
        if isinstance(value, str)
        else _number(file, name, value)
        for name, value in bindings.items()
    }


def _load(file: Path, console: Console) -> Any:
    import json
    import tomllib

    # A pipe has no ending: /dev/stdin, - or <(command).
    # Numbers keep their text. Python refuses to read integers of more than 4,300 digits; as floats they are inf.
    read_json = partial(json.loads, parse_int=_written, parse_float=_written)
    read_toml = partial(tomllib.loads, parse_float=_written)
    readers: dict[str, Callable[[str], Any]] = {"": read_json, ".json": read_json, ".toml": read_toml}
    loads = readers.get(file.suffix.lower())
    if loads is None:
        raise WrongRequest(
            f"cannot tell the format of {file} by its ending", "bindings are read from .json and .toml files"
        )
    text = console.read_text(file)
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongRequest(f"{file} is not valid {file.suffix[1:].upper() or 'JSON'}: {error}") from None


def _written(text: str) -> Constant:
    return Constant(float(text), written=text)


def _number(file: Path, name: str, value: Any) -> Node:
    if isinstance(value, Constant):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongRequest(f"the value of '{name}' in {file} is not a number")
    try:
        return Constant(float(value), written=str(value))
    except OverflowError:
        raise WrongRequest(f"the value of '{name}' in {file} is too large for a number") from None


def parse_constant(name: str, text: str) -> Value:
    """A number or vector as an expression without variables."""
    if not text.strip():
        raise WrongRequest(f"no value behind '{name}='", f"give it as {name}=2 or {name}=pi/4")
    try:
        program = parse(text)
        for variable in program.inputs.values():
            place = scalars(variable)[0].span or (0, 0)
            raise ProgramError(f"the value of '{name}' may not contain variables", text, place)
        if len(program.outputs) != 1:
            hint = _several_hint(name, text.strip())
            raise ProgramError(f"the value of '{name}' must be one number or vector", text, (0, len(text)), hint)
    except ProgramError as error:
        # The user typed it behind `NAME=`, and should see it there.
        start, end = (place + len(name) + 1 for place in error.span)
        raise ProgramError(error.message, f"{name}={text}", (start, end), value_hint(name, text, error.hint)) from None
    return program.outputs[0]


def _several_hint(name: str, text: str) -> str:
    """How to write what stands behind `NAME=` with commas in it: a number, or a vector."""
    match = re.fullmatch(r"([+-]?)(\d+(?:,\d+)+)", text)
    spellings = [f"{name}={match[1]}{number}" for number in without_commas(match[2])] if match else []
    if spellings and "." not in spellings[0]:
        return f"write {spellings[0]}"
    vector = f"a vector as {name}=[{text}]"
    return f"write a number as {' or '.join(spellings)}, {vector}" if spellings else f"write {vector}"
