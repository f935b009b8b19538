"""What is rewritten as text: LaTeX, and what programs, pages and spreadsheets have around a formula."""

import re

from autodiff.grammar.notations.names import KNOWN, LATEX
from autodiff.grammar.notations.tokens import wrapped


def as_text(text: str) -> tuple[str, bool]:
    """The text without what a program, a page or a spreadsheet has around it, and whether it is of the last."""
    text = text.strip()
    excel = text.startswith("=")
    text = re.sub(r"^(?:=|lambda [\w, ]+:|@\([\w, ]+\)|\(?\w+\)?\s*=>|return\b)\s*", "", text)
    text = re.sub(r"^(\$+)(.*)\1$", r"\2", text, flags=re.DOTALL)
    # $A$1 is a cell that stays the same when the formula is copied.
    if excel:
        text = re.sub(r"\$(?=[A-Z0-9])", "", text)
    text = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda match: f"^{match[0].translate(_RAISED)}", text)
    for sign, instead in {"½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)", "∞": "inf"}.items():
        text = text.replace(sign, instead)
    return (_latex(text) if re.search(r"[\\{}]", text) else text), excel


_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _latex(text: str) -> str:
    """LaTeX without its commands and braces, the innermost first."""
    text = re.sub(r"\\(?:left|right|,|;|!|:|quad|displaystyle|limits|big|Big)(?![A-Za-z])\s*", "", text)
    text = re.sub(r"_\{(\w+)\}", r"_\1", text)
    text = re.sub(r"\\(?:operatorname|mathrm|text|mathit|mathbf)\{(\w+)\}", r"\\\1", text)
    text = re.sub(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)", "°", text)
    text = re.sub(r"\\[dt]?frac\s*(\d)\s*(\d)", r"(\1/\2)", text)
    # A pattern without braces inside finds the innermost ones, and what takes their place has none.
    before = ""
    while before != text:
        before = text
        text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", _fraction, text)
        text = re.sub(r"\\sqrt\[3\]\s*\{([^{}]*)\}", r"cbrt(\1)", text)
        text = re.sub(r"\\sqrt\[(\w+)\]\s*\{([^{}]*)\}", r"(\2)^(1/\1)", text)
        text = re.sub(r"(?<!\w)e\^\{([^{}]*)\}", r"exp(\1)", text)
        text = re.sub(r"\^\{([^{}]*)\}", lambda match: f"^{wrapped(match[1])}", text)
        text = re.sub(r"(?<!frac)(?<!\})\{([^{}]*)\}(?!\s*\{)", r"(\1)", text)
    text = re.sub(r"\\([A-Za-z]+|\|)(_\w+)?", lambda match: _command(match[1], match[2] or ""), text)
    text = re.sub(r"(?<=\() | (?=\))", "", " ".join(text.split()))
    return re.sub(r"([^\W\d]\w*) \(", lambda match: match[0].replace(" ", "" if match[1] in KNOWN else " "), text)


def _command(name: str, index: str) -> str:
    """A command of LaTeX: a sign, or a name."""
    return LATEX.get(name, f" {name}{index} ")


def _fraction(match: re.Match[str]) -> str:
    return f"({wrapped(match[1])}/{wrapped(match[2])})"
