"""A parser of the language by precedence climbing, for the judge: it shares no code with the project."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

Tree = tuple[Any, ...]

TOKEN = re.compile(
    r"#[^\n]*|(?P<number>(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*=|[-+*/^]=|\*\*|[<>=!]=|[^\s])|(?P<line>\n)|\s"
)
SPELLED = {"×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "**": "^", "**=": "^="}
SPELLED |= {"≤": "<=", "≥": ">=", "≠": "!="}
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
BINARY = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "@": 6, "^": 8}


class Statement(NamedTuple):
    name: str | None
    parameters: tuple[str, ...] | None
    trees: list[Tree]


class Reader:
    """Statements from text."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        depth = 0
        for match in TOKEN.finditer(text):
            piece = ";" if match.lastgroup == "line" else match.group()
            if match.lastgroup is None or (match.lastgroup == "line" and depth):
                continue
            depth += (piece in "([") - (piece in ")]")
            self.tokens.append(SPELLED.get(piece, piece))
        self.tokens.append("")
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if wanted and token not in wanted:
            raise SyntaxError(f"{token!r} where {wanted} was wanted: {' '.join(self.tokens)}")
        self.at += 1
        return token

    def statements(self) -> Iterator[Statement]:
        while self.peek():
            if self.peek() == ";":
                self.take()
            else:
                yield self.statement()

    def statement(self) -> Statement:
        rest = self.tokens[self.at : self.tokens.index(";", self.at) if ";" in self.tokens[self.at :] else -1]
        if "=" in rest:
            head, self.at = rest[: rest.index("=")], self.at + rest.index("=") + 1
            parameters = tuple(token for token in head[2:-1] if token != ",") if len(head) > 1 else None
            return Statement(head[0], parameters, [self.expression()])
        if len(rest) > 1 and rest[1] in ("+=", "-=", "*=", "/=", "^="):
            self.at += 2
            return Statement(rest[0], None, [("op", rest[1][0], ("name", rest[0]), self.expression())])
        return Statement(None, None, self.several(""))

    def several(self, end: str) -> list[Tree]:
        found = [] if self.peek() == end and end else [self.expression()]
        while self.peek() == ",":
            self.take()
            found.append(self.expression())
        if end:
            self.take(end)
        return found

    def expression(self) -> Tree:
        first = self.binary(1)
        if self.peek() != "if":
            return first
        self.take()
        condition = self.binary(1)
        self.take("else")
        return ("op", "where", condition, first, self.expression())

    def binary(self, least: int) -> Tree:
        left = self.prefix(least)
        while True:
            token = self.peek()
            if token in COMPARISONS and least <= 4:
                left = self.chain(left)
            elif BINARY.get(token, 0) >= least:
                self.take()
                right = self.binary(BINARY[token] + (token != "^") - (token == "^"))
                left = ("op", token, left, right)
            else:
                return left

    def chain(self, left: Tree) -> Tree:
        operands, signs = [left], list[str]()
        while self.peek() in COMPARISONS:
            signs.append(self.take())
            operands.append(self.binary(5))
        found: Tree | None = None
        for sign, x, y in zip(signs, operands, operands[1:], strict=False):
            truth = ("op", sign, x, y)
            found = truth if found is None else ("op", "and", found, truth)
        assert found
        return found

    def prefix(self, least: int) -> Tree:
        if self.peek() == "not":
            self.take()
            return ("op", "not", self.binary(3))
        if self.peek() in ("-", "+"):
            negative = self.take() == "-"
            operand = self.binary(7)
            return ("op", "neg", operand) if negative else operand
        return self.atom()

    def atom(self) -> Tree:
        token = self.take()
        found: Tree
        if token == "(":
            found = self.expression()
            self.take(")")
        elif token == "[":
            found = ("vector", *self.several("]"))
        elif token[0].isdigit() or token[0] == ".":
            found = ("number", token.replace("_", ""))
        elif self.peek() == "(" and (token[0].isalpha() or token[0] == "_"):
            self.take()
            found = ("op", token, *self.several(")"))
        else:
            found = ("name", token)
        while self.peek() == "[":
            self.take()
            found = ("index", found, self.expression())
            self.take("]")
        return found


def names_in(tree: Tree) -> Iterator[str]:
    kind, *parts = tree
    if kind == "name":
        yield parts[0]
    elif kind != "number":
        for part in parts[kind == "op" :]:
            yield from names_in(part)
