"""`check_ins.sql`, `reports.sql`, `sessions.sql`: what devices say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_LIVE = frozenset({"offered", "permitted", "started", "reboot_pending"})
_SILENCE = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@does("check_ins.record")
def _record(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = []
    for said in given["rows"]:
        key = UUID(said["tenant_id"]), UUID(said["device_id"])
        contact = tables.get("device_contact", *key)
        if key[0] not in given["tenant_ids"] or contact is None or contact["session_epoch"] != said["epoch"]:
            continue
        before, at = contact["last_seen_at"], given["at"]
        silent = before is not None and at - before > _SILENCE
        tables.change(
            contact,
            last_seen_at=at,
            boot_id=said["boot_id"],
            uptime_s=said["uptime_s"],
            agent_version=said["agent_version"],
            unsent_count=said["unsent_count"],
            busy_action_id=said["busy_action_id"],
            silent_from_at=before if silent else contact["silent_from_at"],
            returned_at=at if silent else contact["returned_at"],
        )
        live = any(row["state"] in _LIVE for row in tables.where("action", "tenant_id device_id", *key))
        found.append({"device": key[1].hex, **pick(contact, "scan_wanted scan_digest"), "live": live})
    return found


@does("check_ins.offers")
def _offers(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = [
        row
        for said in given["rows"]
        for row in tables.where("action", "tenant_id device_id", UUID(said["tenant_id"]), UUID(said["device_id"]))
        if row["state"] in ("offered", "permitted")
    ]
    found.sort(key=lambda row: (row["device_id"], row["created_at"], row["action_id"]))
    columns = "action_id kind packages reboot probes title"
    return [{"device": row["device_id"].hex, **pick(row, columns)} for row in found]


@does("reports.add")
def _add(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    added = []
    key = {"tenant_id": given["tenant_id"], "device_id": given["device_id"]}
    for said in sorted(given["rows"], key=lambda row: str(row["report_id"])):
        report_id = UUID(said["report_id"])
        if tables.get("report", *key.values(), report_id) is not None:
            continue
        made_at = _EPOCH + timedelta(milliseconds=said["made_at_ms"])
        typed = {"report_id": report_id, "made_at": made_at, "received_at": given["received_at"]}
        tables.put("report", {**key, **typed, **pick(said, "sequence kind body signature")})
        added.append({"report_id": report_id})
    return added


@does("reports.note_scan")
def _note_scan(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    contact = tables.get("device_contact", given["tenant_id"], given["device_id"])
    if contact is None:
        return 0
    tables.change(contact, scan_digest=given["scan_digest"], scan_wanted=False)
    return 1


@does("sessions.device")
def _device(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    device = tables.get("device", given["tenant_id"], given["device_id"])
    contact = tables.get("device_contact", given["tenant_id"], given["device_id"])
    return [{**pick(device, "public_key state"), **pick(contact, "session_epoch")}] if device and contact else []
