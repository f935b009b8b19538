"""The languages that a function is written in, and what must be known of each to choose it."""

from collections.abc import Callable
from typing import NamedTuple

from autodiff.engine.code import scripts
from autodiff.engine.code.c import C, c
from autodiff.engine.code.compiled import uncollected
from autodiff.engine.code.javascript import JAVASCRIPT, javascript
from autodiff.engine.code.rust import RUST, rust
from autodiff.engine.code.source import Function, Request, function_of
from autodiff.engine.code.target import Target


class Language(NamedTuple):
    """A target with the layout of its files."""

    target: Callable[[], Target]
    layout: Callable[[Function], str]
    ending: str


LANGUAGES = {
    "c": Language(lambda: C, c, ".c"),
    "javascript": Language(lambda: JAVASCRIPT, javascript, ".js"),
    "rust": Language(lambda: RUST, rust, ".rs"),
    "python": Language(scripts.script_target, scripts.script, ".py"),
    "numpy": Language(scripts.arrays_target, scripts.arrays_script, ".py"),
}


def source(request: Request, language: str) -> str:
    """The text of a file with the function that is asked for; Missing where the language lacks an operation."""
    each = LANGUAGES[language]
    with uncollected():
        return each.layout(function_of(request, each.target()))


def having(operation: str) -> list[str]:
    """The languages that have an operation."""
    return [name for name, each in LANGUAGES.items() if operation in each.target().forms]
