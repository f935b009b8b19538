"""From a text that is not of the language to a hint."""

import re
from collections.abc import Callable

from autodiff.grammar.errors import NeedsVector, ProgramError
from autodiff.grammar.notations.latex import as_text
from autodiff.grammar.notations.names import SPREADSHEET, TEMPLATES, WOLFRAM
from autodiff.grammar.notations.passes import (
    from_spreadsheet,
    with_bars,
    with_calls,
    with_conditionals,
    with_names,
    with_numbers,
    with_operators,
    with_parentheses,
    with_postfix,
    with_products,
)
from autodiff.grammar.notations.tokens import Ambiguous, joined, tokenized, unwrapped

_LONGEST = 500


def hint(text: str, read: Callable[[str], object], unknown: bool) -> str | None:
    """A hint that holds what was probably meant, where `read` can read that.

    `unknown` tells that the fault is a function that nobody knows.
    """
    # Each pass may look for a closing bracket from every token, and nobody pastes a longer formula to try.
    if len(text) > _LONGEST or derivative(text):
        return None
    try:
        translated, product_only = _translated(text)
        if translated == text.strip():
            return None
        read(translated)
    except NeedsVector:
        pass  # once it is given one, it can be read
    except Ambiguous as error:
        return str(error) or None
    except ProgramError:
        return None
    if product_only:
        return f"{'for a product write' if unknown else 'a product needs its sign:'} {translated}"
    return f"write {translated}"


def derivative(text: str) -> tuple[str, str] | None:
    """The expression and the variable of `d/dx x^2`, `D[x^2, x]` and the like."""
    operator = re.fullmatch(r"\s*(?:[d∂]\s*/\s*[d∂]|\\frac\{(?:d|\\partial)\}\{(?:d|\\partial) ?)(\w+)\}?\s*(.+)", text)
    if operator:
        return unwrapped(operator[2]), operator[1]
    call = re.fullmatch(r"\s*(?:D\[|diff\(|Derivative\()(.+),\s*(\w+)[\])]\s*", text)
    return (call[1], call[2]) if call else None


def _translated(text: str) -> tuple[str, bool]:
    """The text in our notation, and whether all that was missing are signs of products."""
    plain, excel = as_text(text)
    wolfram = bool(re.search(r"\b[A-Z][A-Za-z]*\[", plain))
    tokens = tokenized(plain)
    # Functions first, since signs and products depend on where an operand ends.
    own = set(re.findall(r"([^\W\d]\w*)\s*(?:\([^()]*\))?\s*=(?!=)", text))
    if excel:
        tokens = from_spreadsheet(tokens)
    tokens = with_numbers(tokens)
    tokens = with_names(tokens, own, excel, wolfram)
    tokens = with_parentheses(tokens, own)
    tokens = with_bars(tokens)
    tokens = with_postfix(tokens)
    tokens = with_operators(tokens)
    tokens = with_calls(tokens, {**TEMPLATES, **(SPREADSHEET if excel else {}), **(WOLFRAM if wolfram else {})}, own)
    tokens = with_conditionals(tokens)
    before = joined(tokens)
    return unwrapped(joined(with_products(tokens, own))), before == text.strip()
