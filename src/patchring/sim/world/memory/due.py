"""`due.sql`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import INFINITY, MemoryTables, Row


def wake(tables: MemoryTables, tenant_id: UUID, kind: str, id: UUID, wake_at: datetime) -> None:
    row = tables.get("due", tenant_id, kind, id)
    if row is None:
        tables.put("due", {"tenant_id": tenant_id, "kind": kind, "id": id, "wake_at": wake_at})
    elif wake_at < row["wake_at"]:
        tables.change(row, wake_at=wake_at)


@does("due.wake")
def _wake(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    wake(tables, given["tenant_id"], given["kind"], given["id"], given["wake_at"])
    return 1


@does("due.claim")
def _claim(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    now, count = given["now"], given["count"]
    by_tenant: defaultdict[UUID, list[tuple[datetime, str, UUID, Row]]] = defaultdict(list)
    for row in tables["due"]:
        if row["lease_until"] is None and row["wake_at"] <= now:
            by_tenant[row["tenant_id"]].append((row["wake_at"], row["kind"], row["id"], row))
        elif row["lease_until"] is not None and row["lease_until"] <= now:
            by_tenant[row["tenant_id"]].append((row["lease_until"], row["kind"], row["id"], row))
    turns = []
    for tenant_id, found in by_tenant.items():
        for turn, (at, _, _, row) in enumerate(sorted(found, key=lambda each: each[:3])):
            turns.append((turn, at, tenant_id, row["kind"], row["id"], row))
    chosen = [each[-1] for each in sorted(turns, key=lambda each: each[:5])[:count]]
    lease = {"lease_until": given["lease_until"], "lease_token": given["lease_token"], "wake_at": INFINITY}
    for row in chosen:
        tables.change(row, **lease, attempt_count=row["attempt_count"] + 1)
    return [{name: row[name] for name in _CLAIMED} for row in chosen]


_CLAIMED = ("tenant_id", "kind", "id", "lease_token", "attempt_count")


def _leased(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    row = tables.get("due", given["tenant_id"], given["kind"], given["id"])
    return row if row is not None and row["lease_token"] == given["lease_token"] else None


@does("due.renew")
def _renew(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _leased(tables, given)
    if row is None:
        return 0
    tables.change(row, lease_until=given["lease_until"])
    return 1


@does("due.finish")
def _finish(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _leased(tables, given)
    if row is None or row["wake_at"] != INFINITY:
        return 0
    tables.remove("due", row)
    return 1


@does("due.finish_woken")
def _finish_woken(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _leased(tables, given)
    if row is None:
        return 0
    tables.change(row, lease_until=None, lease_token=None, attempt_count=0)
    return 1


@does("due.give_back")
def _give_back(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _leased(tables, given)
    if row is None:
        return 0
    tables.change(
        row,
        lease_until=None,
        lease_token=None,
        attempt_count=given["attempt_count"],
        wake_at=given["wake_at"],
    )
    return 1


@does("due.fan_out")
def _fan_out(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    cause = tables.get("campaign", given["campaign_id"])
    if cause is None:
        return 0
    others = tables.where("campaign", "patch_key", cause["patch_key"])
    held = [row for other in others for row in tables.where("campaign_rollout", "campaign_id", other["campaign_id"])]
    for row in held:
        wake(tables, row["tenant_id"], "rollout", row["rollout_id"], given["wake_at"])
    return len(held)
