"""The words of `explain`: both passes step by step, as one writes them on a board."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from autodiff.engine.graph import Constant, Input, Node, dependent
from autodiff.engine.study.steps import ROUTES, Step, stages, steps
from autodiff.engine.table.operation import Operation
from autodiff.engine.table.operations import OPERATIONS
from autodiff.evaluation.evaluation import Evaluation
from autodiff.grammar.print.text import print_expression


@dataclass(frozen=True)
class Explanation:
    """The two passes as one writes them on a board: names, formulas and numbers."""

    evaluation: Evaluation
    names: list[str]
    """A short name for every node; a constant has none, unless it is the output."""
    gradients: list[str]
    """The names of the gradients of the nodes."""
    forward: list[tuple[str, Node, float]]
    """The name, the formula and the value of each stage."""
    backward: list[Step]

    @property
    def output(self) -> int:
        """The position of the output among the nodes."""
        return self.evaluation.outputs[0]

    @property
    def inputs(self) -> list[tuple[str, float]]:
        """The inputs with their values; and the output, where there is no stage."""
        leaves = range(len(self.evaluation.program.graph.inputs))
        named = dict.fromkeys([*leaves, *([] if self.forward else [self.output])])
        return [(self.names[i], self.evaluation.values[i]) for i in named]

    def adjoint(self, gate: int) -> float:
        """The adjoint of a gate: what arrives there."""
        return self.evaluation.derivative(gate, 0)

    def product(self, step: Step) -> Node:
        """The gate's adjoint times the local derivative."""
        assert step.formula is not None
        return product(self.gradients[step.gate], step.formula)

    def deed(self, step: Step) -> str:
        """What the gate does, in a word; and that gradients add up."""
        operation = self.evaluation.program.graph.nodes[step.gate].operation
        assert operation is not None
        if step.formula is None:
            return idle(operation, step.deed)
        return f"{operation.name} {step.deed}{'; gradients add up' if step.adds else ''}"

    def passes(self, number: Callable[[float], str]) -> tuple[list[list[str]], list[list[str]]]:
        """The lines of both passes, with numbers as `number` writes them.

        Forward a line has the number of its stage, what is computed, and its value; backward what is computed, the
        same in numbers, the gradient so far, and what the gate does.
        """
        forward = [["", name, number(value)] for name, value in self.inputs]
        for i, (name, formula, value) in enumerate(self.forward, 1):
            forward.append([str(i), f"{name} = {print_expression(formula)}", number(value)])
        backward = [[f"{self.gradients[self.output]} = 1", "1", "1", ""]]
        totals: dict[int, float] = {}
        for step in self.backward:
            line = f"{self.gradients[step.operand]} {'+=' if step.adds else '='} "
            before = f"{number(totals[step.operand])} + " if step.adds else ""
            if step.formula is None:
                line, numbers = f"{line}0", f"{before}0"
            else:
                line += on_the_board(self.product(step))
                numbers = f"{before}{number(self.adjoint(step.gate))} * {number(step.local)}"
            totals[step.operand] = step.total
            backward.append([line, numbers, number(step.total), self.deed(step)])
        return forward, backward


def product(gradient: str, local: Node) -> Node:
    """What flows back: the gradient of a gate, by its name, times the formula of a local derivative."""
    return Node(OPERATIONS["mul"], (Input(gradient), local))


def on_the_board(product: Node) -> str:
    """The text of such a product, with the factors apart."""
    return print_expression(product).replace("*", " * ", 1)


def idle(operation: Operation, deed: str) -> str:
    """What is said of a gate along a wire where nothing flows."""
    chooses = f" {deed}" if operation.symbol is None and deed == ROUTES else ""
    return f"{operation.symbol or operation.name}{chooses}: nothing flows here"


def explained(evaluation: Evaluation) -> Explanation:
    """Both passes of an evaluation that has one output and its gradient."""
    graph, values, names = evaluation.program.graph, evaluation.values, short_names(evaluation)
    forward = [(names[stage.position], stage.formula, values[stage.position]) for stage in stages(graph, names)]
    backward = steps(graph, values, graph.outputs[0], names, dependent(graph, evaluation.asked))
    return Explanation(evaluation, names, gradient_names(names), forward, backward)


def short_names(evaluation: Evaluation) -> list[str]:
    """A short name for every node: the user's own, or the next that is free."""
    nodes = evaluation.program.graph.nodes
    used, names = {node.label for node in nodes if node.label} | {"t"}, list[str]()
    given = set[str]()
    # t1, t2 and so on, without those that the user has taken.
    fresh = (name for k in count(1) if (name := f"t{k}") not in used)
    for i, node in enumerate(nodes):
        output = i == evaluation.outputs[0]
        name = node.label or ("f" if output and "f" not in used else "")
        if isinstance(node, Constant) and not output:
            name = ""
        elif not name or not (isinstance(node, Input) or name.isidentifier()):
            name = next(fresh)
        elif name in given:  # it was assigned again
            name = next(again for k in count(2) if (again := f"{name}_{k}") not in used)
        used.add(name)
        given.add(name)
        names.append(name)
    return names


def gradient_names(names: list[str]) -> list[str]:
    """The names of gradients: a d before the name, and a dash where that is the name of something else."""
    gradients, taken = list[str](), set(names)
    for name in names:
        # dx is the gradient of x, unless the user has a variable dx: then d_x, or d__x.
        gradient = f"d{name}"
        while gradient in taken:
            gradient = f"{gradient[0]}_{gradient[1:]}"
        gradients.append(gradient if name else "")
        taken.add(gradient)
    return gradients
