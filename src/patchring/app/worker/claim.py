"""Due items: leased, finished, given back.

A lease is fenced: its token is checked in the very transaction that writes an item's results, as the last thing before
the commit. A worker that was stalled past its lease finds the token changed and leaves nothing behind. A lease is
short, and renewed while its item is worked on: what a killed worker held is soon taken up by the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Tx

LEASE = timedelta(seconds=20)


class LeaseLost(Exception):
    """Another worker has the item by now; whatever this one did is undone."""


@dataclass(frozen=True)
class DueItem:
    """One leased due row. `attempt_count` is 1 for the first try since the item last succeeded."""

    tenant_id: TenantId
    kind: str
    id: UUID
    lease_token: UUID
    attempt_count: int

    @property
    def key(self) -> dict[str, Any]:
        return {"tenant_id": self.tenant_id, "kind": self.kind, "id": self.id, "lease_token": self.lease_token}


async def claim(database: Database, count: int, now: datetime) -> list[DueItem]:
    """Lease up to `count` due items, one of each tenant before a second of any; the leases are committed."""
    lease = {"lease_token": new_id(now), "lease_until": now + LEASE}
    async with database.operator(Role.DISPATCHER) as tx:
        return await tx.all(sql.due.claim, {"count": count, "now": now, **lease}, into=DueItem)


async def renew(database: Database, item: DueItem, now: datetime) -> None:
    """The lease from now on once more. Nothing happens when it was lost, or while the item's own transaction ends."""
    async with database.operator(Role.DISPATCHER) as tx:
        await tx.execute(sql.due.renew, {**item.key, "lease_until": now + LEASE})


async def finish(tx: Tx, item: DueItem) -> None:
    """Done, in the item's own transaction: the row goes, or stays due when it was woken meanwhile. Raises LeaseLost."""
    if await tx.execute(sql.due.finish, item.key) == 0 and await tx.execute(sql.due.finish_woken, item.key) == 0:
        raise LeaseLost(f"the lease of {item.kind} {item.id} went to another worker")


async def give_back(tx: Tx, item: DueItem, wake_at: datetime, attempt_count: int) -> None:
    """Failed: due again at `wake_at` with this many attempts behind it. Nothing happens when the lease was lost."""
    await tx.execute(sql.due.give_back, {**item.key, "wake_at": wake_at, "attempt_count": attempt_count})
