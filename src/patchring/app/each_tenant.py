"""One change in each of several tenants: a transaction each, because every record is its tenant's own."""

from collections.abc import Awaitable, Callable, Sequence

from patchring.app.caller import Caller
from patchring.app.work import Work, unit_of_work
from patchring.core.ids import TenantId
from patchring.store.retry import retried
from patchring.store.roles import Role


async def in_each_tenant(
    caller: Caller, tenant_ids: Sequence[TenantId], change: Callable[[Work], Awaitable[int]]
) -> list[int]:
    """What `change` says of each, in their order. It may be called again: twice has to be as once."""
    services, done = caller.services, []
    for tenant_id in tenant_ids:

        async def once(tenant_id: TenantId = tenant_id) -> int:
            async with unit_of_work(services.database, Role.WEB, services.clock, caller.actor, tenant_id) as work:
                return await change(work)

        done.append(await retried(once))
    return done
