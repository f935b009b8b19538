"""Transcripts, run again: every `$ command` in the README and in `*.transcript` files prints what stands below it."""

import doctest
from pathlib import Path

import pytest

from .conftest import Run
from .support.transcripts import FILES, ROOT, session, shown, steps, with_outputs

CASES = [
    pytest.param(file, command, printed, id=f"{file.stem}:{command}")
    for file in FILES
    for command, printed in steps(file.read_text("utf-8"), file.suffix)
]


@pytest.mark.parametrize(("file", "command", "printed"), CASES)
def test_prints_what_the_transcript_shows(shell: Run, quick_shell: Run, file: Path, command: str, printed: str) -> None:
    done = (shell if file.name == "README.md" else quick_shell)(command)  # what users read first is run as they run it
    assert shown(done).rstrip() == printed.rstrip()
    if done.returncode:
        assert done.stdout == ""


def test_every_file_has_steps() -> None:
    assert {file for file, _, _ in (case.values for case in CASES)} == {
        file for file in FILES if file.suffix != ".md" or "```console" in file.read_text("utf-8")
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_rewriting_a_transcript_with_what_it_shows_changes_nothing(file: Path) -> None:
    text = file.read_text("utf-8")
    shows = dict(steps(text, file.suffix))
    assert with_outputs(text, file.suffix, lambda line: shows[line].rstrip() + "\n" * bool(shows[line].strip())) == text


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_a_python_session_prints_what_it_says(name: str) -> None:
    text = session((ROOT / name).read_text("utf-8"))
    examples = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    report: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=report.append).attempted >= 5
    assert not report, "".join(report)
