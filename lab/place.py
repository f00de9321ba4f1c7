"""Where a lab lives on the host and what its things are called. Every name starts with the lab's prefix."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.errors import BadName, LabBusy

CACHE = Path("/var/cache/patchring-lab")
"""The base image and what was downloaded for it: shared by all labs, survives `lab down`."""

PREFIX = re.compile("[a-z][a-z0-9]{0,10}")  # the kernel allows 15 characters for an interface, ours add up to 4


@dataclass(frozen=True)
class Place:
    """One lab's names and folders. Two labs with different prefixes do not touch each other."""

    prefix: str = "prlab"

    def __post_init__(self) -> None:
        if not PREFIX.fullmatch(self.prefix):
            raise BadName(f"a prefix has 1 to 11 of a-z and 0-9 and starts with a letter, not {self.prefix!r}")

    @property
    def folder(self) -> Path:
        return Path("/var/lib") / f"patchring-lab-{self.prefix}"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def pool(self) -> Path:
        return self.folder / "pool"

    @property
    def www(self) -> Path:
        return self.folder / "www"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def bridge(self) -> str:
        return f"{self.prefix}-br"

    def namespace(self, device: str) -> str:
        return f"{self.prefix}-{device}"

    def interface(self, number: int) -> str:
        return f"{self.prefix}-{number}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds this lab against other commands that change it. Raises LabBusy."""
        try:
            with locked(self.prefix, wait=False):
                yield
        except BlockingIOError as held:
            raise LabBusy(f"another command is changing the lab {self.prefix}: try again when it has ended") from held


@contextmanager
def locked(name: str, *, wait: bool = True) -> Iterator[None]:
    """Holds a lock of that name among all processes of the machine; it ends with the process at the latest.

    Raises BlockingIOError when somebody has it and `wait` is false.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
