"""A program at a point that is known exactly: values and derivatives to any number of digits, each proved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import isfinite
from typing import NamedTuple, TypeVar

from autodiff.engine.arithmetic.balls import MOST_BITS, Number
from autodiff.engine.arithmetic.poles import nearest
from autodiff.engine.graph import Input, Node
from autodiff.engine.hessians import Missing
from autodiff.engine.proofs import Exactly, Proof, lost, proved
from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.evaluation import Evaluation, asking
from autodiff.evaluation.numbers import Digits, shortest
from autodiff.evaluation.reading import selected
from autodiff.evaluation.remarks import Warning
from autodiff.grammar.program import Program
from autodiff.grammar.values import Value, scalars

F = TypeVar("F", bound=float | None)

_MOST_DIGITS = 10**9  # in all numbers of both passes together: they take 0.5 GB
_UNDECIDED = f"not decided even with {MOST_BITS:,} bits beyond those asked for"


class Precise(NamedTuple):
    """An evaluation with proved digits, the same in doubles, and a warning for each cause of digits not proved."""

    digits: Evaluation
    doubles: Evaluation
    """For remarks on kinks, and on numbers that are not finite."""
    doubts: list[Warning]


def evaluate_precisely(
    program: Program,
    point: Mapping[str, Value],
    wrt: Sequence[str] | None,
    digits: int,
    *,
    gradient: bool,
    nodes: bool = False,
) -> Precise:
    """Run both passes on balls, until all digits of the inputs, the outputs and the derivatives are proved.

    `point` has an expression without variables for every variable of the program. With `nodes` the digits of all nodes
    are proved. NotMet where the graph is too large for so many digits.
    """
    program, wanted = asking(program, wrt, assigned=True) if gradient else (program, ())
    graph = program.graph
    check_size(program, digits, 1 + gradient * len(graph.outputs))
    exactly = Exactly(graph, dict(_elements(program, point)))
    bare = Evaluation(program, {}, [], None, wanted)
    everything = range(len(graph.nodes))
    shown = everything if nodes else sorted({*range(len(graph.inputs)), *bare.outputs})
    asked = everything if nodes else bare.asked
    values: list[Number] = []
    adjoints: list[list[Number | None]] = []

    def compute() -> list[Number]:
        values[:], adjoints[:] = exactly.passes(gradient=gradient)
        return [*[values[i] for i in shown], *[each[i] or 0.0 for each in adjoints for i in asked]]

    proofs = iter(proved(compute, digits))
    of_values = dict(zip(shown, islice(proofs, len(shown))))
    of_adjoints = [dict(zip(asked, islice(proofs, len(asked)))) for _ in adjoints]
    in_doubles, of_doubles = list(map(nearest, values)), [list(map(_nearest, each)) for each in adjoints]
    doubles = _filled(bare, in_doubles, of_doubles)
    in_digits = [_digits(each, of) for each, of in zip(of_doubles, of_adjoints)]
    at = _filled(bare, _digits(in_doubles, of_values), in_digits)
    return Precise(at, doubles, _doubts(program, values, _named(at, of_values, of_adjoints)))


class PreciseHessian(NamedTuple):
    """The values of a program and its second derivatives with proved digits, those that do not exist, and doubts."""

    digits: Evaluation
    matrix: list[list[float]]
    gaps: list[Missing]
    doubts: list[Warning]


def hessian_precisely(
    program: Program, point: Mapping[str, Value], wrt: Sequence[str] | None, digits: int
) -> PreciseHessian:
    """The second derivatives of the one output; NotMet where the graph is too large for so many digits."""
    graph, wanted = program.graph, selected(program, wrt)
    bare = Evaluation(program, {}, [], None, wanted)
    variables = [node for i in bare.asked if isinstance(node := graph.nodes[i], Input)]
    check_size(program, digits, 3 * (1 + len(variables)))
    exactly = Exactly(graph, dict(_elements(program, point)))
    shown = sorted({*range(len(graph.inputs)), *bare.outputs})
    places = [(i, j) for i in range(len(variables)) for j in range(i + 1)]
    values: list[Number] = []

    def compute() -> list[Number]:
        values[:], _ = exactly.passes(gradient=False)
        entries = exactly.second_derivatives(variables)
        return [*[values[i] for i in shown], *[entries.get(place, 0.0) for place in places]]

    proofs = proved(compute, digits)
    doubles = [nearest(x) for x in values]
    of_entries, gaps = dict(zip(places, proofs[len(shown) :])), dict[tuple[int, int], Missing]()
    for place, mended in exactly.at_kinks(doubles, variables) if all(map(isfinite, doubles)) else ():
        if isinstance(mended, Missing):
            gaps.setdefault(place, mended)
        elif mended != of_entries[place].nearest:
            text = shortest(mended)
            of_entries[place] = Proof(text, mended, f"is {text} by its slopes on both sides of a kink")
    at = _filled(bare, _digits(doubles, dict(zip(shown, proofs))), [])
    entries = {place: _in_digits(proof) for place, proof in of_entries.items()}
    size = range(len(variables))
    matrix: list[list[float]] = [[entries[max(i, j), min(i, j)] for j in size] for i in size]
    told = [
        (f"the second derivative by {variables[j].name}, {variables[i].name}", p) for (i, j), p in of_entries.items()
    ]
    doubts = _doubts(program, values, [(at.outputs[0], *each) for each in told])
    return PreciseHessian(at, matrix, list(gaps.values()), doubts)


def check_size(program: Program, digits: int, numbers: int) -> None:
    """NotMet where a graph with that many numbers at each node is too large for so many digits."""
    size = len(program.graph.nodes)
    if size * numbers * digits > _MOST_DIGITS:
        most = max(1, _MOST_DIGITS // (size * numbers))
        raise NotMet(f"{digits:,} digits are too many for a graph of {size:,} nodes", f"ask for at most {most:,}")


def _elements(program: Program, point: Mapping[str, Value]) -> Iterator[tuple[str, Node]]:
    """The expression for each scalar input, by its name."""
    for name, variable in program.inputs.items():
        for element, expression in zip(scalars(variable), scalars(point[name]), strict=True):
            assert isinstance(element, Input)
            yield element.name, expression


def _filled(bare: Evaluation, values: Sequence[float], adjoints: Sequence[Sequence[float | None]]) -> Evaluation:
    """An evaluation with its numbers: the values of the inputs are the first of all."""
    numbers = iter(values)
    inputs = {
        name: [next(numbers) for _ in value] if isinstance(value, tuple) else next(numbers)
        for name, value in bare.program.inputs.items()
    }
    return replace(bare, inputs=inputs, values=values, adjoints=adjoints or None)


def _nearest(adjoint: Number | None) -> float | None:
    return None if adjoint is None else nearest(adjoint)


def _digits(numbers: Sequence[F], proofs: Mapping[int, Proof]) -> list[F | Digits]:
    """The numbers, with their digits where these were proved."""
    return [_in_digits(proofs[i]) if i in proofs else x for i, x in enumerate(numbers)]


def _in_digits(proof: Proof) -> Digits:
    return Digits(proof.nearest, proof.text, not proof.doubt)


def _named(
    at: Evaluation, of_values: Mapping[int, Proof], of_adjoints: Sequence[Mapping[int, Proof]]
) -> Iterator[tuple[int, str, Proof]]:
    """Each number in words, and the node that it was computed at or from."""
    for i, proof in of_values.items():
        yield i, f"the value of {at.names[i]}" if at.program.several or i not in at.outputs else "the value", proof
    for output, proofs in zip(at.outputs, of_adjoints):
        of = f" of {at.names[output]}" if at.program.several else ""
        for i, proof in proofs.items():
            yield output, f"the derivative{of} by {at.names[i]}", proof


def _doubts(program: Program, values: Sequence[Number], named: Iterable[tuple[int, str, Proof]]) -> list[Warning]:
    """A warning for each gate where digits were lost, and one for the numbers of which that is not known."""
    found: dict[int | None, list[str]] = {}
    for i, what, proof in named:
        if proof.doubt:
            found.setdefault(lost(program.graph, values, i), []).append(f"{what} {proof.doubt}")
    warnings = []
    for place, texts in found.items():
        node = None if place is None else program.graph.nodes[place]
        cause = f"{program.title(node)} is {_UNDECIDED}" if node else _UNDECIDED
        warnings.append(Warning(texts, cause, node.span if node else None, rest="are not proved"))
    return warnings
