"""One tenant sets a known issue aside, or heeds it again: its own risk, by name and with a reason."""

from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, NotFound
from patchring.app.known_issues.keeping import look_again_at_patches_of
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row


async def waive(caller: Caller, tenant_id: TenantId, issue_id: UUID, why: str) -> Row:
    """The issue keeps nothing back in this tenant any more. Raises NotFound, Conflict (known_issue_waived)."""
    async with caller.work(tenant_id) as work:
        row = await _standing(work, issue_id)
        given = {"tenant_id": tenant_id, "issue_id": issue_id, "reason": why, "at": work.now, "by": caller.actor}
        if await work.tx.execute(sql.known_issues.waive, given) != 1:
            raise Conflict(f"{row['name']} is set aside here already", kind="known_issue_waived")
        return await _changed(work, row, "known_issue_waived", why)


async def heed(caller: Caller, tenant_id: TenantId, issue_id: UUID, why: str) -> Row:
    """It counts here again. Raises NotFound, Conflict (known_issue_heeded)."""
    async with caller.work(tenant_id) as work:
        row = await _standing(work, issue_id)
        if await work.tx.execute(sql.known_issues.end_waiver, {"tenant_id": tenant_id, "issue_id": issue_id}) != 1:
            raise Conflict(f"{row['name']} was not set aside here", kind="known_issue_heeded")
        return await _changed(work, row, "known_issue_heeded", why)


async def _standing(work: Work, issue_id: UUID) -> Row:
    row = await work.tx.maybe(sql.known_issues.one, {"issue_id": issue_id})
    if row is None or row["state"] != "in_force":
        raise NotFound("no such known issue is in force", kind="issue_not_found")
    return row


async def _changed(work: Work, row: Row, kind: str, why: str) -> Row:
    keys = await look_again_at_patches_of(work, row)
    data = {"issue": row["name"], "reason": why, "patch_count": len(keys)}
    work.record(kind, "issue", row["issue_id"], data)
    given = {"tenant_id": work.tenant_id, "issue_id": row["issue_id"], "before": None, "limit": 1}
    return await work.tx.one(sql.known_issues.of_tenant, given)
