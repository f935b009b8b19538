"""Run every transcript again and write down what it prints now; `git diff` then shows what a change has changed.

    python tests/rewrite.py [FILE]...

The README, `docs/*.md`, their pictures and Python sessions, all `*.transcript` files, the reference in `docs/`, and the
stub of the operations, `library/_operations.pyi`; or the files named.
"""

import doctest
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support import reference, stub
from support.transcripts import FILES, ROOT, run_in, session, shown, with_outputs


def output(line: str) -> str:
    """What a command prints in an empty folder; a picture that it draws replaces the one of that name in `docs/`."""
    with TemporaryDirectory() as folder:
        printed = shown(run_in(Path(folder), line))
        for picture in Path(folder).glob("*.svg"):
            if (ROOT / "docs" / picture.name).exists():
                shutil.copyfile(picture, ROOT / "docs" / picture.name)
    return printed


class Rewriter(doctest.DocTestRunner):
    """Collects the examples of a Python session that print something else than is written."""

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.changed.append((example.source + example.want, example.source + got))

    def __init__(self) -> None:
        super().__init__()
        self.changed: list[tuple[str, str]] = []


def with_session(text: str) -> str:
    """The text with the outputs of its Python session."""
    runner = Rewriter()
    runner.run(doctest.DocTestParser().get_doctest(session(text), {}, None, None, None))
    for before, after in runner.changed:
        text = text.replace(before, after, 1)
    return text


MADE = {stub.FILE: stub.stub, reference.PAGE: reference.page, reference.MANUAL: reference.manual}
"""Files that a program makes as a whole."""

for file in map(Path, sys.argv[1:]) if len(sys.argv) > 1 else [*FILES, *MADE]:
    before = file.read_text("utf-8") if file.exists() else ""
    made = MADE.get(file.resolve())
    after = made() if made else with_outputs(before, file.suffix, output)
    after = with_session(after) if file.suffix == ".md" else after
    if after != before:
        file.write_text(after, "utf-8")
        print(f"rewritten: {file}")
