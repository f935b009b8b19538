"""Answers as JSON."""

from math import isfinite
from typing import Any

from autodiff.cli.console import Console
from autodiff.cli.formats.answer import Answer


def json(answer: Answer, digits: int, console: Console) -> str:
    """One object on one line."""
    return json_line(answer.document())


def json_line(document: dict[str, Any]) -> str:
    """An object on one line, in which a number that is not finite is null."""
    import json

    return json.dumps(_without_non_finite(document), ensure_ascii=False) + "\n"


def _without_non_finite(item: Any) -> Any:
    """The object with None for every number that JSON has no notation for."""
    if isinstance(item, float):
        return item if isfinite(item) else None
    if isinstance(item, dict):
        return {key: _without_non_finite(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_without_non_finite(value) for value in item]
    return item
