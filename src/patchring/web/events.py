"""Events with the names of what they are about. `named` asks the database once for a list, the rest is pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row, Tx
from patchring.web.models import EventView
from patchring.web.scopes import Names, label
from patchring.web.sentences import SENTENCES, sentence

Subjects = Mapping[str, str]


# A ring without devices passes by itself: a step of the machinery, and no news.
IDLE = frozenset({"ring_passed_elsewhere"})


def is_news(row: Row) -> bool:
    reasons = row["data"].get("reasons")
    codes = {reason.get("code") for reason in reasons} if isinstance(reasons, list) else set()
    return not codes & IDLE


async def subject_names(tx: Tx, tenant_ids: Sequence[TenantId], rows: Sequence[Row]) -> Subjects:
    """What these events are about, in words: devices by id, rollouts by id, patches by id and by key."""
    by_kind: dict[str, set[UUID]] = {}
    for row in rows:
        subject = _uuid(row["subject_id"])
        if subject is not None:
            by_kind.setdefault(row["subject_kind"], set()).add(subject)
    given = {kind: sorted(by_kind.get(kind, ())) for kind in ("device", "rollout", "patch")}
    scope = {"tenant_ids": list(tenant_ids)}
    found = await tx.all(sql.page.subject_names, {**scope, **{f"{kind}_ids": ids for kind, ids in given.items()}})
    keys = sorted({str(row["data"]["patch_key"]) for row in rows if row["data"].get("patch_key")})
    titles = await tx.all(sql.page.patches_named, {**scope, "patch_keys": keys}) if keys else []
    return {str(row["id"]): row["name"] for row in found} | {row["patch_key"]: row["title"] for row in titles}


def event_views(rows: Sequence[Row], subjects: Subjects, names: Names) -> list[EventView]:
    return [event_view(row, subjects, names) for row in rows]


def event_view(row: Row, subjects: Subjects, names: Names) -> EventView:
    said = SENTENCES.get(row["kind"])
    return EventView(
        id=f"e-{row['tenant_id'].hex[:12]}-{row['seq']}",
        sentence=sentence(row["kind"], subject(row, subjects, names), row["data"]),
        actor=actor(row["actor"], subjects),
        tenant=names.tenants.get(row["tenant_id"], ""),
        at=row["at"],
        tone=said.tone if said else "",
        announced=bool(said and said.aloud),
    )


def subject(row: Mapping[str, Any], subjects: Subjects, names: Names) -> str:
    """What an event is about, in words; empty when only its data can say."""
    if row["subject_kind"] == "stop":
        return label(row["subject_id"], names) or "something"
    return subjects.get(row["subject_id"]) or subjects.get(str(row["data"].get("patch_key")), "")


def actor(text: str, subjects: Subjects) -> str:
    """Who did it, without ids that nobody can read: device:ID becomes its name, operator:dana becomes dana."""
    kind, _, name = text.partition(":")
    if kind == "device":
        return subjects.get(name, "the device")
    if kind == "enrolment_token":
        return "enrolment"
    return name or kind


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
