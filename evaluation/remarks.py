"""Warnings and notes about an evaluation: why a number is not finite, and where a convention chose a derivative."""

from dataclasses import dataclass
from math import inf, isfinite, isinf, isnan

from autodiff.engine.graph import Span, dependent
from autodiff.engine.study.diagnosis import Cause, cause_of_value, causes_of_adjoints, overflows
from autodiff.engine.study.kinks import holds_here_only, kinks
from autodiff.evaluation.evaluation import Evaluation, evaluate
from autodiff.evaluation.numbers import shortest
from autodiff.grammar.errors import enumerated

_MOST_NAMED = 4


@dataclass(frozen=True)
class Warning:
    """One cause of non-finite numbers, with everything that it made non-finite."""

    consequences: list[str]
    cause: str
    span: Span | None
    """Where in the text the cause stands."""
    fused: str | None = None
    """The results with fused gates in words, where these are finite."""
    rest: str = "are not finite"
    """What is said of consequences that are not named."""

    def message(self, most: int | None = None) -> str:
        """The consequences, at most so many of them by name, and the cause."""
        named = self.consequences[:most]
        more = len(self.consequences) - len(named)
        listed = [*named, *[f"{more} more numbers {self.rest}"] * bool(more)]
        return f"{enumerated(listed)}: {self.cause}"

    @property
    def short(self) -> str:
        """The same, with at most four consequences."""
        return self.message(_MOST_NAMED)


def warnings(evaluation: Evaluation) -> list[Warning]:
    """A warning for each cause of non-finite numbers in the answer. To find them takes two more passes."""
    if evaluation.is_finite():
        return []
    graph, found = evaluation.program.graph, dict[Cause, list[str]]()
    for i in evaluation.outputs:
        if not isfinite(evaluation.values[i]):
            of = f" of {evaluation.names[i]}" if len(evaluation.outputs) > 1 else ""
            cause = cause_of_value(graph, evaluation.values, i)
            found.setdefault(cause, []).append(f"the value{of} is {shortest(evaluation.values[i])}")
    for k, adjoints in enumerate(evaluation.adjoints or ()):
        wrong = [i for i in evaluation.asked if not isfinite(evaluation.derivative(i, k))]
        of = f" of {evaluation.names[evaluation.outputs[k]]}" if len(evaluation.outputs) > 1 else ""
        causes = causes_of_adjoints(graph, evaluation.values, adjoints, wrong) if wrong else {}
        for i, cause in causes.items():
            text = f"the derivative{of} by {evaluation.names[i]} is {shortest(evaluation.derivative(i, k))}"
            found.setdefault(cause, []).append(text)
    fused = _fused(evaluation)
    return [
        Warning(list(dict.fromkeys(texts)), _why(evaluation, cause), graph.nodes[cause.position].span, fused)
        for cause, texts in found.items()
    ]


def _fused(evaluation: Evaluation) -> str | None:
    program, gradient = evaluation.program.with_gates("fused"), evaluation.adjoints is not None
    # What is fused has no node in between, and no derivative by one.
    if not set(evaluation.wrt).isdisjoint(evaluation.program.assigned):
        return None
    fused = evaluate(program, evaluation.inputs, evaluation.wrt, gradient=gradient)
    # As many nodes as before: nothing was fused, so nothing is gained.
    if len(fused.values) == len(evaluation.values) or not fused.is_finite():
        return None
    numbers = [f"the value is {shortest(fused.values[i])}" for i in fused.outputs[:1]]
    numbers += [f"the derivative by {fused.names[i]} is {shortest(fused.derivative(i, 0))}" for i in fused.asked[:1]]
    return " and ".join(numbers)


def _why(evaluation: Evaluation, cause: Cause) -> str:
    graph, values = evaluation.program.graph, evaluation.values
    node = graph.nodes[cause.position]
    text = evaluation.program.title(node)
    if node.operation is None and cause.what == "value":
        return f"{text} is given as {shortest(values[cause.position])}"
    if cause.what == "sum":
        return f"the contributions to {text} add up to it"
    numbers = [shortest(values[j]) for j in graph.operands[cause.position][:_MOST_NAMED]]
    at = ", ".join([*numbers, *["…"] * (len(graph.operands[cause.position]) > _MOST_NAMED)])
    if cause.what == "product":
        return f"{shortest(cause.adjoint)} times the derivative {shortest(cause.local)} of {text} overflows"
    if cause.what == "derivative":
        by = f" by {evaluation.names[cause.operand]}" if len(numbers) > 1 else ""
        zero = f", and 0 times {shortest(cause.local)} is nan" if cause.adjoint == 0 and isinf(cause.local) else ""
        return f"the derivative of {text}{by} is {shortest(cause.local)} at {at}{zero}"
    return f"{text} is {shortest(values[cause.position])} at {at}{_reason(evaluation, cause.position)}"


def _reason(evaluation: Evaluation, position: int) -> str:
    """Why a gate of finite operands has no finite value."""
    graph, values = evaluation.program.graph, evaluation.values
    operation, operands = graph.nodes[position].operation, [values[j] for j in graph.operands[position]]
    assert operation is not None
    if not isnan(values[position]):
        return ", too large for a double" if overflows(graph, values, position) else ", a pole"
    for i, (name, x) in enumerate(zip(operation.operand_names, operands, strict=False)):
        low, high = operation.bounds(i)
        if not low <= x <= high:
            return f", real only for {_interval(name, low, high)}"
    return ", undefined there"


def _interval(name: str, low: float, high: float) -> str:
    if high == inf:
        return f"{name} >= {low:g}"
    return f"{low:g} <= {name} <= {high:g}"


def notes(evaluation: Evaluation) -> list[str]:
    """One line for each gate at a kink whose choice is in the derivatives."""
    graph, program = evaluation.program.graph, evaluation.program
    lines = []
    for adjoints in evaluation.adjoints or ():
        for kink in kinks(graph, evaluation.values, adjoints, evaluation.asked):
            node, operand = graph.nodes[kink.position], graph.nodes[kink.operand]
            sides = f"{shortest(kink.left)} from the left, {shortest(kink.right)} from the right"
            where = f"{program.title(operand)} is at a {'jump' if kink.of_value else 'kink'} of {program.title(node)}"
            taken = f"{'taken as' if kink.of_value else 'printed'} {shortest(kink.here)}"
            lines.append(f"{where}: {sides}; {taken}")
    # Two outputs may sit on the same kink.
    return [*dict.fromkeys(lines), *_held_here_only(evaluation)]


def _held_here_only(evaluation: Evaluation) -> list[str]:
    """The derivative of the function where a branch was taken by equality, as in `where(x == 2, 4, x^2)`."""
    graph, values = evaluation.program.graph, evaluation.values
    varies = dependent(graph, evaluation.asked)
    gates = [
        graph.nodes[i]
        for i in sorted(varies)
        if (operation := graph.nodes[i].operation) and operation.is_truth and holds_here_only(graph, values, i, varies)
    ]
    point = {variable.name: x for variable, x in zip(graph.inputs, values)}
    if not gates or not all(map(isfinite, point.values())):
        return []
    from autodiff.engine.study.differences import slopes

    truth, lines = evaluation.program.title(gates[0]), []
    for i in evaluation.asked[:_MOST_NAMED]:
        for k, slope in enumerate(slopes(graph, point, graph.inputs[i].name)):
            ours = evaluation.derivative(i, k)
            if slope is not None and abs(slope - ours) > 1e-6 * abs(slope):
                of = f"the derivative by {evaluation.names[i]}"
                lines.append(
                    f"{truth} is {values[graph.position[gates[0]]]:g} at this point only: {of} is "
                    f"{shortest(slope)} there; printed {shortest(ours)}"
                )
    return lines
