"""The languages that a function is written in, and what must be known of each to choose it."""

from collections.abc import Callable
from typing import NamedTuple

from autodiff.engine.code.c import C, c
from autodiff.engine.code.javascript import JAVASCRIPT, javascript
from autodiff.engine.code.rust import RUST, rust
from autodiff.engine.code.source import Function, Request, function_of
from autodiff.engine.code.target import Target


class Language(NamedTuple):
    """A target with the layout of its files."""

    target: Target
    layout: Callable[[Function], str]
    ending: str


LANGUAGES = {
    "c": Language(C, c, ".c"),
    "javascript": Language(JAVASCRIPT, javascript, ".js"),
    "rust": Language(RUST, rust, ".rs"),
}


def source(request: Request, language: str) -> str:
    """The text of a file with the function that is asked for; Missing where the language lacks an operation."""
    target, layout, _ = LANGUAGES[language]
    return layout(function_of(request, target))


def having(operation: str) -> list[str]:
    """The languages that have an operation."""
    return [name for name, each in LANGUAGES.items() if operation in each.target.forms]
