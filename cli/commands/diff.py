"""`autodiff diff`: the derivative as an expression."""

from collections.abc import Mapping
from typing import Annotated

import typer

from autodiff.cli.console import Console
from autodiff.cli.formats.json import json_line
from autodiff.cli.options import ProgramOptions, names_in, with_options
from autodiff.cli.output import check_format
from autodiff.cli.reading import read_program
from autodiff.engine.graph import Input, Node
from autodiff.evaluation.errors import NotMet, WrongRequest
from autodiff.evaluation.reading import Number, no_variable
from autodiff.grammar.program import Program
from autodiff.grammar.values import scalars

MOST_NODES = 300_000
"""The highest order of a derivative: nobody reads a higher one."""

_FORMATS = ("plain", "json", "latex")


@with_options
def diff(
    console: Console,
    options: ProgramOptions,
    wrt: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Differentiate by x; or by x, then by y, and so on: x,y.")
    ] = None,
    order: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Differentiate N times.")] = 1,
    format: Annotated[
        str, typer.Option(metavar="FORMAT", autocompletion=lambda: list(_FORMATS), help="plain, json or latex.")
    ] = "plain",
) -> None:
    """Print the derivative as an expression.

    autodiff diff 'x^2*exp(-x)' --wrt x
    autodiff diff 'sin(x*y)' --wrt x,y --format latex
    """
    check_format(format, _FORMATS)
    program, values = read_program(options, console)
    names = list(names_in(wrt) or [_only_variable(program, values)]) * order
    from autodiff.engine.symbolic.numbers import TooLarge

    try:
        outputs = derivative(program, names, values, min(options.max_nodes, MOST_NODES))
    except TooLarge as error:
        raise NotMet(str(error)) from None
    if format == "latex":
        from autodiff.grammar.print.latex import latex

        console.write(latex(outputs, brief=True) + "\n")
        return
    from autodiff.grammar.print.text import print_program

    text = print_program(outputs, brief=True)
    document = {"expression": program.text, "wrt": names, "derivative": text}
    console.write(json_line(document) if format == "json" else f"{text}\n")


def _only_variable(program: Program, values: Mapping[str, Number]) -> str:
    free = [variable.name for variable in program.graph.inputs if variable.name.split("[")[0] not in values]
    if len(free) == 1:
        return free[0]
    if not program.inputs:
        raise WrongRequest("there is no variable to differentiate by")
    example = f"--wrt {(free or [variable.name for variable in program.graph.inputs])[0]}"
    raise WrongRequest("by which variable?", f"such as {example}" if free else f"all have a value; name one: {example}")


def derivative(program: Program, names: list[str], values: Mapping[str, Number], max_nodes: int) -> list[Node]:
    """The outputs differentiated by each of the names in turn; variables that have a value are numbers in it."""
    from autodiff.engine.derivatives import repeated
    from autodiff.engine.symbolic.algebra import Algebra
    from autodiff.grammar.parser import normalized

    variables = {variable.name: variable for variable in program.graph.inputs}
    wrt: list[Input] = []
    for name in map(normalized, names):
        if name not in variables:
            if name in program.inputs:
                raise WrongRequest(
                    f"--wrt names '{name}', which is a vector", f"name an element of it: --wrt '{name}[0]'"
                )
            raise no_variable(program, name)
        wrt.append(variables[name])
    m = Algebra({node: number for node, number in _numbers(program, values) if node not in wrt}, max_nodes)
    return [repeated(output, wrt, m) for output in program.graph.outputs]


def _numbers(program: Program, values: Mapping[str, Number]) -> list[tuple[Node, float]]:
    """Every input that has a value."""
    found: list[tuple[Node, float]] = []
    for name, value in program.inputs.items():
        if name in values:
            number = values[name]
            found += zip(scalars(value), number if isinstance(number, list) else [number], strict=True)
    return found
