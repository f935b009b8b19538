"""A filter between lexer and parser, for what a grammar with one token of lookahead cannot express."""

from collections.abc import Iterator
from typing import Any

from autodiff.grammar.errors import ProgramError

_OPENED_BY = {"RPAR": "LPAR", "RSQB": "LSQB"}
_NAMES = {"LPAR": "parenthesis", "RPAR": "parenthesis", "LSQB": "bracket", "RSQB": "bracket"}


class Tokens:
    """Drops the line breaks inside parentheses, and marks the name that a function definition begins with."""

    # Lark's interface of a postlexer wants it.
    always_accept = ()

    def begin(self, text: str) -> None:
        """Forget the last program."""
        self.text = text
        self.open: list[Any] = []
        """The parentheses that are open at this point."""

    def process(self, tokens: Iterator[Any]) -> Iterator[Any]:
        """Lark's hook: the tokens of the lexer in, those of the parser out."""
        return self._mark_definitions(self._join_lines(tokens))

    def _join_lines(self, tokens: Iterator[Any]) -> Iterator[Any]:
        for token in tokens:
            kind = token.type
            if kind in ("LPAR", "LSQB"):
                self.open.append(token)
            elif kind in _OPENED_BY:
                self._close(token)
            elif kind == "_NEWLINE" and self.open:
                continue
            yield token

    def _close(self, token: Any) -> None:
        if not self.open:
            raise self._unmatched(token, "was never opened")
        if self.open[-1].type != _OPENED_BY[token.type]:
            raise self._unmatched(self.open[-1], "is never closed")
        self.open.pop()

    def never_closed(self) -> ProgramError | None:
        """The error of a program that ends inside parentheses."""
        return self._unmatched(self.open[-1], "is never closed") if self.open else None

    def _unmatched(self, token: Any, what: str) -> ProgramError:
        return ProgramError(f"this {_NAMES[token.type]} {what}", self.text, (token.start_pos, token.end_pos))

    def _mark_definitions(self, tokens: Iterator[Any]) -> Iterator[Any]:
        at_start = True
        for token in tokens:
            if at_start and token.type == "NAME":
                head = _read_head(token, tokens)
                if head[-1].type == "EQUAL" and head[-2].type == "RPAR":
                    token.type = "FUNCTION"
                yield from head
                at_start = head[-1].type in ("_NEWLINE", "SEMICOLON")
            else:
                yield token
                at_start = token.type in ("_NEWLINE", "SEMICOLON")


def _read_head(name: Any, tokens: Iterator[Any]) -> list[Any]:
    """A name at the start of a statement with the tokens behind it, as far as they look like `f(x, y) =`."""
    head = [name]
    follows = {"LPAR": ("NAME", "RPAR"), "NAME": ("COMMA", "RPAR"), "COMMA": ("NAME",), "RPAR": ("EQUAL",)}
    wanted: tuple[str, ...] = ("LPAR",)
    for token in tokens:
        head.append(token)
        if token.type not in wanted or token.type == "EQUAL":
            break
        wanted = follows[token.type]
    return head
