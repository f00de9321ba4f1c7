"""Stops: what must not start, and the locks that make "no permit after a halt's commit" true.

Every permit takes the locks of all its stop keys in shared mode, always in the order of `permit_keys`, and only then
reads the stop rows, in a statement of its own. A halt takes the lock of its one key exclusively before it writes. So a
permit either commits before the halt does, or sees the halt. Locks are advisory and of the transaction: they queue
fairly, where shared row locks would starve the halt, and they work behind a transaction pooler.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Tx

EVERYTHING = "everything"
# Who places the stops of automatic halts. People are named "role:name", so nobody else is called this.
WORKER = "worker"


def patch_stop(patch_key: str) -> str:
    return f"patch:{patch_key}"


def tenant_stop(tenant_id: UUID) -> str:
    return f"tenant:{tenant_id}"


def rollout_stop(rollout_id: UUID) -> str:
    return f"rollout:{rollout_id}"


def ring_stop(rollout_id: UUID, ring: int) -> str:
    return f"ring:{rollout_id}:{ring}"


def segment_stop(tenant_id: UUID, segment: str) -> str:
    return f"segment:{tenant_id}:{segment}"


def facet_stop(patch_key: str, facet: str) -> str:
    """A part of the fleet for which the gate holds a patch; `facet` has no colon."""
    return f"facet:{patch_key}:{facet}"


def permit_keys(tenant_id: UUID, patch_key: str, rollout_id: UUID, ring: int, segment: str) -> list[str]:
    """Every key that can stop one installation, in the one order in which locks are taken."""
    return [
        EVERYTHING,
        patch_stop(patch_key),
        tenant_stop(tenant_id),
        rollout_stop(rollout_id),
        ring_stop(rollout_id, ring),
        segment_stop(tenant_id, segment),
    ]


def lock_id(key: str) -> int:
    """The advisory lock of a key: the first 8 bytes of SHA-256 as a signed number. A collision only waits longer."""
    return int.from_bytes(hashlib.sha256(b"patchring.stop:" + key.encode()).digest()[:8], "big", signed=True)


async def share_locks(tx: Tx, keys: Sequence[str]) -> None:
    """Wait for halts of these keys that are under way, and hold off new ones until this transaction ends."""
    await tx.execute(sql.stops.lock_shared, {"lock_ids": [lock_id(key) for key in keys]})


async def stops_in_force(tx: Tx, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The stops among these keys, broadest first as given. Call it in a statement after `share_locks`."""
    rows = await tx.all(sql.stops.in_force, {"stop_keys": list(keys)})
    return sorted(rows, key=lambda row: keys.index(row["stop_key"]))


async def place_stop(tx: Tx, key: str, reason: str, actor: str, now: datetime) -> bool:
    """Put a stop in force; after the commit no permit is granted under this key. False: it was in force already."""
    await tx.execute(sql.stops.lock_exclusive, {"lock_id": lock_id(key)})
    row = {"stop_id": new_id(now), "stop_key": key, "reason": reason, "placed_at": now, "placed_by": actor}
    return await tx.execute(sql.stops.place, row) == 1


async def lift_stop(tx: Tx, key: str, reason: str, actor: str, now: datetime) -> bool:
    """End a stop; the row stays as a record. False: none was in force."""
    await tx.execute(sql.stops.lock_exclusive, {"lock_id": lock_id(key)})
    row = {"stop_key": key, "lift_reason": reason, "lifted_at": now, "lifted_by": actor}
    return await tx.execute(sql.stops.lift, row) == 1
