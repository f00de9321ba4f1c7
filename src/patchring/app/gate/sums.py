"""What one tenant's rollout saw of each facet up to now: whole sums, of which the pool has a part already.

Sums and not differences: a look that is repeated adds nothing, and evidence that begins anew takes all of it again.
Devices of a facet that is held explain what was seen on them; they count for that facet and for no other.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from patchring.core.gate.counting import Event, counted
from patchring.core.gate.facets import OWN
from patchring.core.gate.onset import matured
from patchring.core.gate.sequential import ONSETS_H
from patchring.core.gate.signals import Signal
from patchring.core.ids import TenantId
from patchring.store.transaction import Row

# What the server itself knows of a device after a patch.
WATCHED = (Signal.INSTALL_FAILURE, Signal.SERVICE_FAILURE, Signal.REBOOT_LOOP, Signal.MISSING_HEARTBEAT)
WATCHED_FOR = timedelta(hours=ONSETS_H[-1][1])
# It takes as long from its beginning until anything can be said of an installation at all.
HEAD_START = timedelta(minutes=1)
_UNREAD = {Signal.SERVICE_FAILURE: "probe_unread_count", Signal.REBOOT_LOOP: "boot_unread_count"}


@dataclass
class Sums:
    """`days`: device-days with the patch, `tried`: installations that began, `matured`: for each onset. `last_ring`:
    the outermost ring that has such devices."""

    devices: int = 0
    installed: int = 0
    tried: int = 0
    days: float = 0.0
    matured: tuple[float, float, float] = (0.0, 0.0, 0.0)
    last_ring: int = 0
    unread: dict[Signal, int] = field(default_factory=dict)
    events: dict[Signal, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """Rows of `gate.patched`, `gate.events` and `gate.members`."""

    patched: Sequence[Row]
    events: Sequence[Row]
    members: Sequence[Row]


@dataclass(frozen=True)
class Apart:
    """`held`: facets that are held, and explain what their devices showed. `accepted`: until when a person accepted
    what was seen of a facet; of its devices only what came later counts, for any facet."""

    held: Collection[str] = ()
    accepted: Mapping[str, datetime] = field(default_factory=dict)

    def counting(self, facets: Sequence[str]) -> list[str]:
        """The facets for which a device of these facets counts."""
        if not set(facets).isdisjoint(self.held):
            return [facet for facet in facets if facet in self.held]
        return [*facets, OWN.key]

    def since(self, facet: str, facets: Sequence[str]) -> datetime | None:
        """From when on a device of these facets counts for one of them; None: from the beginning."""
        named = (*facets, OWN.key) if facet == OWN.key else facets
        return max((self.accepted[each] for each in named if each in self.accepted), default=None)


def sums_of(
    read: Read, tenant_id: TenantId, apart: Apart, tenant_counts: Mapping[str, int], now: datetime
) -> dict[str, Sums]:
    """By facet, the tenant's own among them. `tenant_counts`: how many tenants have such devices."""
    found: defaultdict[str, Sums] = defaultdict(Sums)
    for row in read.members:
        for facet in (*row["facets"], OWN.key):
            _add_members(found[facet], row)
    for row in read.patched:
        for facet in apart.counting(row["facets"]):
            _add_patched(found[facet], row, now, apart.since(facet, row["facets"]))
    for (facet, signal), events in _events(read.events, tenant_id, apart).items():
        alone = 1 if facet == OWN.key else tenant_counts.get(facet, 1)
        found[facet].events[signal] = len(counted(events, alone))
    return dict(found)


def _add_members(sums: Sums, row: Row) -> None:
    sums.devices += row["device_count"]
    sums.last_ring = max(sums.last_ring, row["ring"])
    for signal, column in _UNREAD.items():
        sums.unread[signal] = sums.unread.get(signal, 0) + row[column]


def _add_patched(sums: Sums, row: Row, now: datetime, accepted_at: datetime | None) -> None:
    count = row["device_count"]
    begin, end = (_hours(row, accepted_at) if accepted_at else 0.0), _hours(row, now)
    sums.tried += 0 if begin else count
    sums.installed += count
    sums.days += count * (end - begin) / 24
    more = matured([(begin, end, count)])
    sums.matured = (sums.matured[0] + more[0], sums.matured[1] + more[1], sums.matured[2] + more[2])


def _hours(row: Row, at: datetime) -> float:
    """How long the devices have the patch at an instant; 0 before."""
    if at < row["began_at"]:
        return 0.0
    age: timedelta = min(row["ended_at"] or at, at) - row["began_at"]
    return (min(max(age, timedelta(0)), WATCHED_FOR) + HEAD_START).total_seconds() / 3600


def _events(rows: Sequence[Row], tenant_id: TenantId, apart: Apart) -> dict[tuple[str, Signal], list[Event]]:
    found: defaultdict[tuple[str, Signal], list[Event]] = defaultdict(list)
    for row in rows:
        for facet in apart.counting(row["facets"]):
            accepted_at = apart.since(facet, row["facets"])
            if accepted_at is None or row["at"] > accepted_at:
                found[facet, Signal(row["signal"])].append(Event(row["device_id"], tenant_id, row["at"]))
    return dict(found)


def as_kept(sums: Sums) -> dict[str, Any]:
    """The form in which a part remembers what of it is in the pool."""
    return {
        "days": sums.days,
        "tried": sums.tried,
        "matured": list(sums.matured),
        "events": {signal.value: count for signal, count in sorted(sums.events.items())},
        "unread": {signal.value: count for signal, count in sorted(sums.unread.items())},
    }
