"""Warnings from where no reporter is handed down yet: rows."""

from autodiff.evaluation.errors import Place, Reporter

reporter: Reporter | None = None


def warn(kind: str, message: str, hint: str | None = None, place: Place | None = None) -> None:
    """Tell the reporter of this process a `warning` or a `note`."""
    if reporter is None:
        return
    if kind == "warning":
        reporter.warning(message, hint, place)
    else:
        reporter.note(message)
