"""The state file: everything a lab has made, noted down before it is made.

So nothing is ever made that the file does not name, and `lab down` works from the file alone, also after a
crash in the middle. The order of the entries is the order of making; removal goes backwards.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing: its kind (a key of `teardown.UNDO`), its name on the host, and what else is known of it.

    `complete` is false from the note before its making to the end of it.
    """

    kind: str
    name: str
    data: dict[str, Any] = field(default_factory=dict)
    complete: bool = True


class Ledger:
    """The entries of one lab, on disk after every change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self, kind: str | None = None) -> list[Entry]:
        """In the order of making; all kinds when `kind` is None. Empty when there is no lab."""
        found = [Entry(**row) for row in self._read()["entries"]]
        return [entry for entry in found if kind in (None, entry.kind)]

    def get(self, kind: str, name: str) -> Entry | None:
        return next((entry for entry in self.entries(kind) if entry.name == name), None)

    def note(self, kind: str, name: str, **data: Any) -> None:
        """Notes down what is made in a single step. Once is enough: a second note changes nothing."""
        if self.get(kind, name) is None:
            self._write([*self.entries(), Entry(kind, name, data)])

    @contextmanager
    def making(self, kind: str, name: str, **data: Any) -> Iterator[None]:
        """Around a making of several steps: notes before the first that it is begun, after the last that it is done."""
        assert self.get(kind, name) is None, f"{kind} {name} is made twice"
        self._write([*self.entries(), Entry(kind, name, data, complete=False)])
        yield
        entries = self.entries()
        self._write([replace(e, complete=True) if (e.kind, e.name) == (kind, name) else e for e in entries])

    def strike(self, entry: Entry) -> None:
        """Forgets what has been removed."""
        self._write([known for known in self.entries() if (known.kind, known.name) != (entry.kind, entry.name)])

    def from_earlier_boot(self) -> bool:
        """True when the host was restarted since: mounts, networks and processes are gone."""
        noted = self._read()["host_boot_id"]
        return bool(noted) and noted != host_boot_id()

    def _read(self) -> dict[str, Any]:
        if not self.path.exists():
            return {"host_boot_id": None, "entries": []}
        content: dict[str, Any] = json.loads(self.path.read_text())
        return content

    def _write(self, entries: list[Entry]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"host_boot_id": host_boot_id(), "entries": [asdict(entry) for entry in entries]}
        fresh = self.path.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


def host_boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
