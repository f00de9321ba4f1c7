"""The record, read: what happened in a tenant, and whether its chain holds."""

from typing import Any

from patchring.app.caller import Caller
from patchring.app.chain import CHAIN_START, broken_links
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row

CHAIN_PAGE = 2_000


async def list_events(
    caller: Caller, tenant_id: TenantId, before: int | None, limit: int, subject_id: str, kind: str
) -> list[Row]:
    """Newest first."""
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "subject_id": subject_id, "kind": kind}
        return await tx.all(sql.events.newest, given)


async def verify_chain(caller: Caller, tenant_id: TenantId) -> dict[str, Any]:
    """Walk the whole chain: how many events, where it is broken, whether it ends where its head says."""
    caller.principal.require_tenant(tenant_id)
    previous, count, broken = CHAIN_START, 0, list[int]()
    async with caller.services.database.tenant(Role.WEB, tenant_id, isolation="repeatable read", read_only=True) as tx:
        while rows := await tx.all(sql.events.chain, {"tenant_id": tenant_id, "after": count, "limit": CHAIN_PAGE}):
            broken += broken_links(rows, previous)
            previous, count = rows[-1]["hash"], rows[-1]["seq"]
        head = await tx.maybe(sql.events.head, {"tenant_id": tenant_id})
    ends_well = head is None or (head["seq"], head["hash"]) == (count, previous)
    return {"event_count": count, "broken_at": broken[:100], "holds": not broken and ends_well}
