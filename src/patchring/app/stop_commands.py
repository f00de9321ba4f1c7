"""Stops that people place and lift by key: everything, a patch, a tenant, a rollout, a ring, a segment.

The stop is committed first and by itself, so that a halt never waits for its record: from then on no permit is granted.
Then each tenant that it concerns gets the record, and its rollouts are looked at again. What reaches beyond one tenant
(everything, a patch) needs all tenants.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.permissions import Permission
from patchring.app.principals import visible_tenants
from patchring.app.stop_keys import StopKey, parse_stop_key
from patchring.app.stops import lift_stop, place_stop, stops_in_force
from patchring.app.work import Work, unit_of_work
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx

Change = Callable[[Tx, str, str, str, datetime], Awaitable[bool]]


async def place(caller: Caller, text: str, why: str) -> Row:
    """In force when it returns. Raises Invalid (stop_key_unknown), NotFound for what is not the caller's, Conflict
    (stop_in_force) when it was in force before, with who placed it in the answer."""
    key = _of_people(text)
    tenant_ids = await _concerned(caller, key)
    placed_at = await _commit(caller, place_stop, key, why)
    if placed_at is None:
        raise await _in_force(caller, key)
    await _record(caller, tenant_ids, "stop_placed", key, why)
    return {"stop_key": key.text, "state": "in_force", "reason": why, "at": placed_at, "by": caller.actor}


async def lift(caller: Caller, text: str, why: str) -> Row:
    """Raises NotFound (stop_not_found) when no such stop is in force, and what `place` raises for the key."""
    key = _of_people(text)
    tenant_ids = await _concerned(caller, key)
    lifted_at = await _commit(caller, lift_stop, key, why)
    if lifted_at is None:
        raise NotFound(f"no stop {key.text} is in force", kind="stop_not_found")
    await _record(caller, tenant_ids, "stop_lifted", key, why)
    return {"stop_key": key.text, "state": "lifted", "reason": why, "at": lifted_at, "by": caller.actor}


def _of_people(text: str) -> StopKey:
    """What the gate holds is released with its evidence, so that it is not held again at the next look."""
    key = parse_stop_key(text)
    if key.kind == "facet":
        raise Invalid(
            "the gate holds a facet by its evidence; release it with `patchring gate release`", kind="of_gate"
        )
    return key


async def _commit(caller: Caller, change: Change, key: StopKey, why: str) -> datetime | None:
    """The change alone, in a transaction of its own; None when it was so already."""

    async def once() -> datetime | None:
        now = caller.services.clock.now()
        async with caller.services.database.operator(Role.WEB) as tx:
            done = await change(tx, key.text, why, caller.actor, now)
            if done:
                await caller.reserve(tx, now)
        return now if done else None

    return await retried(once)


async def _in_force(caller: Caller, key: StopKey) -> Conflict:
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        found = await stops_in_force(tx, [key.text])
    since = f" since {found[0]['placed_at']:%Y-%m-%d %H:%M} UTC by {found[0]['placed_by']}" if found else ""
    return Conflict(f"{key.text} is stopped already{since}; nothing has to be done", kind="stop_in_force")


async def _concerned(caller: Caller, key: StopKey) -> list[TenantId]:
    """The tenants of the caller that the key is about. Raises NotAllowed, NotFound."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    if key.reaches_all:
        caller.principal.require(Permission.STOPS_EVERYTHING)
        if caller.principal.tenant_ids is not None:
            raise NotFound("what reaches beyond the tenants you were given is not there for you", kind="stop_not_found")
        return tenant_ids
    if key.tenant_id is not None and key.tenant_id in tenant_ids:
        return [TenantId(key.tenant_id)]
    if key.rollout_id is not None and tenant_ids:
        async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
            wanted = {"tenant_ids": tenant_ids, "rollout_ids": [key.rollout_id]}
            row = await tx.maybe(sql.page.rollouts_named, wanted)
        if row is not None:
            return [TenantId(row["tenant_id"])]
    raise NotFound(f"there is nothing called {key.text} among the tenants you were given", kind="stop_not_found")


async def _record(caller: Caller, tenant_ids: Sequence[TenantId], kind: str, key: StopKey, why: str) -> None:
    """Tell each tenant, one transaction each; a patch concerns those that know it."""
    for tenant_id in tenant_ids:

        async def tell(tenant_id: TenantId = tenant_id) -> None:
            services = caller.services
            async with unit_of_work(services.database, Role.WEB, services.clock, caller.actor, tenant_id) as work:
                if key.kind != "patch" or await _knows(work, key.patch_key):
                    work.record(kind, "stop", key.text, {"stop_key": key.text, "reason": why})
                    await wake_rollouts(work)

        await retried(tell)


async def _knows(work: Work, patch_key: str) -> bool:
    wanted = {"tenant_ids": [work.tenant_id], "patch_keys": [patch_key]}
    return await work.tx.maybe(sql.page.patches_named, wanted) is not None


async def wake_rollouts(work: Work) -> None:
    """Every rollout of this tenant that can still move is looked at again."""
    for row in await work.tx.all(sql.policies.live_rollouts, {"tenant_id": work.tenant_id}):
        work.wake("rollout", row["rollout_id"])


async def list_stops(caller: Caller, before: UUID | None, limit: int, lifted: bool) -> list[Row]:
    """Stops that concern the caller, newest first: what stops everything, and what is about his own tenants."""
    found: list[Row] = []
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    while len(found) < limit:
        async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
            rows = await tx.all(sql.commands.stops, {"before": before, "limit": limit, "all": lifted})
        found += await _visible(caller, tenant_ids, rows)
        if len(rows) < limit:
            break
        before = rows[-1]["stop_id"]
    return found[:limit]


async def _visible(caller: Caller, tenant_ids: list[TenantId], rows: Sequence[Row]) -> list[Row]:
    if caller.principal.tenant_ids is None or not rows:
        return list(rows)
    keys = {row["stop_id"]: parse_stop_key(row["stop_key"]) for row in rows}
    scope: dict[str, Any] = {"tenant_ids": tenant_ids}
    rollouts, patches = set(), set()
    if tenant_ids:
        wanted_rollouts = [key.rollout_id for key in keys.values() if key.rollout_id]
        wanted_patches = [key.patch_key for key in keys.values() if key.patch_key]
        async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
            given = {**scope, "rollout_ids": wanted_rollouts}
            rollouts = {row["rollout_id"] for row in await tx.all(sql.page.rollouts_named, given)}
            given = {**scope, "patch_keys": wanted_patches}
            patches = {row["patch_key"] for row in await tx.all(sql.page.patches_named, given)}
    return [row for row in rows if _concerns(keys[row["stop_id"]], set(tenant_ids), rollouts, patches)]


def _concerns(key: StopKey, tenant_ids: set[TenantId], rollouts: set[UUID], patches: set[str]) -> bool:
    if key.kind == "facet" and key.tenant_id is not None:
        return key.tenant_id in tenant_ids
    own = key.tenant_id in tenant_ids or key.rollout_id in rollouts or key.patch_key in patches
    return own or key.kind == "everything"
