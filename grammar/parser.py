"""Text to graph: lark runs the grammar, the builder makes the nodes, and its errors become ours."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..engine.graph import Constant, Graph, Node, Span
from .builder import Builder
from .errors import ProgramError

if TYPE_CHECKING:
    lark: Any
else:
    try:
        from . import standalone as lark  # lark's own runtime with the tables of the grammar, written by compile.py
    except ImportError:
        import lark

_builder = Builder()
_building = Lock()

# What may come next, in the words of an error, by the terminals that stand for it.
_EXPECTATIONS = {"a value": {"NUMBER"}, "an operator": {"TIMES"}, "','": {"COMMA"}, "')'": {"RPAR"}}

_LONGEST_NAME = 60


@dataclass(frozen=True)
class Program:
    """A text and the graph that it describes."""

    text: str
    graph: Graph

    def names(self) -> list[str]:
        """For every node of the graph a name: its label or its text, shortened where long and numbered where taken."""
        uses: Counter[str] = Counter()
        return [self._name(node, uses) for node in self.graph.nodes]

    def _name(self, node: Node, uses: Counter[str]) -> str:
        name = node.label or self.source(node)
        if isinstance(node, Constant):
            return name
        uses[name] += 1
        return name if uses[name] == 1 else f"{name} ({uses[name]})"

    def source(self, node: Node, longest: int = _LONGEST_NAME) -> str:
        """The piece of text that a node came from, on one line, shortened in the middle where it is longer."""
        start, end = node.span or (0, 0)
        half = longest // 2
        text = (
            self.text[start:end]
            if end - start <= 4 * longest
            else self.text[start : start + 2 * longest] + self.text[end - 2 * longest : end]
        )
        text = " ".join(text.split())
        return text if len(text) <= longest else f"{text[:half]}…{text[half + 1 - longest :]}"


def parse(text: str, variables: Iterable[str] = ()) -> Program:
    """Read a program; ProgramError where it is none.

    A name in `variables` is an input of the program even where a constant has that name.
    """
    with _building:
        _builder.begin(text, variables)
        try:
            outputs = _parser().parse(text)
        except lark.UnexpectedInput as error:
            raise _syntax_error(text, error) from None
        return Program(text, Graph(outputs, list(_builder.inputs.values())))


class _Parentheses:
    """Between the lexer and the parser: inside parentheses a line break is white space."""

    always_accept = ()

    def process(self, tokens: Iterator[Any]) -> Iterator[Any]:
        self.open: list[Any] = []
        for token in tokens:
            if token.type == "LPAR":
                self.open.append(token)
            elif token.type == "RPAR":
                if not self.open:
                    raise ProgramError("this parenthesis was never opened", _builder.text, _span(token))
                self.open.pop()
            if token.type != "_NEWLINE" or not self.open:
                yield token


_parentheses = _Parentheses()


@cache
def _parser() -> Any:
    if hasattr(lark, "Lark_StandAlone"):
        return lark.Lark_StandAlone(transformer=_builder, postlex=_parentheses)
    return lark.Lark.open(
        "language.lark", rel_to=__file__, parser="lalr", lexer="basic", transformer=_builder, postlex=_parentheses
    )


def _span(token: Any) -> Span:
    return token.start_pos, token.end_pos


def _syntax_error(text: str, error: Any) -> ProgramError:
    """What lark could not read, in words: what was expected, what was found, and a likely remedy."""
    if isinstance(error, lark.UnexpectedCharacters):
        return _unknown_character(text, error.pos_in_stream)
    token = error.token
    if token.type == "$END" and _parentheses.open:
        return ProgramError("this parenthesis is never closed", text, _span(_parentheses.open[-1]))
    start, end = (len(text), len(text) + 1) if token.type == "$END" else _span(token)
    before = re.search(r"([\w.]+|\))(\s*)$", text[:start])
    if token.type == "NUMBER" and before and not before[2] and "." in before[1] + token:
        return ProgramError(f"'{before[1]}{token}' is not a number", text, (before.start(), end))
    accepted = error.interactive_parser.accepts()
    expected = [words for words, terminals in _EXPECTATIONS.items() if terminals & accepted]
    found = {"$END": "the end", "_NEWLINE": "a line break"}.get(token.type, f"'{token}'")
    wanted = " or ".join(filter(None, [", ".join(expected[:-1]), *expected[-1:]]))
    message = f"expected {wanted}, found {found}" if wanted else f"unexpected {found}"
    return ProgramError(message, text, (start, end), _remedy(token, before and before[1]))


def _remedy(token: Any, before: str | None) -> str | None:
    if token.type == "EQUAL":
        return "an assignment is a statement of its own: NAME = EXPRESSION"
    if before and token.type in ("NAME", "LPAR", "NUMBER"):
        left = "(...)" if before == ")" else before
        return f"a product needs its sign: {left}*{'(...)' if token.type == 'LPAR' else token}"
    return None


def _unknown_character(text: str, position: int) -> ProgramError:
    character = text[position]
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    shown = f"'{character}' ({name})" if character.isprintable() else name
    return ProgramError(f"unexpected character {shown}", text, (position, position + 1))
