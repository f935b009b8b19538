"""Steps as the statements of a language: what all targets share."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from autodiff.engine.code.steps import Operand, Term


@dataclass(frozen=True)
class Target:
    """A target language, by how it writes steps and numbers."""

    texts: Mapping[str, str]
    """The text of a step by its name, with `{}` or `{0}` for operands. Every other step is a call by its name."""
    assignment: str
    """A statement that gives a value a name: `{} = {}`."""
    literal: Callable[[float], str]
    deepest: int
    """How many steps an expression may be deep, since compilers recurse into them."""
    twice: frozenset[str] = field(init=False)
    """The steps in whose text an operand stands twice, which must therefore be a name."""

    def __post_init__(self) -> None:
        twice = frozenset(name for name, text in self.texts.items() if text.count("{0}") > 1)
        object.__setattr__(self, "twice", twice)

    def body(
        self, names: Mapping[Term, str], outputs: Sequence[Operand], terms: Sequence[Term]
    ) -> tuple[list[str], list[str]]:
        """The statements for what is used, and the expressions of the outputs; what is used once stands where it is.

        `names` are those of the inputs.
        """
        texts, uses, depths = dict(names), used(outputs, terms, self.twice), dict.fromkeys(names, 0)
        lines: list[str] = []

        def written(x: Operand) -> str:
            return texts[x] if isinstance(x, Term) else self.literal(x)

        for term in terms:
            if term in uses and term not in texts:
                form = self.texts.get(term.name) or f"{term.name}({', '.join(['{}'] * len(term.operands))})"
                text = form.format(*map(written, term.operands))
                depth = 1 + max([depths[x] for x in term.operands if isinstance(x, Term)])
                if uses[term] > 1 or depth > self.deepest:
                    lines.append(self.assignment.format(f"v{term.index}", text))
                    text, depth = f"v{term.index}", 0
                texts[term], depths[term] = text, depth
        return lines, list(map(written, outputs))


def used(outputs: Sequence[Operand], terms: Sequence[Term], twice: frozenset[str] = frozenset()) -> Counter[Term]:
    """How often each term stands in the text of the others and of the outputs; what is not used at all is not there."""
    uses = Counter(x for x in outputs if isinstance(x, Term))
    for term in reversed(terms):
        if term in uses:
            times = 2 if term.name in twice else 1
            for x in term.operands:
                if isinstance(x, Term):
                    uses[x] += times
    return uses


def literal(x: float) -> str:
    """A number as Python writes it, in parentheses where it is negative: -2.0 ** x is not a power of -2."""
    text = repr(float(x))
    return f"({text})" if text.startswith("-") else text
