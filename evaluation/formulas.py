"""Formulas of the user's own for the derivatives of a program."""

import re
from collections.abc import Mapping, Sequence

from autodiff.engine.graph import MAX_NODES, Input, Node
from autodiff.engine.study.verdicts import Formula
from autodiff.evaluation.errors import WrongRequest
from autodiff.evaluation.reading import known_variables
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.parser import normalized, parse
from autodiff.grammar.program import Program, preamble
from autodiff.grammar.values import scalars

Lengths = Mapping[str, int | None]


def read_formula(program: Program, item: str, max_nodes: int = MAX_NODES, others: Lengths | None = None) -> Formula:
    """The formula in `NAME=FORMULA`, with as many outputs as the variable NAME has elements.

    `others` are names beside those of the program that it may use too, as `read_within` has them.
    """
    match = re.fullmatch(r"\s*([^\W\d]\w*(?:\[\d+\])?)\s*=(.*)", normalized(item), re.DOTALL)
    if match is None:
        raise WrongRequest(f"--against '{item}' is not of the form NAME=FORMULA", "such as --against x='2*x'")
    name, text = match[1], match[2].strip()
    by_name = {variable.name: [variable] for variable in program.graph.inputs}
    nodes: dict[str, Sequence[Node]] = {**by_name, **{key: scalars(value) for key, value in program.inputs.items()}}
    if name not in nodes:
        raise WrongRequest(
            f"--against names '{name}', which is not a variable of the expression", known_variables(program)
        )
    formula = read_within(program, text, max_nodes, others)
    outputs, inputs = len(formula.graph.outputs), len(nodes[name])
    if outputs != inputs:
        message = f"the derivative by '{name}' has {inputs} element{'s' * (inputs > 1)}, the formula {outputs}"
        raise ProgramError(message, text, (0, len(text)))
    return Formula(name, formula.graph, [node for node in nodes[name] if isinstance(node, Input)])


def read_within(program: Program, text: str, max_nodes: int = MAX_NODES, others: Lengths | None = None) -> Program:
    """A formula in the variables, assigned names and functions of a program.

    With `others`, the lengths of vectors that are not among its variables, any other name is an input of the formula;
    without, ProgramError where there is one.
    """
    lengths = {key: len(value) if isinstance(value, tuple) else None for key, value in program.inputs.items()}
    before = preamble(program.text)
    read = parse(f"{before}\n{text}" if before else text, {**(others or {}), **lengths}, max_nodes)
    for key, value in read.inputs.items():
        if key not in program.inputs and others is None:
            place = scalars(value)[0].span or (0, len(text))
            raise ProgramError(
                f"'{key}' is not a variable of the expression", read.text, place, known_variables(program)
            )
    return read
