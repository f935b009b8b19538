"""What a picture shows of a graph: its nodes and gates, and those of a call or of a long sum as one where asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autodiff.engine.graph import Constant, Input
from autodiff.engine.passes import local_derivatives
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.errors import NotMet
from autodiff.evaluation.evaluation import Evaluation
from autodiff.evaluation.numbers import rounded
from autodiff.grammar.values import Call
from autodiff.pictures.options import DrawingOptions

_LONGEST_TEXT = 30
_TEXT_DIGITS = 6


@dataclass(frozen=True)
class Gate:
    """An operation as it is drawn, or several as one."""

    name: str
    help: str
    ports: Sequence[str]
    """The roles of the operands; empty where they may change places."""
    operands: Sequence[int]
    locals: Sequence[float | None]
    """The derivative of the result by each operand; None where nothing flows."""
    written: str = ""
    """Of a fused gate the expression that it stands for."""


class TooLargeToDraw(NotMet):
    """A graph of more nodes than one can read in a picture."""

    def __init__(self, nodes: int, options: DrawingOptions) -> None:
        super().__init__(f"a graph of {nodes} nodes is too large to draw (the limit is {options.max_drawn})")
        self.nodes, self.collapsed = nodes, options.collapse


def printable(text: str) -> str:
    """A text on one line, with nothing in it that a file of text or XML cannot hold."""
    return "".join(c if c.isprintable() else " " for c in text)


class Drawing:
    """The nodes that are drawn, in topological order, and the gate of each that is computed."""

    def __init__(self, evaluation: Evaluation, options: DrawingOptions) -> None:
        self.evaluation, self.options = evaluation, options
        self.graph = evaluation.program.graph
        self.uses = Counter(j for operands in self.graph.operands for j in operands)
        gates: dict[int, Gate] = {}
        pending = list(evaluation.outputs)
        while pending:
            i = pending.pop()
            operation = self.graph.nodes[i].operation
            if operation is not None and i not in gates:
                gates[i] = (options.collapse and self._collapsed(i, operation)) or self._single(i, operation)
                pending.extend(gates[i].operands)
        self.gates = dict(sorted(gates.items()))
        used = {j for gate in self.gates.values() for j in gate.operands} | set(evaluation.outputs)
        self.nodes = sorted(used)
        if len(used) > options.max_drawn:
            raise TooLargeToDraw(len(used), options)

    def title(self, i: int, longest: int = 60) -> str:
        """The name of a node, on one line."""
        return printable(self.evaluation.program.title(self.graph.nodes[i], longest))

    def number(self, number: float, digits: int) -> str:
        """A number with the digits of the options, or by default with these; a whole number with up to six."""
        return rounded(number, self.options.digits or (6 if number % 1 == 0 else digits))

    def numbers(self, i: int) -> tuple[str, str]:
        """The value of a node and its gradient as a text shows them, as far as there are any and they are news."""
        node, evaluation = self.graph.nodes[i], self.evaluation
        if not evaluation.values or (isinstance(node, Constant) and node.label is None):
            return "", ""
        value = self.number(evaluation.values[i], _TEXT_DIGITS)
        if evaluation.adjoints is None or isinstance(node, Constant):
            return value, ""
        return value, ", ".join(self.number(d, _TEXT_DIGITS) for d in evaluation.derivatives(i))

    def is_data(self, i: int) -> bool:
        """Whether there is a gradient, and a node is an input by which no derivative was asked for."""
        evaluation = self.evaluation
        return evaluation.adjoints is not None and isinstance(self.graph.nodes[i], Input) and i not in evaluation.asked

    def has_gradient(self, i: int) -> bool:
        """Whether a gradient is drawn for a node: data and constants have none."""
        if self.evaluation.adjoints is None or isinstance(self.graph.nodes[i], Constant):
            return False
        return not self.is_data(i)

    def flows(self, i: int) -> list[bool]:
        """For each operand of a gate whether anything flows back to it; all True where no gradient was computed."""
        gate = self.gates[i]
        if self.evaluation.adjoints is None:
            return [True] * len(gate.operands)
        return [self.reached(i) and local is not None for local in gate.locals]

    def reached(self, i: int) -> bool:
        """Whether anything flows back to a node; True where no gradient was computed."""
        adjoints = self.evaluation.adjoints
        return adjoints is None or any(each[i] is not None for each in adjoints)

    def _single(self, i: int, operation: Operation) -> Gate:
        name, ports = operation.symbol or operation.name, () if operation.commutative else operation.operand_names
        return Gate(name, operation.help, ports, self.graph.operands[i], self._locals(i), self._written(i, operation))

    def _written(self, i: int, operation: Operation) -> str:
        """The text of a gate that is not written as such a call; nothing where it is."""
        program, node = self.evaluation.program, self.graph.nodes[i]
        if program.gates != "fused" or operation.symbol or node in program.calls or self._call(i):
            return ""
        text = program.source(node, _LONGEST_TEXT)
        calls = tuple(f"{name}(" for name in (operation.name, *operation.aliases))
        return "" if text.startswith(calls) else printable(text)

    def _locals(self, i: int) -> Sequence[float | None]:
        """The local derivatives of an operation; any number where there are no values yet."""
        if not self.evaluation.values:
            return [0.0] * len(self.graph.operands[i])
        return local_derivatives(self.graph, self.evaluation.values, i)

    def _collapsed(self, i: int, operation: Operation) -> Gate | None:
        """The gates behind a node that are the insides of one call, or of one sum, as a single gate."""
        call = self._call(i)
        inside, operands = self._inside(i, call) if call else ([], [])
        if call and operands:
            return Gate(
                call.name,
                self.evaluation.program.title(self.graph.nodes[i]),
                (),
                operands,
                self._through(i, inside, operands),
            )
        if operation in SUMS and len(terms := self._terms(i)) > 2:
            return Gate("+", OPERATIONS["sum"].help, (), terms, [1.0] * len(terms))
        return None

    def _call(self, i: int) -> Call | None:
        """The call whose value a node is."""
        calls, own = self.evaluation.program.calls, self.evaluation.program.calls.get(self.graph.nodes[i])
        for j in self.graph.operands[i]:
            call = calls.get(self.graph.nodes[j])
            while call is not None and not (own and own.within(call)):
                if call.span == self.graph.nodes[i].span:
                    return call
                call = call.outer
        return None

    def _inside(self, i: int, call: Call) -> tuple[list[int], list[int]]:
        """The nodes on the way to the value of a call, and what it is made of, in written order."""
        inside, operands, pending = [i], list[int](), list(self.graph.operands[i][::-1])
        while pending:
            j = pending.pop()
            own = self.evaluation.program.calls.get(self.graph.nodes[j])
            if own and own.within(call):
                inside.append(j)
                pending.extend(self.graph.operands[j][::-1])
            else:
                operands.append(j)
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
        outputs = self.evaluation.outputs
        terms, pending = list[int](), list(self.graph.operands[i][::-1])
        while pending:
            j = pending.pop()
            node = self.graph.nodes[j]
            own = node.operation in SUMS and node.label is None and self.uses[j] == 1 and j not in outputs
            if own and self._call(j) is None:
                pending.extend(self.graph.operands[j][::-1])
            else:
                terms.append(j)
        return terms


SUMS = (OPERATIONS["add"], OPERATIONS["sum"])
