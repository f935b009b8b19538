"""`autodiff functions`: the operations, made from their table."""

from typing import Annotated

import typer

from autodiff.cli import completion
from autodiff.cli.console import Console
from autodiff.cli.options import with_options
from autodiff.engine.graph import Input
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import GROUPS, SPELLINGS
from autodiff.evaluation.errors import WrongRequest
from autodiff.grammar.errors import did_you_mean
from autodiff.grammar.values import VECTOR_FUNCTIONS


@with_options
def functions(
    console: Console,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", autocompletion=completion.operations, help="One operation; by default all."),
    ] = None,
) -> None:
    """List the operations: meaning, derivative, and what happens at kinks.

    autodiff functions
    autodiff functions tanh
    """
    rows = _rows(name)
    if console.is_terminal:
        from autodiff.cli.formats.table import draw_groups

        console.write(draw_groups(console, ("name", "meaning", "derivative", "at kinks"), rows))
    else:
        console.write("".join("\t".join(row) + "\n" for group in rows.values() for row in group))


def _rows(name: str | None) -> dict[str, list[tuple[str, ...]]]:
    """By group, for every operation or for one: how it is written, its meaning, its derivatives and its kinks."""
    if name is None:
        rows: dict[str, list[tuple[str, ...]]] = {
            group: [describe(operation) for operation in operations] for group, operations in GROUPS.items()
        }
        rows["vectors"] += [(signature, meaning, "", "") for _, signature, meaning, _ in VECTOR_FUNCTIONS.values()]
        return rows
    by_symbol = {row.symbol: row for group in reversed(GROUPS.values()) for row in reversed(group) if row.symbol}
    operation = SPELLINGS.get(name) or by_symbol.get(name)
    if operation is not None:
        return {next(group for group, rows in GROUPS.items() if operation in rows): [describe(operation)]}
    if name in VECTOR_FUNCTIONS:
        _, signature, meaning, _ = VECTOR_FUNCTIONS[name]
        return {"vectors": [(signature, meaning, "", "")]}
    known = [*SPELLINGS, *VECTOR_FUNCTIONS]
    raise WrongRequest(f"unknown function '{name}'", did_you_mean(name, known) or "'autodiff functions' lists them")


def _written(symbol: str, operands: tuple[str, ...]) -> str:
    first, *second = operands
    sign = f"{symbol} " if symbol.isalpha() else symbol
    return " ".join([first, symbol, *second]) if second else f"{sign}{first}"


def describe(operation: Operation) -> tuple[str, str, str, str]:
    """How an operation is written, its meaning, its derivatives in the language, and its kinks."""
    from autodiff.engine.derivatives import local_derivative_nodes
    from autodiff.grammar.print.text import print_expression

    operands = tuple(map(Input, ("x", "y") if operation.variadic else operation.operand_names))
    derivatives = [print_expression(node, brief=True) for node in local_derivative_nodes(operation, operands)]
    if len(derivatives) > 1:
        derivatives = [f"by {x.name}: {text}" for x, text in zip(operands, derivatives, strict=True)]
    spellings = [operation.signature, *operation.aliases]
    if operation.symbol and operation.symbol.isalpha():  # a word of the language, no name
        spellings = []
    if operation.symbol:
        spellings.insert(0, _written(operation.symbol, operation.operand_names))
    return ", ".join(spellings), operation.help, "; ".join(derivatives), operation.kinks
