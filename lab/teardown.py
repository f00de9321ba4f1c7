"""Removes all that a state file names, last made first. Each kind of thing knows how, and may be gone already."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lab import network, pool
from lab.cgroup import Cgroup
from lab.ledger import Entry, Ledger


def _remove_folder(name: str) -> None:
    folder = Path(name)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [m for m in mounts if Path(m).is_relative_to(folder)]
    assert not inside, f"{inside} is still mounted: nothing below {folder} was removed"
    shutil.rmtree(folder, ignore_errors=True)


def _nothing_on_the_host(_: str) -> None:
    """A device is its cgroup, its namespace and its subvolume; its entry only says that they belong together."""


UNDO: dict[str, Callable[[str], None]] = {
    "folder": _remove_folder,
    "mount": lambda name: pool.unmount(Path(name)),
    "link": network.remove_link,
    "namespace": network.remove_namespace,
    "cgroup": lambda name: Cgroup(name).remove(),
    "device": _nothing_on_the_host,
}


def undo(ledger: Ledger, entry: Entry) -> None:
    """Removes one thing, then forgets it: a crash in between only means that it is removed twice."""
    UNDO[entry.kind](entry.name)
    if ledger.path.exists():
        ledger.strike(entry)


def remove_incomplete(ledger: Ledger) -> None:
    """Removes what an interrupted command left half-made, so that it is made again from its beginning."""
    for entry in ledger.entries()[::-1]:
        if not entry.complete:
            undo(ledger, entry)


def remove_all(ledger: Ledger) -> int:
    """How many things were removed. Processes end first; the folder, and the state file in it, go last."""
    entries = ledger.entries()
    backwards = entries[::-1]
    for entry in sorted(backwards, key=lambda entry: entry.kind != "cgroup"):
        undo(ledger, entry)
    return len(entries)
