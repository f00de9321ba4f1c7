"""The record, read: what happened in a tenant, and whether its chain holds."""

from patchring.app.caller import Caller
from patchring.app.chain import CHAIN_START, broken_links
from patchring.app.errors import NotFound
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx

CHAIN_PAGE = 2_000
BROKEN_MAX = 100


async def list_events(
    caller: Caller, tenant_id: TenantId, before: int | None, limit: int, subject_id: str, kind: str
) -> list[Row]:
    """Newest first."""
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "subject_id": subject_id, "kind": kind}
        return await tx.all(sql.events.newest, given)


async def list_chain(caller: Caller, tenant_id: TenantId, after: int, limit: int) -> list[Row]:
    """Whole events in their order after a number, with their hashes: what a verifier needs and nothing else."""
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.events.chain, {"tenant_id": tenant_id, "after": after, "limit": limit})


async def verify_chain(caller: Caller, tenant_id: TenantId, after: int, limit: int) -> Row:
    """Walk up to `limit` links after a number: how many events, where it is broken, whether what was looked at holds.

    `next` is the number to go on after, None at the end; there the head has to be that of the last event.
    """
    caller.principal.require_tenant(tenant_id)
    async with caller.services.database.tenant(Role.WEB, tenant_id, isolation="repeatable read", read_only=True) as tx:
        seq, previous = await _start(tx, tenant_id, after)
        broken, count, at_end = list[int](), 0, False
        while count < limit and not at_end:
            asked = min(CHAIN_PAGE, limit - count)
            rows = await _links(tx, tenant_id, seq, asked)
            broken += broken_links(rows, previous)
            broken += [row["seq"] for number, row in enumerate(rows, seq + 1) if row["seq"] != number]
            seq, previous = (rows[-1]["seq"], rows[-1]["hash"]) if rows else (seq, previous)
            count, at_end = count + len(rows), len(rows) < asked
        head = await tx.maybe(sql.events.head, {"tenant_id": tenant_id})
    ends_at = (head["seq"], head["hash"]) if head else (0, CHAIN_START)
    if at_end and ends_at != (seq, previous):
        broken.append(seq + 1)  # the end was cut off, or the head was moved
    found = sorted(set(broken))[:BROKEN_MAX]
    told = {"event_count": count, "last_seq": seq, "last_hash": previous}
    return {**told, "broken_at": found, "holds": not found, "next": None if at_end else seq}


async def _start(tx: Tx, tenant_id: TenantId, after: int) -> tuple[int, str]:
    """Where to begin, and the hash that the next event has to name. Raises NotFound."""
    if after == 0:
        return 0, CHAIN_START
    rows = await _links(tx, tenant_id, after - 1, 1)
    if not rows or rows[0]["seq"] != after:
        raise NotFound(f"there is no event {after} in this tenant", kind="event_not_found")
    return after, rows[0]["hash"]


async def _links(tx: Tx, tenant_id: TenantId, after: int, limit: int) -> list[Row]:
    return await tx.all(sql.events.chain, {"tenant_id": tenant_id, "after": after, "limit": limit})
