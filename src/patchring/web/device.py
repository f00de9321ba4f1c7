"""One device: what it is, what it misses and why, which rollouts had it, what it said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchring.app.decisions import read_policy_text
from patchring.app.device_facts import device_facts
from patchring.core.ids import DeviceId, TenantId
from patchring.core.policy.decide import segment_of
from patchring.core.reason import Reason
from patchring.store import sql
from patchring.store.transaction import Row, Tx
from patchring.web.events import Subjects, event_views, is_news, subject_names
from patchring.web.frame import Framed, tenant_name
from patchring.web.models import DevicePage, DeviceView, PatchRow
from patchring.web.scopes import scopes_of_device
from patchring.web.texts import long, versions, why
from patchring.web.words import Shown, device_state, rollout_state

MISSING_MAX = 200
ROLLOUTS_MAX = 50
EVENTS_MAX = 60
HELD = Shown("held", "aside")
OBSERVED = Shown("only observed", "aside")
UNDECIDED = Shown("waiting", "waiting")


@dataclass(frozen=True)
class Device:
    """Rows of `page.device`, `page.device_missing`, `page.device_rollouts` and `page.subject_events`."""

    row: Row
    missing: Sequence[Row]
    rollouts: Sequence[Row]
    events: Sequence[Row]
    subjects: Subjects
    segment: str


async def load(tx: Tx, tenant_id: TenantId, device_id: DeviceId) -> Device | None:
    """None: there is no such device in this tenant."""
    scope = {"tenant_id": tenant_id, "device_id": device_id}
    row = await tx.maybe(sql.page.device, scope)
    if row is None:
        return None
    missing = await tx.all(sql.page.device_missing, {**scope, "limit": MISSING_MAX + 1})
    rollouts = await tx.all(sql.page.device_rollouts, {**scope, "limit": ROLLOUTS_MAX})
    about = {"tenant_id": tenant_id, "subject_kind": "device", "subject_id": str(device_id), "limit": EVENTS_MAX}
    events = [row for row in await tx.all(sql.page.subject_events, about) if is_news(row)]
    subjects = await subject_names(tx, [tenant_id], events)
    return Device(row, missing, rollouts, events, subjects, await _segment(tx, tenant_id, row))


async def _segment(tx: Tx, tenant_id: TenantId, row: Row) -> str:
    """The segment that the policy in force puts the device into; empty when there is none."""
    text = await tx.maybe(sql.page.policy_text, {"tenant_id": tenant_id})
    policy = read_policy_text(text["text"]) if text is not None else None
    if policy is None or isinstance(policy, Reason):
        return ""
    placed = segment_of(policy, device_facts(tenant_id, row["device_id"], row))
    return placed.segment.name if placed.segment is not None else ""


def device_page(framed: Framed, device: Device) -> DevicePage:
    row = device.row
    scopes = scopes_of_device(framed.names, row["tenant_id"], framed.everything)
    return DevicePage(
        **vars(framed.frame(row["name"], scopes)),
        device=_view(row, tenant_name(framed.names, row["tenant_id"])),
        missing=[_missing(patch, device) for patch in device.missing[:MISSING_MAX]],
        missing_more=len(device.missing) > MISSING_MAX,
        nothing_missing=_nothing_missing(row),
        rollouts=[_rollout(each, row) for each in device.rollouts],
        about=_about(device),
        events=event_views(device.events, device.subjects, framed.names),
    )


def _view(row: Row, tenant: str) -> DeviceView:
    os = f"{row['os_name']} {row['os_version']}".strip()
    kind = ", ".join(part for part in (row["class"].replace("_", " "), *row["roles"], os) if part)
    return DeviceView(row["name"], tenant, row["site_name"], kind, row["last_seen_at"], row["observe_only"])


def _missing(patch: Row, of: Device) -> PatchRow:
    device = of.row
    state, because = _state_and_why(patch, device, of.segment)
    in_rollout = patch["rollout_id"] is not None
    return PatchRow(
        id=patch["patch_id"].hex,
        href=f"/rollouts/{device['tenant_id']}/{patch['rollout_id']}" if in_rollout else "",
        title=patch["title"],
        security=patch["security"],
        ring=str(patch["ring"]) if in_rollout else "",
        state=state,
        versions=versions(patch["installed_version"], patch["version"]),
        why=because,
    )


def _state_and_why(patch: Row, device: Row, segment: str) -> tuple[Shown, str]:
    """The nearest reason: of the device, of a hold, of the ring, of the rollout, of the policy."""
    if device["observe_only"]:
        return OBSERVED, "This device only observes: Patchring never installs on it."
    if patch["rollout_id"] is None:
        if patch["hold_reason"]:
            return HELD, f"Held: {patch['hold_reason']}"
        return _decided(patch["decision"], segment, patch["held_back"])
    state = device_state(patch["device_state"])
    because = why(patch["device_reasons"]) or why(patch["ring_reasons"]) or why(patch["rollout_reasons"])
    held = f"Held: {patch['hold_reason']}" if patch["hold_reason"] else ""
    return state, " ".join(part for part in (because, held) if part) or rollout_state(patch["rollout_state"]).word


def _decided(decision: Mapping[str, Any], segment: str, held_back: str) -> tuple[Shown, str]:
    """What the policy said of the patch where this device belongs."""
    own = decision.get("segments", {}).get(segment, {})
    because = why(own.get("reasons")) or why(decision.get("reasons"))
    manager = f"The package manager keeps it back: {held_back}." if held_back else ""
    state = HELD if own.get("outcome") in ("hold", "block") else UNDECIDED
    return state, " ".join(part for part in (because, manager) if part) or "Nothing was decided about it yet."


def _nothing_missing(row: Row) -> str:
    if row["taken_at"] is None:
        return "It has not sent a scan yet, so nobody knows."
    return f"Nothing, by its scan of {long(row['taken_at'])}."


def _rollout(row: Row, device: Row) -> PatchRow:
    return PatchRow(
        id=row["rollout_id"].hex,
        href=f"/rollouts/{device['tenant_id']}/{row['rollout_id']}",
        title=row["title"],
        security=False,
        ring=str(row["ring"]),
        state=device_state(row["state"]),
        versions=versions(row["from_version"], row["version"]),
        why=why(row["reasons"]),
    )


def _about(of: Device) -> list[tuple[str, str]]:
    row = of.row
    exposed = {True: "internet-facing", False: "not internet-facing", None: "not known, counts as exposed"}
    reasons = ", ".join(row["reboot_reasons"] or [])
    reboot = {True: f"pending: {reasons}" if reasons else "pending", False: "not pending", None: "not known"}
    facts = row["facts"] or {}
    pairs = [
        ("Class", row["class"].replace("_", " ")),
        ("Segment", of.segment or "none takes it"),
        ("Roles", ", ".join(row["roles"]) or "none"),
        ("Criticality", row["criticality"]),
        ("Exposure", exposed[row["internet_facing"]]),
        ("Redundancy", row["redundancy_group"] or "none"),
        ("Reboot", reboot[row["reboot_pending"]]),
        ("Packages", str(row["installed_count"])),
        ("Agent", row["agent_version"] or "not known"),
        ("Kernel", facts.get("kernel", "")),
        ("Unsent", str(row["unsent_count"])),
        ("Enrolled", long(row["enrolled_at"])),
        ("Scanned", long(row["taken_at"]) if row["taken_at"] else "never"),
    ]
    problems = [provider["problem"] for provider in row["providers"] or [] if provider["problem"]]
    return [pair for pair in [*pairs, ("Problem", "; ".join(problems))] if pair[1]]
