"""Stops that people place and lift by key: everything, a patch, a tenant, a rollout, a ring, a segment.

What reaches beyond one tenant (everything, a patch) needs all tenants; the record of it is in the operator's own chain.
"""

from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.permissions import Permission
from patchring.app.stops import EVERYTHING, lift_stop, place_stop
from patchring.app.tenants import list_tenants
from patchring.app.work import Work
from patchring.core.ids import RolloutId, TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row


async def list_stops(caller: Caller, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    """Stops that concern the caller: all of them, or those of the tenants that the caller was given."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        rows = await tx.all(sql.commands.stops, {"before": before, "limit": limit, "all": all_})
    if caller.principal.tenant_ids is None:
        return rows
    return [row for row in rows if _own_tenant(row["stop_key"], caller)]


async def place(caller: Caller, key: str, why: str) -> Row:
    """Raises Invalid for a key of no known form, NotFound for things of tenants that are not the caller's."""
    tenant_id = await _tenant_of(caller, key)
    async with caller.work(tenant_id) as work:
        if not await place_stop(work.tx, key, why, caller.actor, work.now):
            raise Conflict(f"{key} is stopped already", kind="stop_in_force")
        work.record("stop_placed", "stop", key, {"key": key, "reason": why})
        await _wake(work)
        return {"key": key, "state": "in_force", "placed_at": work.now}


async def lift(caller: Caller, key: str, why: str) -> Row:
    """Raises NotFound when no such stop is in force."""
    tenant_id = await _tenant_of(caller, key)
    async with caller.work(tenant_id) as work:
        if not await lift_stop(work.tx, key, why, caller.actor, work.now):
            raise NotFound(f"no stop {key!r} is in force", kind="stop_not_found")
        work.record("stop_lifted", "stop", key, {"key": key, "reason": why})
        await _wake(work)
        return {"key": key, "state": "lifted", "lifted_at": work.now}


async def _wake(work: Work) -> None:
    """Rollouts of this tenant look again at once; those of others find out at their next look, and permits at once."""
    for row in await work.tx.all(sql.policies.live_rollouts, {"tenant_id": work.tenant_id}):
        work.wake("rollout", row["rollout_id"])


async def _tenant_of(caller: Caller, key: str) -> TenantId:
    """In whose chain a stop is recorded, after checking that the caller may reach so far."""
    kind, _, rest = key.partition(":")
    if key == EVERYTHING or (kind == "patch" and rest):
        caller.principal.require(Permission.STOPS_EVERYTHING)
        return await _operator(caller)
    first = rest.split(":")[0]
    try:
        named = UUID(first)
    except ValueError:
        known = "everything, patch:KEY, tenant:ID, rollout:ID, ring:ROLLOUT:N, segment:TENANT:NAME"
        raise Invalid(f"expected a stop key ({known}), got {key!r}", kind="stop_key_unknown") from None
    if kind in ("tenant", "segment"):
        caller.principal.require_tenant(TenantId(named))
        return TenantId(named)
    if kind in ("rollout", "ring"):
        return await _tenant_of_rollout(caller, RolloutId(named))
    raise Invalid(f"{kind!r} cannot be stopped", kind="stop_key_unknown")


async def _operator(caller: Caller) -> TenantId:
    if caller.principal.tenant_ids is not None:
        raise NotFound("what reaches beyond your tenants is not yours to stop", kind="stop_not_found")
    operators = [row for row in await list_tenants(caller) if row["kind"] == "operator"]
    if not operators:
        raise Conflict("there is no operator tenant yet; make one with `tenants create --kind operator`")
    return TenantId(operators[0]["tenant_id"])


async def _tenant_of_rollout(caller: Caller, rollout_id: RolloutId) -> TenantId:
    for row in await list_tenants(caller):
        tenant_id = TenantId(row["tenant_id"])
        async with caller.reading(tenant_id) as tx:
            if await tx.maybe(sql.commands.rollout, {"tenant_id": tenant_id, "rollout_id": rollout_id}) is not None:
                return tenant_id
    raise NotFound(f"there is no rollout {rollout_id} among your tenants", kind="rollout_not_found")


def _own_tenant(key: str, caller: Caller) -> bool:
    kind, _, rest = key.partition(":")
    if kind not in ("tenant", "segment"):
        return False
    return caller.principal.sees(TenantId(UUID(rest.split(":")[0])))
