"""Questions to the tenants' records: who began what when, in which order, and after which halt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]


def at(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"])


def of_kind(chain: Iterable[Event], kind: str, **data: Any) -> list[Event]:
    """The events of a kind whose data has these values."""
    wanted = data.items()
    return [e for e in chain if e["kind"] == kind and all(e["data"].get(key) == value for key, value in wanted)]


def begun(chain: Iterable[Event], rollout_id: str) -> list[Event]:
    """Where an installation of this rollout began, in order; the subject is the device."""
    return of_kind(chain, "action_started", rollout_id=rollout_id, action="install")


def out_of_order(chain: Sequence[Event], rollout_id: str, ring_of: Mapping[str, int]) -> list[str]:
    """Starts of a ring before all rings under it had passed, as sentences; empty: the order was kept.

    `ring_of` is by device id. The order is that of the chain, which is the order of the commits.
    """
    found, passed = [], set[int]()
    for event in chain:
        if event["subject_id"] == rollout_id and event["kind"] == "ring_passed":
            passed.add(event["data"]["ring"])
        started = event["kind"] == "action_started" and event["data"].get("rollout_id") == rollout_id
        if started and not set(range(ring_of[event["subject_id"]])) <= passed:
            found.append(f"event {event['seq']}: a start in ring {ring_of[event['subject_id']]}, passed were {passed}")
    return found


def permits_after(chain: Iterable[Event], patch_key: str, instant: datetime) -> list[str]:
    """Permits to install the patch that were granted after the instant, as sentences."""
    permits = of_kind(chain, "permit_granted", action="install", patch_key=patch_key)
    return [f"event {e['seq']} at {e['at']}" for e in permits if at(e) > instant]
