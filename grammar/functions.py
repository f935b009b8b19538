"""Functions that a program defines: the reductions of the body are recorded, and played again for every call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autodiff.engine.graph import Node, Span
from autodiff.grammar.errors import ProgramError
from autodiff.grammar.values import Call, Value, Workshop

Action = Callable[[Sequence[Value], Span], Value]
"""The action of a reduction of the parser: takes the values of the operands and the span, and gives a value."""


class Parameter(NamedTuple):
    """Stands for an argument of the call."""

    position: int


@dataclass(eq=False)
class Function:
    """A definition `f(x, y) = …`. The steps of the body are in postfix order, so that a stack plays them."""

    name: str
    parameters: tuple[str, ...]
    body: list[tuple["Action | Parameter | Function", int, Span]]
    """The action of each step, its number of operands, and its span."""

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"


def cost(function: Function, costs: dict[Function, int]) -> int:
    """The least number of steps that a call takes, given the costs of the functions defined before."""
    return sum(1 + costs[action] if isinstance(action, Function) else bool(count) for action, count, _ in function.body)


def play(workshop: Workshop, function: Function, arguments: Sequence[Value], span: Span) -> Value:
    """The value of a call. Calls inside the body are frames on a stack of our own, so that depth does not matter."""
    first_age, call = Node().age, Call(function.name, span)
    stack: list[Value] = []
    frames = [(iter(function.body), arguments)]
    workshop.playing = call
    try:
        while frames:
            steps, arguments = frames[-1]
            for action, count, place in steps:
                if isinstance(action, Parameter):
                    stack.append(arguments[action.position])
                    continue
                operands = stack[len(stack) - count :]
                del stack[len(stack) - count :]
                if isinstance(action, Function):
                    frames.append((iter(action.body), operands))
                    break
                stack.append(workshop.note_call(action(operands, place), call, first_age))
            else:
                frames.pop()
    except ProgramError as error:
        error.hint = error.hint or f"in the call {workshop.text[slice(*span)]}"
        raise
    finally:
        workshop.playing = None
    return workshop.note_result(stack[0], call, first_age)
