"""Known issues for people: all of them, or those that stand for one tenant."""

from uuid import UUID

from patchring.app.caller import Caller
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row


async def list_issues(caller: Caller, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    """Newest first; `all_`: those that ended, too."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        return await tx.all(sql.known_issues.listed, {"before": before, "limit": limit, "all": all_})


async def list_in_tenant(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    """Those in force, newest first, each with whether the tenant set it aside."""
    given = {"tenant_id": tenant_id, "issue_id": None, "before": before, "limit": limit}
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.known_issues.of_tenant, given)
