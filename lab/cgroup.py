"""Every process of a lab that outlives a command runs in a cgroup (version 2) of the lab's own.

That answers "is it running?" and "which processes are its?" without guessing from process ids, and lets the
kernel kill all of them at once, none of anybody else's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import HostNotReady


def hierarchy() -> Path:
    """Where the host mounts cgroup version 2: alone, or beside version 1. Raises HostNotReady."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mounted_on, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(mounted_on)
    raise HostNotReady("cgroup version 2 is not mounted; mount it: mount -t cgroup2 none /sys/fs/cgroup/unified")


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
        for file in sorted(self.path.rglob("cgroup.procs")):
            try:
                yield from map(int, file.read_text().split())
            except OSError:
                continue  # it was removed meanwhile

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
        """Kills what runs in it and removes it with all below it. Does nothing when it does not exist."""
        self.kill()
        for folder in sorted((f for f in self.path.rglob("*") if f.is_dir()), reverse=True):
            folder.rmdir()
        if self.path.exists():
            self.path.rmdir()
