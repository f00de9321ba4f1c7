"""Events as sentences. The record keeps what happened as data; here it is said in a person's words. Pure.

A kind without a sentence of its own is said by its name and what its data calls it, so that a new kind is never
missing from a page; a test names the kinds that still lack one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from patchring.web.models import EventView
from patchring.web.texts import counted, why

Data = Mapping[str, Any]


def event_view(row: Mapping[str, Any], tenants: Mapping[UUID, str]) -> EventView:
    """A row of `page.recent_events` or `page.subject_events`."""
    tone, announced = _TONES.get(row["kind"], ("", False))
    return EventView(
        id=f"e-{row['tenant_id'].hex[:12]}-{row['seq']}",
        sentence=sentence(row["kind"], row["subject_kind"], row["data"]),
        actor=actor(row["actor"], row["data"]),
        tenant=tenants.get(row["tenant_id"], ""),
        at=row["at"],
        tone=tone,
        announced=announced,
    )


def event_views(rows: Sequence[Mapping[str, Any]], tenants: Mapping[UUID, str]) -> list[EventView]:
    return [event_view(row, tenants) for row in rows]


def actor(text: str, data: Data) -> str:
    """Who did it, without ids that nobody can read."""
    kind, _, name = text.partition(":")
    if kind == "device":
        return str(data.get("device_name") or data.get("name") or "the device")
    if kind == "enrolment_token":
        return "enrolment token"
    return name or kind


def sentence(kind: str, subject_kind: str, data: Data) -> str:
    """What happened, ending in a full stop."""
    said = data.get("sentence") or data.get("text")
    if isinstance(said, str) and said:
        return _stop(said)
    spell = _SENTENCES.get(kind)
    if spell is not None:
        return _stop(spell(data))
    return _stop(_by_name(kind, subject_kind, data))


def _by_name(kind: str, subject_kind: str, data: Data) -> str:
    words = kind.replace("_", " ")
    name = next((str(data[key]) for key in _NAMES if data.get(key)), "")
    because = why(data["reasons"]) if isinstance(data.get("reasons"), list) else str(data.get("reason", ""))
    text = words[0].upper() + words[1:] + (f": {name}" if name else "")
    return f"{text}. {because}" if because else text


def _stop(text: str) -> str:
    return text if text[-1] in ".!?" else text + "."


def _device_enrolled(data: Data) -> str:
    return f"{data.get('name', 'A device')} was enrolled"


def _work_parked(data: Data) -> str:
    return f"Set aside after {counted(int(data.get('attempt_count', 0)), 'attempt')}: {data.get('problem', '')}"


# What a thing is called in the data of an event, the best name first.
_NAMES = ("title", "name", "device_name", "patch_key", "slug", "ring_name", "stop_key", "kind")

_SENTENCES: Mapping[str, Callable[[Data], str]] = {
    "device_enrolled": _device_enrolled,
    "work_parked": _work_parked,
}

# The mark beside an event, and whether it is said aloud when it arrives on an open page.
_TONES: Mapping[str, tuple[str, bool]] = {
    "work_parked": ("failed", True),
}
