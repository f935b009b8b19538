"""A function in a target language: the steps of a graph with names, and what a target lays out as a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from autodiff.engine.code import functions
from autodiff.engine.code.names import Names
from autodiff.engine.code.portable import Lowered, lower
from autodiff.engine.code.steps import Operand, Term
from autodiff.engine.code.target import Target, used
from autodiff.engine.graph import Graph

_LONGEST_COMMENT, _MOST_NAMES = 1000, 20


@dataclass(frozen=True)
class Request:
    """What to write."""

    graph: Graph
    parameters: Mapping[str, int | None]
    """The names of the inputs that have no value, in order, each with its length where it is a vector."""
    given: Mapping[str, float]
    """The values of all other inputs."""
    several: bool
    """Whether the function has several outputs, or one that is a vector."""
    wrt: Sequence[int]
    """The positions of the inputs to differentiate by."""
    order: int
    name: str
    expression: str
    version: str


@dataclass(frozen=True)
class Parameter:
    """A parameter of the function in the target's language."""

    name: str
    length: int | None
    """Of a vector."""
    title: str
    """What the user calls it."""
    used: bool
    elements: list[str]
    """The text of the scalar, or of every element."""


@dataclass(frozen=True)
class Function:
    """A function whose every piece is text of the target's language."""

    name: str
    about: list[str]
    """Lines for a comment: what is computed, and what was renamed."""
    by: str
    """What the derivatives are by, for a comment."""
    parameters: list[Parameter]
    helpers: list[str]
    """Functions that it calls."""
    passes: dict[str, list[str]]
    """The statements for values, derivatives and second derivatives, by what these passes are called."""
    several: bool
    order: int
    value: list[str]
    """The expressions of the outputs."""
    jacobian: list[list[str]]
    """Their derivatives, a row for each output; none where none are asked for."""
    hessian: list[list[str]]

    def body(self, comment: str) -> list[str]:
        """All statements, those of each pass behind a comment."""
        return [line for title, lines in self.passes.items() for line in (comment.format(title), *lines)]

    def returned(self) -> str:
        """What the function returns, in words."""
        if not self.order:
            return "its outputs" if self.several else "the value"
        if self.several:
            return f"its outputs, and for each a row of its derivatives by {self.by}"
        return f"the value and its derivatives by {self.by}{', and rows of the second ones' * (self.order > 1)}"

    def result(self, listed: Callable[[Sequence[str]], str], joined: Callable[[Sequence[str]], str]) -> str:
        """The expression of what is returned, given how a list of numbers or rows is written, and its few pieces."""
        pieces = [listed(self.value) if self.several else self.value[0]]
        if self.order:
            rows = list(map(listed, self.jacobian))
            pieces.append(listed(rows) if self.several else rows[0])
        if self.order > 1:
            pieces.append(listed(list(map(listed, self.hessian))))
        return pieces[0] if len(pieces) == 1 else joined(pieces)


class Missing(ValueError):
    """An operation that a target does not have."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


def function_of(request: Request, target: Target) -> Function:
    """The function that is asked for; Missing where an operation cannot be written."""
    lowered = lower(request.graph, request.wrt, request.order, request.given)
    outputs = [*lowered.outputs, *chain(*lowered.jacobian, *lowered.hessian)]
    uses = used(outputs, lowered.terms)
    labels = _labels(request.graph, lowered)
    # The order matters: parameters keep their names where a local one wants the same.
    names = Names([*target.taken(functions.names(target)), request.name], labels.values(), ascii_only=target.ascii_only)
    parameters = list(_parameters(request, target, names, [term in uses for term in lowered.inputs]))
    lines, texts = target.body(
        dict(zip(lowered.inputs, chain(*(each.elements for each in parameters)), strict=True)),
        outputs,
        lowered.terms,
        lambda term: names.unique(labels[term]) if term in labels else names.numbered("v"),
        {term for term in labels if term.index < lowered.forward},
    )
    # One row after the other: the outputs, and their derivatives.
    rest = iter(texts)
    return Function(
        name=request.name,
        about=_about(request, parameters),
        by=_by(request),
        parameters=parameters,
        helpers=helpers_of(target, steps_of(outputs, lowered.terms)),
        passes=_passes(lines, lowered),
        several=request.several,
        order=request.order if request.wrt else 0,
        value=[next(rest) for _ in lowered.outputs],
        jacobian=[[next(rest) for _ in row] for row in lowered.jacobian],
        hessian=[[next(rest) for _ in row] for row in lowered.hessian],
    )


def _passes(lines: Mapping[Term, str], lowered: Lowered) -> dict[str, list[str]]:
    """The statements of each pass, by the order in which their terms were made."""
    passes: dict[str, list[str]] = {"forward": [], "backward": [], "second derivatives": []}
    for term, line in lines.items():
        which = (term.index >= lowered.forward) + (term.index >= lowered.backward > 0)
        list(passes.values())[which].append(line)
    return {title: statements for title, statements in passes.items() if statements}


def _parameters(request: Request, target: Target, names: Names, used: Sequence[bool]) -> Iterator[Parameter]:
    """The parameters, given of every scalar input whether it is used."""
    rest = iter(used)
    for title, length in request.parameters.items():
        name, indices = names.unique(title), range(length or 0)
        elements = [names.unique(f"{title}[{i}]") if target.unpacks else f"{name}[{i}]" for i in indices] or [name]
        yield Parameter(name, length, title, any(list(islice(rest, len(elements)))), elements)


def _labels(graph: Graph, lowered: Lowered) -> dict[Term, str]:
    """What to call a term: what the user calls its value, or that behind a d, where it is the derivative by it."""
    labels: dict[Term, str] = {}
    # The first of several names wins: x = a*b; y = x is one term.
    for node, value in zip(graph.nodes, lowered.values, strict=True):
        if node.label and isinstance(value, Term) and value.name != "input":
            labels.setdefault(value, node.label)
    for adjoints in lowered.adjoints:
        for term, i in adjoints.items():
            if graph.nodes[i].label and term.index >= lowered.forward:
                labels.setdefault(term, f"d{graph.nodes[i].label}")
    return labels


def steps_of(outputs: Sequence[Operand], terms: Sequence[Term]) -> list[str]:
    """The names of the steps that the outputs are made of."""
    uses = used(outputs, terms)
    return [term.name for term in terms if term in uses and term.name != "input"]


def helpers_of(target: Target, steps: Sequence[str]) -> list[str]:
    """The texts of the functions that some steps need; Missing where there is none for one of them."""
    for name in steps:
        if name not in target.forms and name not in functions.names(target):
            raise Missing(name)
    return [functions.written(target, name) for name in functions.needed(target, dict.fromkeys(steps))]


def _about(request: Request, parameters: Sequence[Parameter]) -> list[str]:
    """The expression, and what is called otherwise than in it."""
    text = request.expression
    if len(text) > _LONGEST_COMMENT:
        text = f"{text[:_LONGEST_COMMENT]}... ({len(text):,} characters)"
    renamed = [f"{each.name} is {each.title}" for each in parameters if each.name != each.title]
    # Python looks for a coding in its first two lines, which are ours.
    lines = [f"Made by autodiff {request.version}.", "", *text.strip().split("\n")]
    lines += [f"Here {', '.join(renamed)}."] if renamed else []
    # No line separator of a language's own, no sign that changes the direction of what is read, leaves the comment.
    return ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in lines]


def _by(request: Request) -> str:
    """The names of what is differentiated by: a vector's, where all of its elements are, or else its elements'."""
    inputs, names, left = [x.name for x in request.graph.inputs], list[str](), list(request.wrt)
    lengths = {f"{name}[0]": (name, length) for name, length in request.parameters.items() if length is not None}
    while left:
        name, length = lengths.get(inputs[left[0]], (inputs[left[0]], 1))
        whole = left[:length] == list(range(left[0], left[0] + length))
        names.append(name if whole else inputs[left[0]])
        left = left[length if whole else 1 :]
    return ", ".join(names if len(names) <= _MOST_NAMES else [*names[:_MOST_NAMES], "..."])
