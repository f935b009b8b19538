"""The real command, as a user's shell runs it."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import settings

from .support.transcripts import run_in
from .support.warm import Warm, is_plain

# The same examples on every run; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def interruptible() -> None:
    """For a process of its own: Ctrl-C reaches it, even where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Run:
    """Run a line of shell in an empty folder, with the installed `autodiff` on the PATH."""

    return partial(run_in, tmp_path)


@pytest.fixture(scope="session")
def _warm() -> Iterator[Warm]:
    warm = Warm()
    yield warm
    warm.close()


@pytest.fixture
def quick_shell(tmp_path: Path, _warm: Warm) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """The same, but a line that is one command and nothing else runs without the start of a process."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return _warm.run(tmp_path, line) if is_plain(line) else run_in(tmp_path, line)

    return run


def printed(*arguments: str) -> tuple[int, str]:
    """The exit code of a command and what it prints to stdout, without a process of its own."""
    from autodiff.cli.main import main

    with TemporaryFile("w+", encoding="utf-8") as stdout:  # rows are written to its descriptor
        with redirect_stdout(stdout), redirect_stderr(StringIO()):
            code = main([*arguments])
        stdout.seek(0)
        return code, stdout.read()
