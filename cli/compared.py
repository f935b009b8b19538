"""The answer of `check` on rows: how derivatives that stand in the rows compare with ours."""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from autodiff.cli.formats.answer import Column, Grid, Lines, derivative_column, name_column
from autodiff.engine.study.verdicts import Verdict
from autodiff.evaluation.numbers import rounded, shortest

if TYPE_CHECKING:
    from autodiff.rows.check import Claims, Compared

_ROUNDING = 1e-9  # an absolute difference that may be it


class ComparedRows:
    """What was found of each derivative, as an answer for every format."""

    def __init__(self, claims: "Claims", found: "Sequence[Compared]") -> None:
        self.claims, self.found = claims, found

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict on each derivative."""
        return [
            Verdict.DISAGREE if each.wrong else Verdict.AGREE if each.agree else Verdict.UNDECIDED
            for each in self.found
        ]

    @property
    def hint(self) -> str | None:
        """What to do where all that is wrong may be the rounding of numbers near 0."""
        wrong = [abs(each.yours - each.ours) for each in self.found if each.wrong]
        if wrong and max(wrong) < _ROUNDING:
            return f"where terms cancel, allow for their rounding: --atol {rounded(2 * max(wrong), 1)}"
        return None

    def document(self) -> dict[str, Any]:
        """An object for each derivative, with the tolerances behind."""
        tolerances = {"rtol": self.claims.relative, "atol": self.claims.absolute}
        checks = [self._cells(each, verdict) for each, verdict in zip(self.found, self.verdicts)]
        document = {"expression": self.claims.reading.text, "checks": checks, **tolerances}
        null = [
            f"{key.replace('_', ' ')} of {check['name']} is {shortest(number)}"
            for check in checks
            for key, number in check.items()
            if isinstance(number, float) and not isfinite(number)
        ]
        return {**document, "warnings": null} if null else document

    def lines(self) -> Lines:
        """A line for each derivative."""
        tolerances = [self.claims.relative, self.claims.absolute]
        return [[*map(_cell, [*check.values(), *tolerances])] for check in self.document()["checks"]]

    def sheet(self) -> Lines:
        """The same with a header."""
        checks = self.document()["checks"]
        return [[*(checks[0] if checks else ["name"]), "rtol", "atol"], *self.lines()]

    def grids(self, number: Callable[[float], str]) -> Sequence[Grid]:
        """One row for each derivative; of errors two digits are enough."""
        rows = []
        for each, verdict in zip(self.found, self.verdicts):
            left_out = [
                f"{n:,} {why}" for n, why in ((each.at_kinks, "at kinks"), (each.not_finite, "not finite")) if n
            ]
            worst = [each.place, number(each.yours), number(each.ours), rounded(_relative(each), 2)]
            counts = [f"{each.agree:,}", f"{each.wrong:,}", ", ".join(left_out)]
            rows.append([each.name, *counts, *(worst if each.place else [""] * 4), verdict.value])
        claims, few = self.claims, partial(rounded, digits=2)
        title = f"relative tolerance {few(claims.relative)}"
        title += f", absolute {few(claims.absolute)}" if claims.absolute else ""
        numbers = [derivative_column(name) for name in ("yours", "ours", "relative error")]
        head = [name_column(), derivative_column("agree"), derivative_column("wrong"), Column("left out")]
        return [Grid(title, [*head, Column("worst"), *numbers, Column("verdict", narrowest=10)], rows)]

    def _cells(self, found: "Compared", verdict: Verdict) -> dict[str, Any]:
        worst: dict[str, Any] = dict.fromkeys(("worst", "yours", "ours", "relative_error"))
        if found.place:
            worst = dict(zip(worst, (found.place, found.yours, found.ours, _relative(found))))
        counts = {key: getattr(found, key) for key in ("rows", "agree", "wrong", "at_kinks", "not_finite")}
        return {"name": found.name, "verdict": verdict.value, **counts, **worst}


def _relative(found: "Compared") -> float:
    """How far apart the two numbers of the worst row are, relative to ours."""
    apart = abs(found.yours - found.ours)
    return apart / abs(found.ours) if found.ours else inf


def _cell(cell: Any) -> str:
    return shortest(cell) if isinstance(cell, float) else "" if cell is None else str(cell)
