"""Transcripts: README, `docs/*.md` and `*.transcript` files, where each `$ command` stands above what it prints."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("tests/**/*.transcript"))]

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```)", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"^\$ ((?:.*\\\n)*.*\n?)((?:(?!\$ ).*(?:\n|\Z))*)", re.MULTILINE)
"""A command, which goes on over lines that end in a backslash, and all up to the next one."""


def steps(text: str, kind: str) -> list[tuple[str, str]]:
    """The commands of a transcript, or of the console blocks of a Markdown file, each with the text below it."""
    blocks = _BLOCK.findall(text) if kind == ".md" else [text]
    return [(_line(command), printed) for block in blocks for command, printed in _STEP.findall(block)]


def with_outputs(text: str, kind: str, output: Callable[[str], str]) -> str:
    """The same transcript, with below each command what `output` makes of it. Blank lines behind it stay."""

    def step(match: re.Match[str]) -> str:
        command, before = match[1], match[2]
        return f"$ {command}{output(_line(command))}{before[len(before.rstrip()) :].removeprefix(chr(10))}"

    def block(match: re.Match[str]) -> str:
        return _STEP.sub(step, match[0])

    return _BLOCK.sub(block, text) if kind == ".md" else _STEP.sub(step, text)


def session(text: str) -> str:
    """The Python session of a Markdown file, its blocks one after another."""
    return "\n".join(re.findall(r"^```pycon\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def _line(command: str) -> str:
    return command.replace("\\\n", "").strip()


def run_in(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in a folder, with the installed `autodiff` on the PATH."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    scripts = str(Path(sys.executable).parent)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env={**kept, "PATH": f"{scripts}{os.pathsep}{kept['PATH']}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def shown(done: subprocess.CompletedProcess[str]) -> str:
    """What a transcript shows of a command that has ended: stdout, stderr, and the exit code unless it is 0."""
    return done.stdout + done.stderr + (f"exit {done.returncode}\n" if done.returncode else "")
