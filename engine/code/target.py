"""Steps as the statements of a language: what all targets share."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isinf, isnan
from typing import NamedTuple

from autodiff.engine.code.steps import CONDITIONS, Operand, Term
from autodiff.engine.table.operations import OPERATIONS

CHOICE, TRUTH, SIGN, CALL = 0, 3, 8, 10
"""How tightly a text binds, beside the operators' own `Operation.binding`."""

WIDEST = 110


class Form(NamedTuple):
    """How a language writes a step."""

    text: str
    """With `{}` or `{0}` for the operands."""
    binding: int = CALL
    operands: tuple[int, ...] = ()
    """How tightly each operand has to bind, or it is put in parentheses; 0 where this is left out."""


def call(function: str, *operands: int) -> Form:
    """A call of a function of two operands at most; `operands` as `Form` has them."""
    return Form(f"{function}({{}}, {{}})" if len(operands) == 2 else f"{function}({{}})")


def infix(symbol: str, binding: int, left: int, right: int) -> Form:
    return Form(f"{{}} {symbol} {{}}", binding, (left, right))


def operators(spelled: Mapping[str, str]) -> dict[str, Form]:
    """The operators of the language, which most others write alike, but for those `spelled` in another way.

    `and` and `or` are not mixed without parentheses, which C asks for.
    """
    forms: dict[str, Form] = {}
    for name, row in OPERATIONS.items():
        symbol, binding = spelled.get(name, row.symbol), row.binding
        if symbol and name not in ("pow", "mod"):
            left = binding + (name in CONDITIONS and name != "and")
            two = infix(symbol, binding, left, binding + 1)
            forms[name] = two if row.arity == (2, 2) else Form(f"{symbol}{{}}", SIGN, (SIGN + 1,))
    forms["or"] = infix(spelled.get("or", "or"), OPERATIONS["or"].binding, TRUTH, TRUTH)
    return forms


@dataclass(frozen=True)
class Syntax:
    """How a language writes functions of its own: its statements with `{}` for names and expressions.

    What is not said is Python's.
    """

    function: str = "def {}({})"
    """The head of a function, of its name and its parameters."""
    declare: str = "{} = {}"
    """Gives a name its only value."""
    declare_changing: str = "{} = {}"
    change: str = "{} = {}"
    when: str = "if {}"
    """The head of what is done under a condition."""
    loop: str = "while {}"
    """The head of what is done as long as a condition holds."""
    result: str = "return {}"
    parameter: str = "{}"
    changing_parameter: str = "{}"
    comment: str = "# {}"
    braces: tuple[str, ...] = (":",)
    """What stands behind the head of a block, and on a line below it."""

    def block(self, head: str, lines: Iterable[str]) -> list[str]:
        """A head with the statements that it is the head of."""
        opening, *closing = self.braces
        return [f"{head}{opening}", *(f"    {line}" for line in lines), *closing]


@dataclass(frozen=True)
class Target:
    """A target language, by how it writes steps and numbers."""

    forms: Mapping[str, Form]
    """The form of a step by its name. Every other step is a call by its name."""
    literal: Callable[[float], str]
    """The text of a number; one that is negative begins with its sign."""
    assignment: str = "{} = {}"
    """A statement that gives a number a name."""
    condition: str = "{} = {}"
    """A statement that gives a truth value a name."""
    syntax: Syntax = Syntax()
    """How functions of its own are written."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Functions of its own as Python, by their names, for a target that is Python; they come before the helpers."""
    reserved: frozenset[str] = frozenset()
    """The names that mean something else already."""
    unpacks: bool = False
    """Whether the elements of a vector are variables by themselves."""
    ascii_only: bool = False
    """Whether names may have Latin letters only."""
    deepest: int = 20
    """How many steps an expression may be deep, since compilers recurse into them."""
    longest: int = 10_000
    """How many characters an expression may have."""
    twice: frozenset[str] = field(init=False)
    """The steps in whose text an operand stands twice, which must therefore be a name."""

    def __post_init__(self) -> None:
        twice = frozenset(name for name, form in self.forms.items() if form.text.count("{0}") > 1)
        object.__setattr__(self, "twice", twice)

    def written(self, name: str, operands: Sequence[tuple[str, int]]) -> tuple[str, int]:
        """The text of a step, given its operands' texts, each with how tightly it binds."""
        # An operand that is no operator needs no parentheses, whatever stands around it.
        form = self.forms.get(name)
        if form is None:
            return f"{self.spelled(name)}({', '.join(text for text, _ in operands)})", CALL
        needed = form.operands or (0,) * len(operands)
        texts = [text if binding >= least else f"({text})" for (text, binding), least in zip(operands, needed)]
        return form.text.format(*texts), form.binding

    def spelled(self, name: str) -> str:
        """The name of a function of its own."""
        return f"{name}_" if name in self.reserved else name

    def taken(self, functions: Iterable[str]) -> set[str]:
        """Every name that means something else, given the functions of its own that there may be."""
        return {*self.reserved, *map(self.spelled, functions)}

    def number(self, x: float) -> tuple[str, int]:
        """The text of a number, and how tightly it binds."""
        text = self.literal(float(x))
        return text, SIGN if text.startswith("-") else CALL

    def body(
        self,
        names: Mapping[Term, str],
        outputs: Sequence[Operand],
        terms: Sequence[Term],
        name: Callable[[Term], str] = lambda term: f"v{term.index}",
        kept: Container[Term] = (),
    ) -> tuple[dict[Term, str], list[str]]:
        """The statements for what is used, and the expressions of the outputs.

        What is used once stands where it is, unless it is `kept`. `names` are those of the inputs; `name` names others.
        """
        texts: dict[Term, tuple[str, int]] = {term: (text, CALL) for term, text in names.items()}
        uses, depths = used(outputs, terms, self.twice), dict.fromkeys(names, 0)
        lines: dict[Term, str] = {}

        def written(x: Operand) -> tuple[str, int]:
            return texts[x] if isinstance(x, Term) else self.number(x)

        for term in terms:
            # In the order in which the terms were made: a reader finds the passes again, and operands come first.
            if term in uses and term not in texts:
                text, binding = self.written(term.name, list(map(written, term.operands)))
                depth = 1 + max([depths[x] for x in term.operands if isinstance(x, Term)])
                if uses[term] > 1 or depth > self.deepest or len(text) > self.longest or term in kept:
                    given = name(term)
                    lines[term] = (self.condition if term.name in CONDITIONS else self.assignment).format(given, text)
                    text, binding, depth = given, CALL, 0
                texts[term], depths[term] = (text, binding), depth
        return lines, [written(x)[0] for x in outputs]


def literals(infinity: str, not_a_number: str, finite: Callable[[float], str] = repr) -> Callable[[float], str]:
    """How a language writes numbers, given its words for those that no digits stand for."""

    def literal(x: float) -> str:
        if isinf(x):
            return infinity if x > 0 else f"-{infinity}"
        return not_a_number if isnan(x) else finite(x)

    return literal


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


def indented(lines: Iterable[str], indent: str) -> list[str]:
    """Lines of code behind an indent; long ones are broken at blanks, where the language allows that everywhere."""
    broken: list[str] = []
    for line in lines:
        if len(line) > WIDEST:
            from textwrap import wrap

            broken += wrap(
                line,
                WIDEST,
                initial_indent=indent,
                subsequent_indent=indent + "    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        else:
            broken.append(indent + line)
    return broken
