"""`events.sql` and `stops.sql`."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick


@does("events.ensure_head")
def _ensure_head(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    if tables.get("event_head", given["tenant_id"]) is not None:
        return 0
    tables.put("event_head", {"tenant_id": given["tenant_id"], "seq": 0, "hash": given["hash"]})
    return 1


@does("events.lock_head")
def _lock_head(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = tables.get("event_head", given["tenant_id"])
    return [pick(row, "seq hash")] if row else []


@does("events.append")
def _append(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    for row in given["rows"]:
        at = datetime.strptime(row["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        typed = {"tenant_id": UUID(row["tenant_id"]), "at": at, "on_month": date.fromisoformat(row["on_month"])}
        tables.put("event", {**row, **typed})
    return len(given["rows"])


@does("events.move_head")
def _move_head(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("event_head", given["tenant_id"])
    assert row is not None
    tables.change(row, seq=given["seq"], hash=given["hash"])
    return 1


@does("stops.lock_shared")
def _lock_shared(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    """Nobody else is in a transaction."""
    return len(given["lock_ids"])


@does("stops.lock_exclusive")
def _lock_exclusive(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return 1


@does("stops.in_force")
def _in_force(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = [row for key in given["stop_keys"] for row in tables.where("stop", "stop_key", key)]
    return [pick(row, "stop_key reason placed_at placed_by") for row in found if row["lifted_at"] is None]


@does("stops.place")
def _place(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    if any(row["lifted_at"] is None for row in tables.where("stop", "stop_key", given["stop_key"])):
        return 0
    tables.put("stop", given)
    return 1


@does("stops.lift")
def _lift(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    found = [row for row in tables.where("stop", "stop_key", given["stop_key"]) if row["lifted_at"] is None]
    for row in found:
        tables.change(row, lifted_at=given["lifted_at"], lifted_by=given["lifted_by"], lift_reason=given["lift_reason"])
    return len(found)
