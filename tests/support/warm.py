"""The command, forked from a process that has loaded it already: the same code and streams, without the start.

A start takes twenty times as long as most answers, and there are hundreds of commands to try.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

_SHELL = re.compile(r"""'[^']*'|"[^"$`\\]*"|([;&|<>$`\n\\*?~{}()#!"'])""")
"""What a shell gives a meaning of its own, outside quotes. `w=[1,2]` matches no file in an empty folder."""


def is_plain(line: str) -> bool:
    """Whether a line of shell is one `autodiff` command without pipes, variables or anything else of the shell."""
    return line.startswith("autodiff ") and not any(_SHELL.findall(line))


class Warm:
    """A process that runs one command after another, each in a fork of its own."""

    def __init__(self) -> None:
        # -P: neither this folder nor the one that tests run in is on the path of what is tested
        command = [sys.executable, "-P", __file__]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, line: str) -> subprocess.CompletedProcess[str]:
        """Run a plain line in a folder, with nothing on stdin."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            self.server.stdin.write(json.dumps([shlex.split(line), str(folder), out.name, err.name]) + "\n")
            self.server.stdin.flush()
            code = int(self.server.stdout.readline())
            return subprocess.CompletedProcess(line, code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        """End the process."""
        self.server.communicate()


def _child(arguments: list[str], folder: str, *streams: str) -> None:
    os.chdir(folder)
    for number, name in enumerate([os.devnull, *streams]):
        os.dup2(os.open(name, os.O_RDWR), number)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        os.environ.pop(name, None)
    sys.argv = arguments
    from autodiff.__main__ import run

    try:
        run()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 0)


def _serve() -> None:
    import autodiff.cli.main  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _child(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
