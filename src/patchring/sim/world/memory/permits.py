"""`permits.sql`: what the signer reads, and what it writes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_PATCH = (
    "patch_id patch_key provider name version title source origin label suite security type classification reboot kb"
    " update_id exploited history"
)
_DEVICE = (
    "class roles criticality internet_facing redundancy_group groups sacrificial observe_only os_name os_version"
    " site_id"
)


def _get(tables: MemoryTables, table: str, *key: Any) -> Row:
    row = tables.get(table, *key)
    assert row is not None, f"{table} lacks {key}"
    return row


def _action(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    action = tables.get("action", given["tenant_id"], _id(given["action_id"]))
    return action if action is not None and action["device_id"] == given["device_id"] else None


def _id(value: Any) -> Any:
    return UUID(value) if isinstance(value, str) else value


@does("permits.action_address")
def _action_address(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    action = _action(tables, given)
    if action is None:
        return []
    placed = _get(tables, "rollout_device", action["tenant_id"], action["device_id"], action["rollout_id"])
    rollout = _get(tables, "rollout", action["tenant_id"], action["rollout_id"])
    patch = _get(tables, "patch", action["tenant_id"], rollout["patch_id"])
    return [{**pick(action, "action_id rollout_id"), **pick(placed, "ring segment"), **pick(patch, "patch_key")}]


@does("permits.device_key")
def _device_key(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = tables.get("device", given["tenant_id"], given["device_id"])
    return [pick(row, "public_key")] if row and row["state"] == "active" else []


@does("permits.facts")
def _facts(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    action = _action(tables, given)
    if action is None:
        return []
    tenant_id = action["tenant_id"]
    rollout = _get(tables, "rollout", tenant_id, action["rollout_id"])
    placed = _get(tables, "rollout_device", tenant_id, action["device_id"], action["rollout_id"])
    ring = _get(tables, "rollout_ring", tenant_id, action["rollout_id"], placed["ring"])
    device = _get(tables, "device", tenant_id, action["device_id"])
    site = _get(tables, "site", tenant_id, device["site_id"])
    return [
        {
            "action_kind": action["kind"],
            **pick(action, "purpose packages"),
            "action_state": action["state"],
            "rollout_id": rollout["rollout_id"],
            "rollout_state": rollout["state"],
            "policy_version_id": rollout["policy_version_id"],
            "rollout_created_at": rollout["created_at"],
            **pick(placed, "ring segment"),
            "device_patch_state": placed["state"],
            "ring_state": ring["state"],
            **pick(_get(tables, "patch", tenant_id, rollout["patch_id"]), _PATCH),
            "device_name": device["name"],
            **pick(device, _DEVICE),
            "site": site["name"],
            "zone": site["zone"],
            "tenant_kind": _get(tables, "tenant", tenant_id)["kind"],
        }
    ]


@does("permits.policy_in_force")
def _policy_in_force(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("policy_version", "tenant_id", given["tenant_id"])
    newest = max(found, key=lambda row: int(row["version"]), default=None)
    return [pick(newest, "policy_version_id version fingerprint text statement")] if newest else []


@does("permits.root_in_force")
def _root_in_force(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("tenant_root", "tenant_id", given["tenant_id"])
    newest = max(found, key=lambda row: int(row["version"]), default=None)
    return [pick(newest, "version document")] if newest else []


@does("permits.approvals_in_force")
def _approvals_in_force(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("approval", "tenant_id patch_id", given["tenant_id"], given["patch_id"])
    in_force = [row for row in found if row["withdrawn_at"] is None]
    in_force.sort(key=lambda row: (row["decided_at"], row["approval_id"]), reverse=True)
    columns = "approval_id decision segments statement decided_at expires_at decided_by reason"
    return [pick(row, columns) for row in in_force]


@does("permits.holds_in_force")
def _holds_in_force(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("hold", "tenant_id patch_key", given["tenant_id"], given["patch_key"])
    in_force = sorted((row for row in found if row["released_at"] is None), key=lambda row: row["placed_at"])
    return [pick(row, "hold_id patch_key segment reason source placed_by placed_at") for row in in_force]


@does("permits.live_permit")
def _live_permit(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("permit", "tenant_id device_id", given["tenant_id"], given["device_id"])
    return [pick(row, "permit_id action_id granted_at expires_at") for row in found if row["settled_at"] is None]


@does("permits.slot_levels")
def _slot_levels(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    rows = [tables.get("slot", given["tenant_id"], key) for key in given["slot_keys"]]
    return [pick(row, "slot_key in_flight") for row in rows if row is not None]


@does("permits.take_slots")
def _take_slots(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    taken = []
    for wanted in sorted(given["slots"], key=lambda each: str(each["slot_key"])):
        key, limit = wanted["slot_key"], wanted["in_flight_max"]
        row = tables.get("slot", given["tenant_id"], key)
        if limit <= 0 or (row is not None and row["in_flight"] >= limit):
            continue
        if row is None:
            tables.put(
                "slot", {"tenant_id": given["tenant_id"], "slot_key": key, "in_flight": 1, "in_flight_max": limit}
            )
        else:
            tables.change(row, in_flight=row["in_flight"] + 1, in_flight_max=limit)
        taken.append({"slot_key": key})
    return taken


@does("permits.claim_action")
def _claim_action(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    action = _action(tables, given)
    if action is None or action["state"] != "offered":
        return 0
    tables.change(action, state="permitted", state_at=given["at"])
    return 1


@does("permits.grant")
def _grant(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    held = tables.where("permit", "tenant_id device_id", given["tenant_id"], given["device_id"])
    if any(row["settled_at"] is None or row["nonce"] == given["nonce"] for row in held):
        return 0
    ids = {"permit_id": _id(given["permit_id"]), "action_id": _id(given["action_id"])}
    tables.put("permit", {**given, **ids})
    return 1


@does("permits.keep_slots")
def _keep_slots(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    for key in given["slot_keys"]:
        ids = {"tenant_id": given["tenant_id"], "permit_id": _id(given["permit_id"])}
        tables.put("permit_slot", {**ids, "slot_key": key})
    return len(given["slot_keys"])


@does("permits.note_denial")
def _note_denial(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    action_id = _id(given["action_id"])
    row = tables.get("denial", given["tenant_id"], action_id)
    said = pick(given, "denied_at reasons")
    if row is None:
        tables.put("denial", {"tenant_id": given["tenant_id"], "action_id": action_id, **said})
    else:
        tables.change(row, **said, denial_count=row["denial_count"] + 1)
    return 1


@does("permits.supersede")
def _supersede(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    held = tables.where("permit", "tenant_id action_id", given["tenant_id"], _id(given["action_id"]))
    live = [row for row in held if row["settled_at"] is None and row["started_at"] is None]
    of_device = [row for row in live if row["device_id"] == given["device_id"]]
    found = [row for row in of_device if row["request"]["number"] < given["number"]]
    for row in found:
        tables.change(row, settled_at=given["at"], outcome="not_started")
    return [pick(row, "permit_id") for row in found]


@does("permits.release_slots")
def _release_slots(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    held = list(tables.where("permit_slot", "tenant_id permit_id", given["tenant_id"], given["permit_id"]))
    for row in held:
        tables.remove("permit_slot", row)
        slot = _get(tables, "slot", row["tenant_id"], row["slot_key"])
        assert slot["in_flight"] > 0, "a slot was given back that nobody had taken"
        tables.change(slot, in_flight=slot["in_flight"] - 1)
    return len(held)


@does("permits.offer_again")
def _offer_again(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("action", given["tenant_id"], _id(given["action_id"]))
    if row is None or row["state"] != "permitted":
        return 0
    tables.change(row, state="offered", state_at=given["at"])
    return 1
