"""What is rewritten as tokens: one function for each kind of notation, in the order in which they are applied."""

import re
from collections.abc import Sequence

from autodiff.grammar.errors import did_you_mean
from autodiff.grammar.notations.names import (
    CONSTANTS,
    INVERSES,
    KNOWN,
    MODULES,
    RENAMED,
    SPREADSHEET,
    TEMPLATES,
    WOLFRAM,
    Template,
)
from autodiff.grammar.notations.tokens import (
    CLOSE,
    OPEN,
    WORDS,
    Ambiguous,
    Token,
    Tokens,
    arguments,
    close_of,
    end_of_exponent,
    is_name,
    is_number,
    joined,
    level,
    may_end,
    may_start,
    operand_before,
    retokenized,
    token_at,
    unwrapped,
    wrapped,
)

_MOST_CONDITIONS = 10
_SIGNS = {".*": "*", "./": "/", ".^": "^", "&&": "and", "&": "and", "<>": "!=", "!": "not"}
_STOPS = {")", "]", ",", ";", "\n", ":"}


def from_spreadsheet(tokens: Tokens) -> Tokens:
    """Signs bind tighter than powers there, and one equals sign compares."""
    made, i = Tokens(), 0
    while i < len(tokens):
        token = tokens[i]
        if token == "-" and not may_end(token_at(made, len(made) - 1)) and token_at(tokens, i + 2) == "^":
            made += [Token("(", token.blank), Token("-"), tokens[i + 1], Token(")")]
            i += 2
            continue
        made.append(Token("==", token.blank) if token == "=" else token)
        i += 1
    if any(made[k] == "^" and token_at(made, k + 2) == "^" for k in range(len(made))):
        raise Ambiguous  # from left to right there, from right to left here
    return made


def with_numbers(tokens: Tokens) -> Tokens:
    """Whole numbers to base 16 and 2, blanks between thousands, and the f of C."""
    made = Tokens()
    for token in tokens:
        last = made[-1] if made else Token("")
        if re.match(r"0[xXbB]", token):
            made.append(Token(str(int(token, 0)), token.blank))
        elif token.blank and re.fullmatch(r"\d{3}(\.\d*)?", token) and re.fullmatch(r"[1-9]\d{0,2}(_\d{3})*", last):
            made[-1] = Token(f"{last}_{token}", last.blank)
        elif token == "f" and not token.blank and re.fullmatch(r"\d*\.\d*(e[-+]?\d+)?", last):
            continue
        else:
            made.append(token)
    return made


def with_names(tokens: Tokens, own: set[str], excel: bool, wolfram: bool) -> Tokens:
    """Names as they are called here, and round brackets behind those of functions."""
    made, ends = Tokens(), set[int]()
    for i, token in enumerate(tokens):
        name = _renamed(token, excel, wolfram) if token not in own and _is_called(tokens, i) else token
        called = token_at(tokens, i + 1)
        known = name.lower() in KNOWN or any((name, n) in TEMPLATES or (name, n) in WOLFRAM for n in (1, 2, 3))
        if known and is_name(token) and called == "[" and token not in own:
            ends.add(close_of(tokens, i + 1))
        if token == "[" and i and is_name(tokens[i - 1]) and close_of(tokens, i) in ends:
            name = "("
        made.append(Token(")" if i in ends else name, token.blank))
    return made


def _is_called(tokens: Tokens, i: int) -> bool:
    """Whether the name at i is that of a function, or of something in a module."""
    behind = end_of_exponent(tokens, i + 2) if token_at(tokens, i + 1) == "^" else i + 1
    bare = may_start(token_at(tokens, behind)) and tokens[i] == tokens[i].lower()
    return not tokens[i].isalnum() or tokens[i] == "Pi" or token_at(tokens, i + 1) in ("(", "[") or bare


def _renamed(token: str, excel: bool, wolfram: bool) -> str:
    """A name of another place as it is here; other tokens as they are."""
    if token == "if" or not is_name(token):
        return token
    head, *rest = re.split(r"\.|::", token)
    if rest and head in MODULES:
        whole = ".".join(rest[-2:])
        token = f"Math.{rest[-1]}" if head == "Math" and rest[-1] == "round" else rest[-1]
        if rest[-1] in ("e", "E"):
            return "exp(1)"
        if rest[-1] in CONSTANTS:
            return CONSTANTS[rest[-1]]
        return RENAMED.get(whole, RENAMED.get(token, token))
    if rest:
        return token
    elsewhere = SPREADSHEET if excel else WOLFRAM if wolfram else {}
    # What it means there is settled with its operands.
    if any((token, count) in elsewhere for count in range(3)):
        return token
    if wolfram and token == "Pi":
        return "pi"
    if token == "LOG":
        raise Ambiguous("LOG of a spreadsheet is log10, LOG of Fortran is log")
    lower = token.lower()
    if lower in RENAMED or lower in KNOWN or any((lower, n) in TEMPLATES for n in (1, 2, 3)):
        return RENAMED.get(lower, lower) if len(token) > 1 else token
    return token


def with_parentheses(tokens: Tokens, own: set[str]) -> Tokens:
    """`sin x`, `sin^2(x)` and `sin^-1 x`, the last one first, since it may be the operand of another."""
    made = list(tokens)
    # From the end, so that in `sin cos x` the second is an operand already.
    for i in range(len(made) - 1, -1, -1):
        name = made[i]
        if name not in KNOWN or name in own | WORDS or token_at(made, i + 1) in ("(", "["):
            continue
        start, power = i + 1, ""
        if token_at(made, start) == "^":
            end = end_of_exponent(made, start + 1)
            power = unwrapped(joined(made[start + 1 : end]))
            start = end
        if not may_start(token_at(made, start)):
            continue
        end = close_of(made, start) + 1 if made[start] == "(" else _end_of_operand(made, start, name)
        operand = unwrapped(joined(made[start:end]))
        if power == "-1" and name not in INVERSES:
            raise Ambiguous
        text = f"{name}({operand})^{wrapped(power)}" if power else f"{name}({operand})"
        made[i:end] = retokenized(f"{INVERSES[name]}({operand})" if power == "-1" else text, name.blank)
    return made


def _end_of_operand(tokens: Sequence[str], i: int, function: str) -> int:
    """Behind what a function without parentheses is taken of: `2x` in `sin 2x`, but not `x` in `sin 2*x`."""
    start = i
    while may_start(token_at(tokens, i)) and not (i > start and tokens[i] in KNOWN):
        if is_name(tokens[i]) and token_at(tokens, i + 1) in OPEN:
            i += 1
        i = close_of(tokens, i) + 1 if tokens[i] in OPEN else i + 1
        if token_at(tokens, i) in ("^", "**"):
            i = end_of_exponent(tokens, i + 1)
    if token_at(tokens, i) in ("*", "/", "·", "×"):
        raise Ambiguous(f"the operand of {function} needs parentheses: {function}(...)")
    return i


def with_bars(tokens: Tokens) -> Tokens:
    """`|x|` as abs(x), and `||v||` as norm(v)."""
    made, open_, bare = Tokens(), list[str](), False
    for i, token in enumerate(tokens):
        if token not in ("|", "||"):
            made.append(Token(token) if bare else token)
        elif open_ and open_[-1] == token and may_end(token_at(tokens, i - 1)):
            open_.pop()
            made.append(Token(")"))
        elif not may_end(token_at(tokens, i - 1)) or (
            token == "|" and may_start(token_at(tokens, i + 1)) and i and not open_
        ):
            open_.append(token)
            made += [Token("abs" if token == "|" else "norm", token.blank), Token("(")]
            bare = True
            continue
        else:
            made.append(Token("or", " ") if token == "||" else token)
        bare = False
    if open_:
        raise Ambiguous
    return made


def with_postfix(tokens: Tokens) -> Tokens:
    """`x!` and `45°`."""
    made = Tokens()
    for i, token in enumerate(tokens):
        behind = made and may_end(made[-1])
        if behind and (token == "°" or (token == "!" and not may_start(token_at(tokens, i + 1)))):
            start = operand_before(made, len(made))
            operand, blank = unwrapped(joined(made[start:])), made[start].blank
            made[start:] = retokenized(f"rad({operand})" if token == "°" else f"gamma({wrapped(operand)} + 1)", blank)
        else:
            made.append(token)
    return made


def with_operators(tokens: Tokens) -> Tokens:
    """The signs of other languages; roots; `x // 2` and `x mod 3`."""
    made, i = Tokens(), 0
    while i < len(tokens):
        token = tokens[i]
        if token in ("√", "∛"):
            end = close_of(tokens, i + 1) + 1 if token_at(tokens, i + 1) == "(" else i + 2
            made += retokenized(
                f"{'sqrt' if token == '√' else 'cbrt'}({unwrapped(joined(tokens[i + 1 : end]))})", token.blank
            )
            i = end
            continue
        if token == "//":
            start, end = operand_before(made, len(made)), i + 2
            # `2*x // 3` and `-x // 3` are floors of more than x.
            if not may_start(token_at(tokens, i + 1)):
                raise Ambiguous
            signed = token_at(made, start - 1) == "-" and not may_end(token_at(made, start - 2))
            if (
                signed
                or token_at(made, start - 1) in ("*", "/", "%", "^", "**")
                or token_at(tokens, end) in ("(", "^", "**")
            ):
                raise Ambiguous
            blank = made[start].blank
            made[start:] = retokenized(f"floor({joined(made[start:])}/{tokens[i + 1]})", blank)
            i = end
            continue
        if (
            token == "!"
            and token_at(tokens, i + 1) != "("
            and token_at(tokens, i + 2) not in _STOPS | {"", "&&", "||", "and", "or", "?"}
        ):
            raise Ambiguous  # it binds tighter there than `not` does here
        mod = token == "mod" and made and may_end(made[-1])
        made.append(Token("%" if mod else _SIGNS.get(token, token), token.blank))
        i += 1
    return made


def with_calls(tokens: Tokens, templates: dict[tuple[str, int], Template], own: set[str]) -> Tokens:
    """Calls of functions that are written otherwise here, the innermost first."""
    made, i = list(tokens), len(tokens)
    while i > 0:
        i -= 1
        if token_at(made, i + 1) != "(" or made[i] in own or not (is_name(made[i]) or made[i] == "if"):
            continue
        end = close_of(made, i + 1)
        given = arguments(made, i + 1, end)
        # A name may mean something else with another number of operands.
        template = templates.get((str(made[i]), len(given)))
        if made[i] == "log" and len(given) == 2:
            base = given[1]
            template = {"2": "log2({0})", "10": "log10({0})"}.get(base, "(log({0})/log({1}))")
        if template is not None:
            text = template.format(*given, *[""] * 3, **dict(zip("abc", map(wrapped, given))))
            made[i : end + 1] = retokenized(text, made[i].blank)
            i += template.startswith("log(")  # that may be to a base of its own
        elif any(token == ";" for token in made[i + 1 : end]):
            made[i + 1 : end] = [Token(",") if token == ";" else token for token in made[i + 1 : end]]
    return made


def with_conditionals(tokens: Tokens) -> Tokens:
    """`c ? a : b` as where(c, a, b), the last one first."""
    made = list(tokens)
    if sum(token == "?" for token in made) > _MOST_CONDITIONS:
        raise Ambiguous  # each is copied into the one around it
    while "?" in made:
        i = max(k for k, token in enumerate(made) if token == "?")
        start, depth = i, 0
        while start > 0 and not (depth == 0 and made[start - 1] in ("(", "[", ",", ";", "=", ":", "?", "\n")):
            start -= 1
            depth += (made[start] in CLOSE) - (made[start] in OPEN)
        colon = next((k for k in range(i, len(made)) if made[k] == ":" and level(made[i:k]) == 0), None)
        if colon is None:
            raise Ambiguous
        rest = range(colon + 1, len(made))
        end = next((k for k in rest if made[k] in _STOPS and level(made[colon:k]) == 0), len(made))
        parts = (joined(made[start:i]), joined(made[i + 1 : colon]), joined(made[colon + 1 : end]))
        made[start:end] = retokenized(f"where({', '.join(parts)})", made[start].blank)
    return made


def with_products(tokens: Tokens, own: set[str]) -> Tokens:
    """A sign between two operands that stand side by side."""
    made = Tokens()
    for token in tokens:
        last = made[-1] if made else ""
        called = token == "(" and is_name(last) and not token.blank
        if called and (last in KNOWN or last in own or did_you_mean(last, [*KNOWN])):
            made.append(token)
        elif is_number(last) and is_number(token):
            raise Ambiguous  # `1 2` and `1.2.3` are nothing that anybody writes for a product
        elif may_end(last) and may_start(token) and last not in KNOWN:
            made += [Token("*"), Token(token)]
        else:
            made.append(token)
    return made
