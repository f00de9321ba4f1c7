"""What stands beside the way of a patch: releases, known issues, what people ask for, and the gate's first notes."""

from collections.abc import Mapping
from typing import Any

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_LIVE = frozenset({"awaiting_approval", "running", "halted", "rolling_back"})


@does("known_issues.in_force")
def _known_issues(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    """Nobody confirms one in a world."""
    assert all(row["state"] == "proposed" for row in tables["known_issue"]), "known issues in force are not modelled"
    return []


@does("known_issues.add")
def _add_known_issue(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    if any(row["name"] == given["name"] for row in tables["known_issue"]):
        return 0
    said = {name: value for name, value in given.items() if name not in ("at", "by")}
    tables.put("known_issue", {**said, "placed_at": given["at"], "placed_by": given["by"]})
    return 1


@does("releases.seen")
def _seen(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = [
        row
        for row in tables.where("patch", "tenant_id", given["tenant_id"])
        if row["provider"] == given["provider"]
        and row["patch_id"] != given["patch_id"]
        and (row["name"] == given["name"] or row["update_id"])
    ]
    found.sort(key=lambda row: str(row["patch_id"]), reverse=True)
    return [{**row, **_pooled(tables, row["patch_key"])} for row in found[: given["limit"]]]


def _pooled(tables: MemoryTables, patch_key: str) -> Row:
    rows = list(tables.where("evidence", "patch_key", patch_key))
    return {name: sum(row[name] for row in rows) for name in ("verified_count", "failed_count")}


@does("releases.set_history")
def _set_history(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("patch", given["tenant_id"], given["patch_id"])
    if row is None:
        return 0
    tables.change(row, history=given["history"], row_version=row["row_version"] + 1)
    return 1


@does("releases.others_missing")
def _others_missing(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    patch = tables.get("patch", given["tenant_id"], given["patch_id"])
    assert patch is None or patch["update_id"], "patches of a world have update ids, so none is another's release"
    return []


def _rollout(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    return tables.get("rollout", given["tenant_id"], given["rollout_id"])


@does("commands.rollout")
def _command_rollout(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = _rollout(tables, given)
    if row is None:
        return []
    patch = tables.get("patch", row["tenant_id"], row["patch_id"])
    assert patch is not None
    columns = (
        "rollout_id campaign_id state state_at reasons halt_scope halt_source rollback_requested_by policy_version_id"
        " created_at created_by row_version"
    )
    return [{**pick(row, columns), **pick(patch, "patch_id patch_key title")}]


@does("commands.rings")
def _command_rings(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("rollout_ring", "tenant_id rollout_id", given["tenant_id"], given["rollout_id"])
    columns = (
        "ring name state state_at reasons counts device_count opened_at first_verified_at last_verified_at"
        " soak_until_at passed_at forgiven_count"
    )
    return [pick(row, columns) for row in sorted(found, key=lambda row: int(row["ring"]))]


@does("commands.request_rollback")
def _request_rollback(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _rollout(tables, given)
    if row is None:
        return 0
    tables.change(row, rollback_requested_by=given["by"])
    return 1


@does("principals.directory")
def _directory(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    return sorted((pick(row, "tenant_id slug") for row in tables["tenant_directory"]), key=lambda row: str(row["slug"]))


@does("page.rollouts_named")
def _rollouts_named(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = []
    for row in tables["rollout"]:
        if row["tenant_id"] in given["tenant_ids"] and row["rollout_id"] in given["rollout_ids"]:
            patch = tables.get("patch", row["tenant_id"], row["patch_id"])
            assert patch is not None
            found.append({**pick(row, "tenant_id rollout_id"), **pick(patch, "title patch_key")})
    return found


@does("page.patches_named")
def _patches_named(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    first: dict[str, Row] = {}
    for row in sorted(tables["patch"], key=lambda row: str(row["tenant_id"])):
        if row["tenant_id"] in given["tenant_ids"] and row["patch_key"] in given["patch_keys"]:
            first.setdefault(row["patch_key"], row)
    return [pick(first[key], "patch_key title") for key in sorted(first)]


@does("policies.live_rollouts")
def _live_rollouts(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("rollout", "tenant_id", given["tenant_id"])
    return [pick(row, "rollout_id") for row in found if row["state"] in _LIVE]


@does("patches.of_key")
def _of_key(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("patch", "tenant_id patch_key", given["tenant_id"], given["patch_key"])
    return [pick(row, "patch_id patch_key") for row in found]


@does("patches.live_rollouts")
def _live_of_patch(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    rows = [
        row
        for patch in tables.where("patch", "tenant_id patch_key", given["tenant_id"], given["patch_key"])
        for row in tables.where("rollout", "tenant_id patch_id", given["tenant_id"], patch["patch_id"])
    ]
    return [pick(row, "rollout_id") for row in rows if row["state"] in _LIVE]


@does("patches.add_hold")
def _add_hold(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    said = {name: value for name, value in given.items() if name not in ("at", "by")}
    tables.put("hold", {**said, "placed_at": given["at"], "placed_by": given["by"]})
    return 1


@does("gate.device")
def _gate_device(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    device = tables.get("device", given["tenant_id"], given["device_id"])
    if device is None:
        return []
    site = tables.get("site", device["tenant_id"], device["site_id"])
    tenant = tables.get("tenant", device["tenant_id"])
    assert site is not None
    assert tenant is not None
    held = tables.get("device_inventory", device["tenant_id"], device["device_id"])
    scan = held["scan"] if held else {}
    facts = scan.get("facts", {})
    names = [each["name"] for each in scan.get("installed", [])]
    columns = "class roles criticality internet_facing redundancy_group groups sacrificial os_name os_version site_id"
    return [
        {
            "device_id": device["device_id"],
            "device_name": device["name"],
            **pick(device, columns),
            "site": site["name"],
            "tenant_kind": tenant["kind"],
            "manufacturer": facts.get("manufacturer", ""),
            "model": facts.get("model", ""),
            "packages": [name for name in names if name in given["applications"]],
        }
    ]


@does("gate.parts")
def _gate_parts(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    """The gate's own looks are not part of a world; its notes on devices are."""
    return []


def _noted(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    return tables.get("gate_device", given["tenant_id"], given["rollout_id"], given["device_id"])


@does("gate.begin_device")
def _begin_device(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _noted(tables, given)
    if row is None:
        tables.put("gate_device", {**pick(given, "tenant_id rollout_id device_id"), "began_at": given["at"]})
    else:
        tables.change(row, began_at=row["began_at"] or given["at"])
    return 1


@does("gate.end_device")
def _end_device(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _noted(tables, given)
    if row is None or row["ended_at"] is not None:
        return 0
    tables.change(row, ended_at=given["at"])
    return 1


@does("gate.add_event")
def _add_event(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _noted(tables, given)
    key = pick(given, "tenant_id rollout_id device_id signal")
    if row is None or row["began_at"] is None or tables.get("gate_event", *key.values()) is not None:
        return 0
    tables.put("gate_event", {**key, "at": given["at"]})
    return 1
