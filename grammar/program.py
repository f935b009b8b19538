"""A program that was read: its graph, and the names under which its nodes are shown."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from autodiff.engine.graph import Constant, Graph, Input, Node, Span, topological_order
from autodiff.engine.table.operation import Operation
from autodiff.grammar.values import Call, Value, scalars

_LONGEST_NAME = 60


@dataclass(frozen=True)
class Program:
    """A text and what it describes."""

    text: str
    inputs: Mapping[str, Value]
    """Every variable by its name, in order of first appearance; a vector as the tuple of its elements."""
    outputs: Sequence[Value]
    several: bool
    """Whether there are several outputs, or one that is a vector."""
    elements: Mapping[Node, int]
    calls: Mapping[Node, Call]
    """For each node made on the way to the value of a call, that call."""
    gates: str = "written"
    """The form of its gates, a key of `GATES`."""
    assigned: Mapping[str, Value] = field(default_factory=dict)
    """The last value of every name that is assigned; empty where the gates are not as written, which may lack it."""
    also: Sequence[Node] = ()
    """Nodes that the graph has although no output depends on them."""

    @cached_property
    def graph(self) -> Graph:
        """The graph of everything that the outputs depend on."""
        inputs = [node for value in self.inputs.values() for node in scalars(value) if isinstance(node, Input)]
        return Graph([node for value in self.outputs for node in scalars(value)], inputs, self.also)

    def with_gates(self, form: str) -> "Program":
        """The same program with its gates `written`, taken apart (`basic`) or put together (`fused`)."""
        from autodiff.engine.gates import GATES

        program = self
        for rewriting in GATES[form](self.graph.outputs):
            new, place = (
                rewriting.new,
                {gate: _as_call(gate, program.calls.get(gate)) for gate in rewriting.inner.values()},
            )
            calls = {new[node]: call for node, call in program.calls.items() if node in new}
            calls |= {node: place[gate] for node, gate in rewriting.inner.items()}
            elements = {new[node]: i for node, i in program.elements.items() if node in new}
            outputs = [
                tuple(new[node] for node in value) if isinstance(value, tuple) else new[value]
                for value in program.outputs
            ]
            program = replace(
                program, outputs=outputs, elements=elements, calls=calls, gates=form, assigned={}, also=()
            )
        return program

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles hold the nodes in a flat list, each with the positions of its operands: of nodes that hold
        nodes they would recurse, and a text would have to be read again as what it was printed from."""
        nodes = topological_order([*self.graph.inputs, *self.graph.outputs])
        position = dict(zip(nodes, range(len(nodes)), strict=True))
        place = position.__getitem__

        def placed(value: Value) -> Any:
            return tuple(map(place, value)) if isinstance(value, tuple) else place(value)

        rows = [(_content(node), tuple(map(place, node.operands)), node.label, node.span) for node in nodes]
        inputs = {name: placed(value) for name, value in self.inputs.items()}
        elements = {position[node]: i for node, i in self.elements.items() if node in position}
        calls = {position[node]: call for node, call in self.calls.items() if node in position}
        return _restored, (
            self.text,
            rows,
            inputs,
            list(map(placed, self.outputs)),
            self.several,
            elements,
            calls,
            self.gates,
        )

    def with_outputs(self, outputs: Sequence[Value]) -> "Program":
        """A program with the same inputs and other outputs, which has no text."""
        return replace(self, text="", outputs=outputs, elements={}, calls={}, assigned={}, also=())

    def names(self) -> list[str]:
        """For every node of the graph a name: its label or its text, shortened where long and numbered where taken."""
        return list(self.naming())

    def naming(self) -> Iterator[str]:
        """The names one after another, each made when it is asked for."""
        uses: Counter[str] = Counter()
        for node in self.graph.nodes:
            name = self.title(node)
            uses[name] += not isinstance(node, Constant)
            yield name if uses[name] < 2 or isinstance(node, Constant) else f"{name} ({uses[name]})"

    def title(self, node: Node, longest: int = _LONGEST_NAME) -> str:
        """What a node is called where it need not be told from all others: its label, or what stands in the text."""
        if node.label is not None:
            return node.label
        if not self.text:
            return _middle_cut(self._printed(node), longest)
        if isinstance(node, Constant):
            return self.source(node, longest) if node.span else f"{node.number:.6g}"
        call = self.calls[node].span if node in self.calls else None
        title = self.source(node, longest)
        if call == node.span and node.operation is not None:  # a gate inside a function of the language itself
            title = node.operation.name
        if node in self.elements:
            title = f"{title if title.isidentifier() else f'({title})'}[{self.elements[node]}]"
        return f"{self._shortened(call, longest)}: {title}" if call else title

    def source(self, node: Node, longest: int = _LONGEST_NAME) -> str:
        """The piece of text that a node came from, on one line, shortened in the middle where it is longer."""
        return self._shortened(node.span or (0, 0), longest)

    def _shortened(self, span: Span, longest: int) -> str:
        (start, end), enough = span, 2 * longest
        # Of a long text only the ends are looked at: those of the sums 1+2, 1+2+3, ... are long together.
        ends = [(start, end)] if end - start <= 2 * enough else [(start, start + enough), (end - enough, end)]
        text = re.sub(r"#[^\n]*", "", "".join(self.text[first:last] for first, last in ends))
        return _middle_cut(" ".join(text.split()), longest)

    def _printed(self, node: Node) -> str:
        """An expression for a node that no text says, in terms of those that have a label."""
        from autodiff.grammar.print.text import print_expression

        return print_expression(node, {other: other.label for other in self.graph.nodes if other.label}, brief=True)


def _content(node: Node) -> Operation | tuple[type[Node], dict[str, Any]]:
    """The content of a node without its operands: its operation, or the data of a leaf."""
    return node.operation or (type(node), {slot: getattr(node, slot) for slot in type(node).__slots__})


def _restored(
    text: str,
    rows: Sequence[tuple[Operation | tuple[type[Node], dict[str, Any]], tuple[int, ...], str | None, Span | None]],
    inputs: Mapping[str, Any],
    outputs: Sequence[Any],
    several: bool,
    elements: Mapping[int, int],
    calls: Mapping[int, Call],
    gates: str,
) -> Program:
    """The program that `Program.__reduce__` took apart."""
    nodes: list[Node] = []
    for content, operands, label, span in rows:
        if isinstance(content, Operation):
            nodes.append(Node(content, tuple(map(nodes.__getitem__, operands)), label, span))
        else:
            leaf, holds = content
            nodes.append(leaf(**holds, span=span))
            nodes[-1].label = label

    def value(places: Any) -> Value:
        return tuple(map(nodes.__getitem__, places)) if isinstance(places, tuple) else nodes[places]

    return Program(
        text,
        {name: value(places) for name, places in inputs.items()},
        list(map(value, outputs)),
        several,
        {nodes[i]: index for i, index in elements.items()},
        {nodes[i]: call for i, call in calls.items()},
        gates,
    )


def _as_call(gate: Node, outer: Call | None) -> Call:
    """A gate that was taken apart as a call, under which its pieces are collected."""
    assert gate.operation is not None
    return Call(gate.operation.symbol or gate.operation.name, gate.span or (0, 0), outer)


def _middle_cut(text: str, longest: int) -> str:
    """A text shortened in the middle where it is longer."""
    half = longest // 2
    return text if len(text) <= longest + 4 else f"{text[:half]}…{text[half + 1 - longest :]}"


def preamble(text: str) -> str:
    """The statements of a program before its last one, or all of them where that one is an assignment."""
    depth, start = 0, 0
    for match in re.finditer(r"#[^\n]*|[(\[]|[)\]]|[;\n](?=\s*[^\s;#])", text):
        mark = match[0]
        depth += (mark in "([") - (mark in ")]")
        if depth == 0 and mark in ";\n":
            start = match.end()
    assigns = re.match(r"\s*[^\W\d]\w*(\([^)]*\))?\s*(\*\*|[-+*/^])?=(?!=)", text[start:])
    return text if assigns else text[: max(start - 1, 0)]
