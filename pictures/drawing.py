"""What a picture shows of a graph: its nodes and gates, and those of a call or of a long sum as one where asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autodiff.cli.request import Request
from autodiff.engine.passes import local_derivatives
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.answer import Answer
from autodiff.evaluation.errors import NotMet
from autodiff.grammar.values import Call

_LONGEST_TEXT = 30


@dataclass(frozen=True)
class Gate:
    """An operation as it is drawn, or several as one."""

    name: str
    help: str
    ports: Sequence[str]
    """What the operands are to the gate; nothing where they may change places."""
    operands: Sequence[int]
    locals: Sequence[float | None]
    """The derivative of the result by each operand; None where nothing flows."""
    written: str = ""
    """Of a fused gate the expression that it stands for."""


class Drawing:
    """The nodes that are drawn, in topological order, and the gate of each that is computed."""

    def __init__(self, answer: Answer, request: Request) -> None:
        self.answer, self.graph, self.fused = answer, answer.program.graph, request.gates == "fused"
        self.uses = Counter(j for operands in self.graph.operands for j in operands)
        gates: dict[int, Gate] = {}
        pending = list(answer.outputs)
        while pending:
            i = pending.pop()
            operation = self.graph.nodes[i].operation
            if operation is not None and i not in gates:
                gates[i] = (request.collapse and self._collapsed(i, operation)) or self._single(i, operation)
                pending.extend(gates[i].operands)
        self.gates = dict(sorted(gates.items()))
        used = {j for gate in self.gates.values() for j in gate.operands} | set(answer.outputs)
        self.nodes = sorted(used)
        if len(used) > request.max_drawn:
            message = f"a graph of {len(used)} nodes is too large to draw (the limit is {request.max_drawn})"
            hint = "" if request.collapse else ", or draw calls and long sums as one gate each with --collapse"
            raise NotMet(message, f"raise it with --max-drawn {len(used)}{hint}")

    def flows(self, i: int) -> list[bool]:
        """For each operand of a gate whether anything flows back to it; all where no gradient was asked for."""
        gate = self.gates[i]
        if self.answer.adjoints is None:
            return [True] * len(gate.operands)
        return [self.reached(i) and local is not None for local in gate.locals]

    def reached(self, i: int) -> bool:
        """Whether anything flows back to a node; so it is where no gradient was asked for."""
        adjoints = self.answer.adjoints
        return adjoints is None or any(each[i] is not None for each in adjoints)

    def _single(self, i: int, operation: Operation) -> Gate:
        name, ports = operation.symbol or operation.name, () if operation.commutative else operation.operand_names
        return Gate(name, operation.help, ports, self.graph.operands[i], self._locals(i), self._written(i, operation))

    def _written(self, i: int, operation: Operation) -> str:
        """The text of a gate that is not written as such a call; nothing where it is."""
        program, node = self.answer.program, self.graph.nodes[i]
        if not self.fused or operation.symbol or node in program.calls or self._call(i):
            return ""
        text = program.source(node, _LONGEST_TEXT)
        return "" if text.startswith(tuple(f"{name}(" for name in (operation.name, *operation.aliases))) else text

    def _locals(self, i: int) -> Sequence[float | None]:
        """The local derivatives of an operation; any number where there are no values yet."""
        if not self.answer.values:
            return [0.0] * len(self.graph.operands[i])
        return local_derivatives(self.graph, self.answer.values, i)

    def _collapsed(self, i: int, operation: Operation) -> Gate | None:
        """The gates behind a node that are the insides of one call, or of one sum, as a single gate."""
        call = self._call(i)
        if call is not None:
            inside, operands = self._inside(i, call)
            return Gate(
                call.name,
                self.answer.program.title(self.graph.nodes[i]),
                (),
                operands,
                self._through(i, inside, operands),
            )
        if operation in SUMS and len(terms := self._terms(i)) > 2:
            return Gate("+", OPERATIONS["sum"].help, (), terms, [1.0] * len(terms))
        return None

    def _call(self, i: int) -> Call | None:
        """The call whose value a node is."""
        inner = (self.answer.program.calls.get(self.graph.nodes[j]) for j in self.graph.operands[i])
        return next((call for call in inner if call and call.span == self.graph.nodes[i].span), None)

    def _inside(self, i: int, call: Call) -> tuple[list[int], list[int]]:
        """The nodes on the way to the value of a call, and what it is made of, in written order."""
        calls, inside, operands, pending = {call}, [i], list[int](), list(self.graph.operands[i][::-1])
        while pending:
            j = pending.pop()
            if self.answer.program.calls.get(self.graph.nodes[j]) not in calls:
                operands.append(j)
                continue
            inside.append(j)
            if inner := self._call(j):  # within the function another one is called
                calls.add(inner)
            pending.extend(self.graph.operands[j][::-1])
        return inside, list(dict.fromkeys(operands))

    def _through(self, i: int, inside: list[int], operands: list[int]) -> list[float | None]:
        """The derivative of a node by each operand, through the gates between them."""
        passed: dict[int, float] = {i: 1.0}
        for j in sorted(set(inside), reverse=True):
            if j in passed:
                for k, local in zip(self.graph.operands[j], self._locals(j), strict=True):
                    if local is not None:
                        passed[k] = passed.get(k, 0.0) + passed[j] * local
        return [passed.get(j) for j in operands]

    def _terms(self, i: int) -> list[int]:
        """What a sum adds up, in written order: the terms of sums that nothing else uses are its own."""
        terms, pending = list[int](), list(self.graph.operands[i][::-1])
        while pending:
            j = pending.pop()
            node = self.graph.nodes[j]
            own = node.operation in SUMS and node.label is None and self.uses[j] == 1 and j not in self.answer.outputs
            if own and self._call(j) is None:
                pending.extend(self.graph.operands[j][::-1])
            else:
                terms.append(j)
        return terms


SUMS = (OPERATIONS["add"], OPERATIONS["sum"])
