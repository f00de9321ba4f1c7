"""Every process of a lab that outlives a command runs in a cgroup (version 2) of the lab's own.

That answers "is it running?" and "which processes are its?" without guessing from process ids, and lets the
kernel kill all of them at once, none of anybody else's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import HostNotReady


def hierarchy() -> Path:
    """Where the host mounts cgroup version 2: alone, or beside version 1. Raises HostNotReady."""
    found = _mounts("cgroup2")
    if not found:
        raise HostNotReady("cgroup version 2 is not mounted; mount it: mount -t cgroup2 none /sys/fs/cgroup/unified")
    return found[0]


class Cgroup:
    """One cgroup by its path below the hierarchy, such as `prlab/north-1`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = hierarchy() / name

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    def child(self, name: str) -> Cgroup:
        return Cgroup(f"{self.name}/{name}")

    def enter(self) -> None:
        """Moves the calling process into it; its children follow."""
        (self.path / "cgroup.procs").write_text("0")

    def populated(self) -> bool:
        """True while it, or one below it, holds a process. A zombie does not count."""
        try:
            return "populated 1" in (self.path / "cgroup.events").read_text()
        except OSError:
            return False

    def processes(self) -> Iterator[int]:
        """The process ids in it and below it, as the host numbers them."""
        for folder, _, _ in os.walk(self.path):  # unlike rglob, it takes no offence when one goes away meanwhile
            try:
                yield from map(int, Path(folder, "cgroup.procs").read_text().split())
            except OSError:
                continue

    def wait_empty(self, timeout: float) -> bool:
        """True once it holds no process; false when that took longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.populated():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def kill(self) -> None:
        """The kernel kills every process in it and below, and we wait until they are gone."""
        if not self.path.exists():
            return
        (self.path / "cgroup.kill").write_text("1")
        assert self.wait_empty(30), f"processes in {self.path} outlived SIGKILL"

    def remove(self) -> None:
        """Kills what runs in it and removes it with all below it. Does nothing when it does not exist.

        On a host that has cgroup version 1 as well, nspawn makes a twin there.
        """
        self.kill()
        for mounted_on in _mounts("cgroup", "cgroup2"):
            for folder, _, _ in os.walk(mounted_on / self.name, topdown=False):
                Path(folder).rmdir()


def _mounts(*kinds: str) -> list[Path]:
    fields = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(mounted_on) for _, mounted_on, kind, *_ in fields if kind in kinds]
