"""The tokens of a text that may not be of the language, and what can be said of them one by one."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"(?P<blank>[^\S\n]*)(?P<token>#[^\n]*|\n|0[xX][0-9a-fA-F]+|0[bB][01]+"
    r"|(?:\d[\d_]*(?:\.(?![*/^])[\d_]*)?|\.\d+)(?:[eE][+-]?\d+)?"
    r"|[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)*|\*\*|//|[<>=!]=|<>|&&|\|\||\.[*/^]|[-+*/^]=|\S)"
)
WORDS = {"if", "else", "and", "or", "not", "mod"}
OPEN, CLOSE = {"(": ")", "[": "]"}, {")", "]"}


class Token(str):
    """A piece of text, and the blanks before it."""

    blank = ""

    def __new__(cls, text: str, blank: str = "") -> "Token":
        token = super().__new__(cls, text)
        token.blank = blank
        return token


Tokens = list[Token]


class Ambiguous(Exception):
    """A notation that may mean two things; its text is what to say of them."""


def tokenized(text: str) -> Tokens:
    """The tokens of a text."""
    return [Token(match["token"], match["blank"]) for match in _TOKEN.finditer(text)]


def joined(tokens: Sequence[Token]) -> str:
    """The tokens as a text, with blanks beside words."""
    before, text = "", ""
    for token in tokens:
        beside_word = (before in WORDS or token in WORDS) and before not in ("(", "[", "")
        text += (token.blank or " " * beside_word) + token
        before = token
    return text.strip()


def unwrapped(text: str) -> str:
    """The text without parentheses around all of it."""
    text, depth = text.strip(), 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and i < len(text) - 1:
            return text
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text


def wrapped(text: str) -> str:
    """The text with parentheses around it unless it is one name or number."""
    text = text.strip()
    return text if re.fullmatch(r"[\w.]+|\w+\([^()]*\)|\([^()]*\)", text) else f"({text})"


def is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] == "_") and token not in WORDS


def is_number(token: str) -> bool:
    return bool(token) and (token[0].isdigit() or (token[0] == "." and len(token) > 1 and token[1].isdigit()))


def may_end(token: str) -> bool:
    """Whether an operand may end in the token."""
    return is_name(token) or is_number(token) or token in CLOSE or token in ("!", "°")


def may_start(token: str) -> bool:
    """Whether an operand may begin with the token."""
    return is_name(token) or is_number(token) or token == "("


def close_of(tokens: Sequence[str], i: int) -> int:
    """The position of the bracket that closes the one at i."""
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j] in OPEN) - (tokens[j] in CLOSE)
        if depth == 0:
            return j
    raise Ambiguous


def operand_before(tokens: Sequence[str], end: int) -> int:
    """Where the operand begins that ends before a position: a name, a number, a group, a call or an element."""
    i, depth = end - 1, 0
    while i >= 0:
        depth += (tokens[i] in CLOSE) - (tokens[i] in OPEN)
        if depth == 0:
            break
        i -= 1
    if i < 0 or not (may_end(tokens[i]) or tokens[i] in OPEN):
        raise Ambiguous
    return i - 1 if tokens[i] in OPEN and i > 0 and is_name(tokens[i - 1]) else i


def token_at(tokens: Sequence[str], i: int) -> str:
    return tokens[i] if 0 <= i < len(tokens) else ""


def arguments(tokens: Sequence[Token], i: int, j: int) -> list[str]:
    """The texts between commas, from the bracket at i to that at j."""
    found, depth, start = list[str](), 0, i + 1
    for k in range(i + 1, j):
        depth += (tokens[k] in OPEN) - (tokens[k] in CLOSE)
        if depth == 0 and tokens[k] in (",", ";"):
            found.append(joined(tokens[start:k]))
            start = k + 1
    last = joined(tokens[start:j])
    return [*found, last] if found or last else []


def retokenized(text: str, blank: str) -> Tokens:
    """The tokens of a text that takes the place of others, behind the same blanks."""
    tokens = tokenized(text)
    return [Token(tokens[0], blank), *tokens[1:]]


def end_of_exponent(tokens: Sequence[str], i: int) -> int:
    i += token_at(tokens, i) == "-"
    return close_of(tokens, i) + 1 if token_at(tokens, i) == "(" else i + 1


def level(tokens: Sequence[str]) -> int:
    return sum((token in OPEN) - (token in CLOSE) for token in tokens)
