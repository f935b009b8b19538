"""What each format of an answer honours. An option that every answer named would ignore is refused."""

from collections.abc import Collection
from typing import Any

from autodiff.evaluation.errors import WrongRequest

_PICTURE = frozenset({"digits", "nodes", "style", "local", "collapse", "max_drawn"})
_GRAPH = _PICTURE - {"style", "local"}

HONOURED = {
    "table": frozenset({"digits", "nodes"}),
    "markdown": frozenset({"digits", "nodes"}),
    "plain": frozenset({"nodes"}),
    "json": frozenset({"nodes"}),
    "latex": frozenset({"digits"}),
    "tree": _GRAPH,
    "mermaid": _GRAPH,
    "dot": _PICTURE,
    "svg": _PICTURE,
    **dict.fromkeys(("csv", "tsv", "python", "jsonl", "parquet", "arrow"), frozenset[str]()),
}
"""By format, those of the options below that change its answer; what `--render` draws is a picture like svg."""

_OPTIONS = frozenset[str]().union(*HONOURED.values())
_ONLY_IN_PICTURES = _PICTURE - {"digits", "nodes"}
_DRAW = "draw one with --render graph.svg"


def check_honoured(given: Collection[str], options: dict[str, Any]) -> None:
    """WrongRequest where an option was given that no answer named honours.

    `given` are the names of the options on the command line, `options` the values of all.
    """
    format, render = options.get("format"), options.get("render")
    if format is not None and format not in HONOURED:
        return  # the command knows which formats there are
    # Where no format is named the answer depends on who reads it, and what a table honours does no harm in a pipe.
    answers = ([HONOURED[format]] if format else []) + ([_PICTURE] if render else [])
    for name in sorted(_OPTIONS.intersection(given)):
        if not answers and name in _ONLY_IN_PICTURES:
            raise WrongRequest(f"{spelled(name)} is for pictures", _DRAW)
        if answers and not any(name in honoured for honoured in answers):
            raise _ignored(name, options)
    # Boxes have no wires to write them on.
    if "local" in given and options.get("style") != "circuit":
        raise WrongRequest("--local is for circuits", "add --style circuit")


def spelled(name: str) -> str:
    """An option as it is typed, by its name in the code."""
    return f"--{name.strip('_').replace('_', '-')}"


def _ignored(name: str, options: dict[str, Any]) -> WrongRequest:
    place = f"--format {options['format']}" if options.get("format") else f"--render {options['render'][0]}"
    hint = _DRAW if name in _ONLY_IN_PICTURES else "use --format table"
    return WrongRequest(f"{spelled(name)} has no place in {place}", hint)
