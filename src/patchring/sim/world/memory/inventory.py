"""`inventory.sql`: from scans to what devices miss."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_PATCH = (
    "provider name version title source origin label suite security type classification reboot size_bytes kb update_id"
)


@does("inventory.unprocessed")
def _unprocessed(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    said = tables.where("report", "tenant_id device_id", given["tenant_id"], given["device_id"])
    found = sorted((row for row in said if row["processed_at"] is None), key=lambda row: row["sequence"])
    return [pick(row, "report_id sequence kind made_at received_at body") for row in found[: given["count"]]]


@does("inventory.mark_processed")
def _mark_processed(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("report", given["tenant_id"], given["device_id"], given["report_id"])
    if row is None or row["processed_at"] is not None:
        return 0
    tables.change(row, processed_at=given["at"], problem=given["problem"])
    return 1


@does("inventory.known")
def _known(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    held = tables.get("device_inventory", given["tenant_id"], given["device_id"])
    if held is None:
        return []
    report = tables.get("report", given["tenant_id"], given["device_id"], held["report_id"])
    assert report is not None
    return [{"sequence": report["sequence"], **pick(held, "taken_at boot_id reboot_pending package_set")}]


@does("inventory.put")
def _put(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    held = tables.get("device_inventory", given["tenant_id"], given["device_id"])
    if held is None:
        tables.put("device_inventory", given)
    else:
        tables.change(held, **given)
    return 1


@does("inventory.device_facts")
def _device_facts(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    device = tables.get("device", given["tenant_id"], given["device_id"])
    said = pick(given, "os_name os_version architecture")
    if device is None or all(device[name] == value for name, value in said.items()):
        return 0
    tables.change(device, **said, row_version=device["row_version"] + 1)
    return 1


@does("inventory.want_scan")
def _want_scan(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    contact = tables.get("device_contact", given["tenant_id"], given["device_id"])
    if contact is None or contact["scan_wanted"]:
        return 0
    tables.change(contact, scan_wanted=True)
    return 1


def _patch_of(tables: MemoryTables, tenant_id: UUID, patch_key: str) -> Row | None:
    return next(iter(tables.where("patch", "tenant_id patch_key", tenant_id, patch_key)), None)


@does("inventory.add_patches")
def _add_patches(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    tenant_id, added = given["tenant_id"], 0
    for new in sorted(given["rows"], key=lambda row: str(row["patch_key"])):
        if _patch_of(tables, tenant_id, new["patch_key"]) is None:
            key = {"tenant_id": tenant_id, "patch_id": UUID(new["patch_id"]), "patch_key": new["patch_key"]}
            tables.put("patch", {**key, **pick(new, _PATCH), "known_from": given["at"]})
            added += 1
    return added


@does("inventory.raise_security")
def _raise_security(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    raised = []
    for new in given["rows"]:
        patch = _patch_of(tables, given["tenant_id"], new["patch_key"])
        if patch is not None and new["security"] and not patch["security"]:
            said = pick(new, "source origin label suite classification")
            tables.change(patch, security=True, **said, row_version=patch["row_version"] + 1)
            raised.append(pick(patch, "patch_id"))
    return raised


def _missed(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    rows = tables.where("missing", "tenant_id device_id", given["tenant_id"], given["device_id"])
    return [row for row in rows if row["known_to"] is None]


@does("inventory.close_missing")
def _close_missing(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    said = {new["patch_key"]: new["installed_version"] for new in given["rows"]}
    closed = []
    for row in _missed(tables, given):
        patch = tables.get("patch", row["tenant_id"], row["patch_id"])
        assert patch is not None
        if said.get(patch["patch_key"]) != row["installed_version"]:
            tables.change(row, known_to=given["at"])
            closed.append(pick(row, "patch_id"))
    return closed


@does("inventory.open_missing")
def _open_missing(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    missed = {row["patch_id"] for row in _missed(tables, given)}
    opened = []
    for new in given["rows"]:
        patch = _patch_of(tables, given["tenant_id"], new["patch_key"])
        if patch is None or patch["patch_id"] in missed:
            continue
        said = pick(new, "installed_version held_back")
        row = tables.get("missing", given["tenant_id"], given["device_id"], patch["patch_id"], given["at"])
        if row is not None:
            tables.change(row, known_to=None, **said)
        else:
            key = {"tenant_id": given["tenant_id"], "device_id": given["device_id"], "patch_id": patch["patch_id"]}
            more = {"known_from": given["at"], "architecture": new["architecture"]}
            tables.put("missing", {**key, **more, **said})
        opened.append(pick(patch, "patch_id"))
    return opened


@does("inventory.move_held_back")
def _move_held_back(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    said = {new["patch_key"]: new["held_back"] for new in given["rows"]}
    moved = []
    for row in _missed(tables, given):
        patch = tables.get("patch", row["tenant_id"], row["patch_id"])
        assert patch is not None
        if said.get(patch["patch_key"], row["held_back"]) != row["held_back"]:
            tables.change(row, held_back=said[patch["patch_key"]])
            moved.append(pick(row, "patch_id"))
    return moved
