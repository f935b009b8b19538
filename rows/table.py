"""Which rows to answer for, and where their answers go."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

POLICIES = ("fail", "nan", "skip")
"""What to do at a row that is wrong."""


@dataclass(frozen=True)
class Table:
    """The rows to answer for, and where their answers go."""

    data: Sequence[str] | None = None
    """Files, globs, folders or URLs; `-` is stdin. None is stdin too, where it may hold no rows at all."""
    data_format: str | None = None
    """The format of the rows, where neither the ending of a file nor its first bytes are to tell."""
    columns: str | None = None
    """The names of the columns, with commas between them, where the rows have no header."""
    delimiter: str | None = None
    """What stands between the cells of csv, where that is not a comma; a blank is any number of blanks and tabs."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """The names that variables have for columns, by the names that these have in the rows."""
    keep: bool = False
    """Whether the columns of the rows are written too."""
    out: str | None = None
    """A file, or a folder with a slash at its end; None is stdout."""
    format: str | None = None
    """The format of the answer, where neither the ending of `out` nor the format of the rows is to tell."""
    overwrite: bool = False
    """Whether an answer in a folder may be replaced, or the file that the rows are in."""
    reduce: str | None = None
    """`sum` or `mean`: one answer for all rows."""
    on_error: str | None = None
    """One of the POLICIES."""
    rejects: Path | None = None
    """The file that wrong rows are written to."""
    cluster: str | None = None
    """The address of the scheduler of a Dask cluster, or `local`."""
    strict: bool = False
    """Whether an answer that is not finite is an error."""

    @property
    def policy(self) -> str:
        """What to do at a row that is wrong."""
        return self.on_error or ("skip" if self.rejects else "fail")

    @property
    def in_folder(self) -> bool:
        """Whether the answer is a folder of parts."""
        return self.out is not None and self.out.endswith(("/", os.sep))

    @property
    def in_parts(self) -> bool:
        """Whether the rows are cut into parts, each of which is answered by itself."""
        return self.in_folder or self.cluster is not None
