"""What is reported of all rows in the end: their number, what is wrong with some, and their sum."""

from dataclasses import dataclass, field
from math import fsum, isfinite

from autodiff.evaluation.errors import NotMet, Reporter
from autodiff.rows.table import Table


@dataclass
class Tally:
    """A tally of some rows, to which more are added in their order."""

    count: int = 0
    not_finite: int = 0
    first_not_finite: str = ""
    refused: int = 0
    first_refused: str = ""
    sums: list[list[float]] = field(default_factory=list)
    """The sum of every column of the answer, as parts that add up to it exactly."""

    def add(self, more: "Tally") -> None:
        """Count the rows below these too."""
        self.first_not_finite = self.first_not_finite or more.first_not_finite
        self.first_refused = self.first_refused or more.first_refused
        self.count += more.count
        self.not_finite += more.not_finite
        self.refused += more.refused
        self.sums = [exact_sum(parts + others) for parts, others in zip(self.sums or [[]] * len(more.sums), more.sums)]

    def report(self, table: Table, reporter: Reporter) -> None:
        """Report what is wrong with some rows; NotMet where that is an error."""
        if self.refused:
            treated = "read as nan" if table.policy == "nan" else "skipped"
            rows = "1 row" if self.refused == 1 else f"{self.refused:,} rows"
            reporter.warning(f"{rows} {treated}; the first: {self.first_refused}")
        if self.not_finite:
            answers = f"{self.not_finite:,} of {self.count:,} answers {'is' if self.not_finite == 1 else 'are'}"
            object_to(f"{answers} not finite; the first: {self.first_not_finite}", table, reporter)

    def reduced(self, how: str, columns: int) -> list[float]:
        """The sum or the mean of every column."""
        totals = [fsum(parts) if all(map(isfinite, parts)) else sum(parts) for parts in self.sums or [[]] * columns]
        if how == "mean":
            return [total / self.count if self.count else float("nan") for total in totals]
        return totals


def object_to(message: str, table: Table, reporter: Reporter) -> None:
    """Warn that answers are not finite; NotMet where all must be finite."""
    if table.strict:
        raise NotMet(message)
    reporter.warning(message)


def exact_sum(numbers: list[float]) -> list[float]:
    """The sum in two parts, the second of which is what the first has lost: so the cut into blocks does not matter."""
    try:
        total = fsum(numbers)
        return [total, fsum([*numbers, -total])]
    except (OverflowError, ValueError):  # it is not finite, or on the way to it something was not
        return [sum(numbers)]
