"""Which events count: so that one site, one client or one cloud that is down cannot convict a patch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patchring.core.gate.signals import RULES, Signal

TENANT_WINDOW = timedelta(hours=24)
TENANT_MAX = 3
"""So many events of one signal count for a tenant within the window; all that lives in one tenant has no such bound."""
SOFT_STEP_MAX = 5
"""So many events of a soft signal count in one step, over all tenants."""


@dataclass(frozen=True)
class Event:
    """An event of one signal on a device that has the patch; `at` is aware and not before the installation."""

    device_id: UUID
    tenant_id: UUID
    at: datetime


def first_of_each(events: Iterable[Event]) -> list[Event]:
    """The first of each device, in the order of time; a device that fails all day fails once."""
    found: dict[UUID, Event] = {}
    for event in sorted(events, key=lambda each: (each.at, each.device_id.bytes)):
        found.setdefault(event.device_id, event)
    return list(found.values())


def counted(firsts: Sequence[Event], tenant_count: int) -> list[Event]:
    """Those of `first_of_each` that count: at most TENANT_MAX of a tenant within TENANT_WINDOW before each of them.

    `tenant_count`: how many tenants have devices of the facet; of one alone every event counts."""
    assert list(firsts) == sorted(firsts, key=lambda each: (each.at, each.device_id.bytes)), "in the order of time"
    if tenant_count <= 1:
        return list(firsts)
    kept: list[Event] = []
    for event in firsts:
        since = event.at - TENANT_WINDOW
        recent = Counter(each.tenant_id for each in kept if each.at > since)
        if recent[event.tenant_id] < TENANT_MAX:
            kept.append(event)
    return kept


def in_step(count: int, signal: Signal) -> int:
    """How many of the events of a step count."""
    return min(count, SOFT_STEP_MAX) if RULES[signal].soft else count
