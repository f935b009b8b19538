"""A folder of parquet parts, which is there when all are, and else not at all."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from autodiff.evaluation.errors import Failure, NotMet
from autodiff.evaluation.files import AllOrNothing, umask

_PART = re.compile(r"part-\d+\.parquet")


def part_name(number: int) -> str:
    """The name of the answer to the block with that number."""
    return f"part-{number:05}.parquet"


class Folder(AllOrNothing):
    """Parts are written into a hidden folder beside it, which takes its place in the end."""

    def __init__(self, name: str, overwrite: bool) -> None:
        self.name, self.target = name, Path(name).resolve()
        try:
            self._check(os.listdir(self.target) if self.target.exists() else [], overwrite)
            self.hidden = tempfile.mkdtemp(dir=self.target.parent, prefix=f".{self.target.name}.")
            os.chmod(self.hidden, 0o777 & ~umask())  # the workers of a cluster may be another user
        except OSError as error:
            raise self._failure(error) from None

    def _check(self, names: list[str], overwrite: bool) -> None:
        others = sorted(name for name in names if not _PART.fullmatch(name))
        if others:
            message = f"{self.name} holds other files than an answer, such as {others[0]}"
            raise NotMet(message, "name a folder that is empty, or none yet")
        if names and not overwrite:
            raise NotMet(f"{self.name} holds an answer already", "replace it with --overwrite")

    def _failure(self, error: OSError) -> Failure:
        return NotMet(f"cannot write {self.name}: {error.strerror}")

    def check_whole(self, parts: Iterable[str]) -> None:
        """Failure where one of the parts is not there."""
        if missing := sorted(set(parts) - set(os.listdir(self.hidden))):
            hint = "the workers must see the folder under the same path as this machine does"
            raise NotMet(f"{missing[0]} is not in {self.name}, though a worker wrote it", hint)

    def _finish(self) -> None:
        """Let it take the place of the old one, if there is one."""
        old = f"{self.hidden}.old"
        try:
            for name in os.listdir(self.hidden):
                if not _PART.fullmatch(name):  # half a part, of a worker that was killed
                    os.unlink(os.path.join(self.hidden, name))
            if self.target.exists():
                shutil.copymode(self.target, self.hidden)
                self._check(os.listdir(self.target), overwrite=True)
                os.rename(self.target, old)
            os.rename(self.hidden, self.target)
        except OSError as error:
            if os.path.exists(old) and not self.target.exists():
                os.rename(old, self.target)
            raise self._failure(error) from None
        shutil.rmtree(old, ignore_errors=True)

    def _abandon(self) -> None:
        """Leave nothing behind; a worker may be about to write its part just now."""
        for _ in range(20):
            with suppress(OSError):
                shutil.rmtree(self.hidden)
            if not os.path.exists(self.hidden):
                return
            time.sleep(0.05)
