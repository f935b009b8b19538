"""Transcripts, run again: every `$ command` in the README and in `*.transcript` files prints what stands below it."""

import doctest
import re
from pathlib import Path

import pytest

from .conftest import Run

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("tests/**/*.transcript"))]


def steps(file: Path) -> list[tuple[str, str]]:
    """The commands of a file with the text that follows each, up to the next command or the end of the block."""
    text = file.read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if file.suffix == ".md" else [text]
    pieces = [piece for block in blocks for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [_split(piece) for piece in pieces]


def _split(piece: str) -> tuple[str, str]:
    """A command and what it printed; a command goes on over lines that end in a backslash."""
    match = re.match(r"(?:.*\\\n)*.*\n?", piece)
    assert match is not None
    return match[0].replace("\\\n", "").strip(), piece[match.end() :]


CASES = [
    pytest.param(file, command, printed, id=f"{file.stem}:{command}")
    for file in FILES
    for command, printed in steps(file)
]


@pytest.mark.parametrize(("file", "command", "printed"), CASES)
def test_prints_what_the_transcript_shows(shell: Run, file: Path, command: str, printed: str) -> None:
    done = shell(command)
    code = f"exit {done.returncode}\n" if done.returncode else ""
    assert (done.stdout + done.stderr + code).rstrip() == printed.rstrip()
    if done.returncode:
        assert done.stdout == ""


def test_every_file_has_steps() -> None:
    assert all(steps(file) for file in FILES)


def test_the_python_session_in_the_readme_prints_what_it_says() -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", "README.md", 0)
    report: list[str] = []
    assert doctest.DocTestRunner().run(session, out=report.append).attempted > 10
    assert not report, "".join(report)
