"""Which kinds of devices lie further out and were not seen further in (R4): said before a ring opens."""

from collections.abc import Iterable
from dataclasses import dataclass

from patchring.core.reason import Reason, counted, reason

LISTED_MAX = 5


@dataclass(frozen=True, order=True)
class DeviceKind:
    """OS build x role x key application; empty: not known, or none."""

    build: str
    role: str
    application: str

    @property
    def words(self) -> str:
        said = " with ".join(each for each in (self.role or "devices", self.build) if each)
        return f"{said} and {self.application}" if self.application else said


@dataclass(frozen=True)
class RingKind:
    """Devices of one kind in one ring: how many there are, and how many of them are verified."""

    kind: DeviceKind
    ring: int
    devices: int
    verified: int


@dataclass(frozen=True)
class Uncovered:
    """`devices` of the kind lie in rings from `ring` on; none of the kind is verified in a ring before."""

    kind: DeviceKind
    ring: int
    devices: int


def uncovered(rows: Iterable[RingKind], ring: int) -> list[Uncovered]:
    """Kinds in rings from `ring` on that no ring before it has verified; the largest first."""
    seen: set[DeviceKind] = set()
    further: dict[DeviceKind, tuple[int, int]] = {}
    for row in rows:
        if row.ring < ring and row.verified > 0:
            seen.add(row.kind)
        elif row.ring >= ring and row.devices > 0:
            first, count = further.get(row.kind, (row.ring, 0))
            further[row.kind] = (min(first, row.ring), count + row.devices)
    found = [Uncovered(kind, first, count) for kind, (first, count) in further.items() if kind not in seen]
    return sorted(found, key=lambda each: (-each.devices, each.kind))


def said(found: list[Uncovered], ring: int) -> Reason | None:
    """One sentence; None: everything was seen."""
    if not found:
        return None
    devices = sum(each.devices for each in found)
    listed = ", ".join(f"{each.kind.words} ({each.devices})" for each in found[:LISTED_MAX])
    more = f" and {len(found) - LISTED_MAX} more" if len(found) > LISTED_MAX else ""
    counts = f"{counted(len(found), 'kind')} with {counted(devices, 'device')}"
    text = f"Not seen before ring {ring}: {counts}: {listed}{more}"
    return reason("not_covered", text, ring=ring, kinds=len(found), devices=devices)
