"""One rollout in one tenant: its rings, its devices page by page, its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from patchring.core.ids import RolloutId, TenantId
from patchring.store import sql
from patchring.store.transaction import Row, Tx
from patchring.web.cursor import DevicePlace
from patchring.web.events import Subjects, event_views, is_news, subject_names
from patchring.web.frame import Framed, tenant_name
from patchring.web.models import DeviceRow, Filter, RolloutPage
from patchring.web.patches import device_href, patch_view, rollout_href, rollout_view
from patchring.web.rings import group_counts
from patchring.web.scopes import scopes_of_rollout
from patchring.web.sentences import THIS
from patchring.web.texts import long, versions, why
from patchring.web.words import DEVICE_STATES, GROUPS, device_state, group_states

DEVICES_MAX = 60
EVENTS_MAX = 60


@dataclass(frozen=True)
class Asked:
    """Which devices are shown: of one ring or all (None), of one group of states or all (empty), after a place."""

    ring: int | None = None
    group: str = ""
    after: DevicePlace | None = None


@dataclass(frozen=True)
class Rollout:
    """Rows of `page.rollout`, `page.rings`, `page.rollout_devices` and `page.subject_events`."""

    row: Row
    rings: Sequence[Row]
    devices: Sequence[Row]
    events: Sequence[Row]
    subjects: Subjects
    more: bool


async def load(tx: Tx, tenant_id: TenantId, rollout_id: RolloutId, asked: Asked) -> Rollout | None:
    """None: there is no such rollout in this tenant."""
    scope = {"tenant_id": tenant_id, "rollout_id": rollout_id}
    row = await tx.maybe(sql.page.rollout, scope)
    if row is None:
        return None
    rings = await tx.all(sql.page.rings, {"tenant_ids": [tenant_id], "rollout_ids": [rollout_id]})
    after = asked.after
    devices = await tx.all(
        sql.page.rollout_devices,
        {
            **scope,
            "ring": asked.ring,
            "states": group_states(asked.group) if asked.group else list(DEVICE_STATES),
            "after_ring": after.ring if after else None,
            "after_position": after.position if after else None,
            "after_id": after.id if after else None,
            "limit": DEVICES_MAX + 1,
        },
    )
    about = {"tenant_id": tenant_id, "subject_kind": "rollout", "subject_id": str(rollout_id), "limit": EVENTS_MAX}
    events = [row for row in await tx.all(sql.page.subject_events, about) if is_news(row)]
    subjects = {**await subject_names(tx, [tenant_id], events), str(rollout_id): THIS}
    return Rollout(row, rings, devices[:DEVICES_MAX], events, subjects, len(devices) > DEVICES_MAX)


def rollout_page(framed: Framed, rollout: Rollout, asked: Asked) -> RolloutPage:
    row = rollout.row
    segments = list(dict.fromkeys(device["segment"] for device in rollout.devices))
    scopes = scopes_of_rollout(framed.names, row, [r["ring"] for r in rollout.rings], framed.everything, segments)
    frame = framed.frame(f"{row['title']} at {tenant_name(framed.names, row['tenant_id'])}", scopes)
    base = rollout_href(row)
    last = rollout.devices[-1] if rollout.more else None
    return RolloutPage(
        **vars(frame),
        patch=patch_view(row),
        rollout=rollout_view(row, rollout.rings, tenant_name(framed.names, row["tenant_id"]), framed.now),
        filters=_filters(base, rollout.rings, asked),
        devices=[_device(device, row) for device in rollout.devices],
        first=_address(base, asked.ring, asked.group) if asked.after else "",
        next=_address(base, asked.ring, asked.group, _place(last)) if last else "",
        about=_about(row),
        events=event_views(rollout.events, rollout.subjects, framed.names),
    )


def _device(device: Row, rollout: Row) -> DeviceRow:
    os = f"{device['os_name']} {device['os_version']}".strip()
    return DeviceRow(
        id=device["device_id"].hex,
        href=device_href(device),
        name=device["name"],
        kind=", ".join(part for part in (device["class"].replace("_", " "), os) if part),
        ring=device["ring"],
        segment=device["segment"],
        state=device_state(device["state"]),
        versions=versions(device["from_version"], rollout["patch_version"]),
        last_seen_at=device["last_seen_at"],
        why=_why(device),
    )


def _why(device: Row) -> str:
    """What the signer said last comes first: it is what an offered device waits for."""
    parts = (why(device["denial_reasons"]), why(device["reasons"]))
    return " ".join(dict.fromkeys(part for part in parts if part)) or device["detail"] or ""


def _filters(base: str, rings: Sequence[Row], asked: Asked) -> list[Filter]:
    """All devices, each ring that has some, each group of states that has some; with counts from the rings."""
    total = sum(ring["device_count"] for ring in rings)
    filters = [Filter(f"All {total}", base, asked.ring is None and not asked.group)]
    for ring in rings:
        if ring["device_count"]:
            label = f"Ring {ring['ring']}: {ring['device_count']}"
            filters.append(Filter(label, _address(base, ring["ring"]), asked.ring == ring["ring"]))
    counts: dict[str, int] = {}
    for ring in rings:
        for group in group_counts(ring["counts"]):
            counts[group.tone] = counts.get(group.tone, 0) + group.count
    for shown in GROUPS:
        if counts.get(shown.tone):
            label = f"{counts[shown.tone]} {shown.word}"
            filters.append(Filter(label, _address(base, None, shown.tone), asked.group == shown.tone))
    return filters


def _address(base: str, ring: int | None, group: str = "", after: DevicePlace | None = None) -> str:
    asked = {"ring": ring, "state": group or None, "after": after}
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return f"{base}?{urlencode(given)}" if given else base


def _place(device: Row) -> DevicePlace:
    return DevicePlace(device["ring"], device["position"], device["device_id"])


def _about(row: Row) -> list[tuple[str, str]]:
    return [
        ("Patch", row["patch_key"]),
        ("Policy", f"version {row['policy_version']}"),
        ("Fingerprint", row["policy_fingerprint"][:16]),
        ("Began", long(row["created_at"])),
        ("By", row["created_by"]),
        ("Rollout", str(row["rollout_id"])),
    ]
