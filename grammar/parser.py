"""Text to graph: lark runs the grammar, the builder makes the nodes, and its errors become ours."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from threading import Lock
from typing import Any

from autodiff.engine.graph import MAX_NODES, Span
from autodiff.engine.table.operations import SPELLINGS
from autodiff.grammar.builder import Builder
from autodiff.grammar.driver import Driver, Tables, tables
from autodiff.grammar.errors import NeedsVector, ProgramError, TooManyNodes, enumerated
from autodiff.grammar.program import Program
from autodiff.grammar.tokens import Tokens

_builder = Builder()
_tokens = Tokens()
# The builder and the tokens belong to one program at a time.
_building = Lock()

# What may come next, in the words of an error, by the terminals that stand for it.
_EXPECTATIONS = {
    "a value": {"NUMBER"},
    "an operator": {"TIMES"},
    "','": {"COMMA"},
    "')'": {"RPAR"},
    "']'": {"RSQB"},
    "'else'": {"ELSE"},
}


def parse(text: str, variables: Mapping[str, int | None] | None = None, max_nodes: int = MAX_NODES) -> Program:
    """Read a program; ProgramError where the text is not a program.

    `variables` are names that are inputs of the program even where a constant has that name; to those that are vectors
    it gives their length.
    """
    text = normalized(text)
    try:
        return _program(text, variables or {}, max_nodes)
    except ProgramError as error:
        vectors = isinstance(error, NeedsVector) and not any(name.lower() in SPELLINGS for name in error.inputs)
        if vectors or isinstance(error, TooManyNodes):
            raise
        from autodiff.grammar.notations.hint import hint as found_hint

        unknown = error.message.startswith("unknown function")
        hint = found_hint(text, lambda other: _program(other, variables or {}, max_nodes), unknown)
        if hint is None:
            raise
        # What needed a vector in the text as it is, such as `Sin[x]`, needs none in what was meant.
        raise ProgramError(error.message, error.text, error.span, hint) from None


def _program(text: str, variables: Mapping[str, int | None], max_nodes: int) -> Program:
    with _building:
        outputs = [value for value, _, _ in _read(text, variables, max_nodes)]
        several = len(outputs) > 1 or isinstance(outputs[0], tuple)
        workshop = _builder.workshop
        assigned = {name: value for name, value in _builder.scope.items() if name not in _builder.inputs}
        return Program(text, _builder.inputs, outputs, several, workshop.elements, workshop.calls, assigned=assigned)


def input_names(text: str, variables: Iterable[str] = ()) -> tuple[str, ...]:
    """The inputs of a program in order of first appearance, which are the same whichever of them are vectors.

    `variables` are names that are inputs even where a constant has that name. ProgramError where the text is not a
    program.
    """
    with _building:
        _read(normalized(text), dict.fromkeys(variables), MAX_NODES, names_only=True)
        return tuple(_builder.inputs)


def _read(text: str, variables: Mapping[str, int | None], max_nodes: int, *, names_only: bool = False) -> Any:
    """Let the builder make the program, and return the outputs as it left them."""
    if driver := _driver():
        _begin(text, variables, max_nodes, names_only)
        try:
            return driver.parse(text)
        except KeyError:  # lark itself, next, knows what it expected
            pass
    _begin(text, variables, max_nodes, names_only)
    lark = _lark()
    try:
        return _parser().parse(text)
    except lark.UnexpectedInput as error:
        raise _syntax_error(text, error) from None


def _begin(text: str, variables: Mapping[str, int | None], max_nodes: int, names_only: bool) -> None:
    _builder.begin(text, variables, max_nodes, names_only)
    _tokens.begin(text)


def normalized(text: str) -> str:
    """The text with each letter as one character, however it was typed, and one of those that look alike."""
    return text if text.isascii() else "".join(map(_usual, unicodedata.normalize("NFC", text)))


def _usual(c: str) -> str:
    """The usual letter or sign for one that only looks different, such as the micro sign for μ, ϕ for φ.

    Python does the same to its names. A raised or lowered letter stays: that shows. So does ϖ, which is not read as π.
    """
    # All of NFKC would make x2 of x².
    kind = unicodedata.decomposition(c).partition(" ")[0]
    alike = kind == "<wide>" or (kind in ("<compat>", "<font>") and (c.isalpha() or c.isdecimal()) and c != "ϖ")
    return unicodedata.normalize("NFKC", c) if alike else c


# A normal install has what `compile.py` wrote: the driver's tables, and lark's runtime with the tables of the grammar.


@cache
def _driver() -> Driver | None:
    """The driver that runs lark's tables; None where lark has changed inside: it takes twice the time itself."""
    try:
        from autodiff.grammar.tables import TABLES

        found = Tables._make(TABLES)
    except ImportError:
        try:
            found = tables(_parser())
        except (AttributeError, LookupError, TypeError, ValueError):
            return None
    return Driver(found, _builder, _tokens)


@cache
def _lark() -> Any:
    try:
        import autodiff.grammar.standalone as saved
    except ImportError:
        import lark

        return lark
    return saved


@cache
def _parser() -> Any:
    lark = _lark()
    if hasattr(lark, "Lark_StandAlone"):
        return lark.Lark_StandAlone(transformer=_builder, postlex=_tokens)
    return lark.Lark.open(
        "language.lark", rel_to=__file__, parser="lalr", lexer="basic", transformer=_builder, postlex=_tokens
    )


def _span(token: Any) -> Span:
    return token.start_pos, token.end_pos


def _syntax_error(text: str, error: Any) -> ProgramError:
    """An error of lark's in words: what was expected, what was found, and a likely remedy."""
    if isinstance(error, _lark().UnexpectedCharacters):
        return _unknown_character(text, error.pos_in_stream)
    token = error.token
    if token.type == "$END" and (never_closed := _tokens.never_closed()):
        return never_closed
    start, end = (len(text), len(text) + 1) if token.type == "$END" else _span(token)
    before = re.search(r"([\w.]+(?:\[[\w.-]*\])*|[)\]])(\s*)$", text[:start])
    if token.type == "NUMBER" and before and not before[2] and "." in before[1] + token:
        return ProgramError(f"'{before[1]}{token}' is not a number", text, (before.start(), end))
    accepted = error.interactive_parser.accepts()
    expected = [words for words, terminals in _EXPECTATIONS.items() if terminals & accepted]
    found = {"$END": "the end", "_NEWLINE": "a line break"}.get(token.type, f"'{token}'")
    wanted = enumerated(expected, "or")
    message = f"expected {wanted}, found {found}" if wanted else f"{found} is not expected here"
    return ProgramError(message, text, (start, end), _remedy(token, before and before[1]))


def _remedy(token: Any, before: str | None) -> str | None:
    if token.type == "EQUAL":
        return "only a name can be assigned to, in a statement of its own: NAME = EXPRESSION; to compare, write =="
    if token.type in ("IF", "ELSE", "AND", "OR"):
        return f"'{token}' is a word of the language and cannot be a name"
    if before and token.type in ("NAME", "LPAR", "NUMBER"):
        if before in SPELLINGS:
            return f"the operand of {before} needs parentheses: {before}(...)"
        left = {")": "(...)", "]": "[...]"}.get(before, before)
        return f"a product needs its sign: {left}*{'(...)' if token.type == 'LPAR' else token}"
    return None


def _unknown_character(text: str, position: int) -> ProgramError:
    character = text[position]
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    shown = f"'{character}' ({name})" if character.isprintable() else name
    instead = "sqrt(x)" if character == "√" else None
    if name.startswith("SUPERSCRIPT"):
        instead = f"^{unicodedata.digit(character, '')}"
    hint = f"write {instead}" if instead else None
    return ProgramError(f"unexpected character {shown}", text, (position, position + 1), hint)
