"""Patches of a tenant, and what people decide about them: approve (signed), reject, hold, release."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound, Stale
from patchring.app.permits.authorities import milliseconds
from patchring.app.policies import look_again, tenant_root
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row, Tx
from patchring.wire.authority import ApprovalStatement, authority_counts, read
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.signing import SignedDocument


async def list_patches(
    caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, missing: bool, words: str
) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "missing": missing, "words": words}
        return await tx.all(sql.patches.listed, given)


async def find_patch(tx: Tx, tenant_id: TenantId, name: str) -> Row:
    """A patch by its id or key. Raises NotFound."""
    try:
        patch_id = UUID(name)
    except ValueError:
        patch_id = None
    row = await tx.maybe(sql.patches.one, {"tenant_id": tenant_id, "patch_id": patch_id, "patch_key": name})
    if row is None:
        detail = f"there is no patch {name!r} in this tenant; `patchring patches list` shows them"
        raise NotFound(detail, kind="patch_not_found")
    return row


async def show_patch(caller: Caller, tenant_id: TenantId, name: str, after: str, limit: int) -> Row:
    """The patch with the devices that miss it, paged by device name."""
    async with caller.reading(tenant_id) as tx:
        patch = await find_patch(tx, tenant_id, name)
        given = {"tenant_id": tenant_id, "patch_id": patch["patch_id"], "after": after, "limit": limit}
        return {**patch, "devices": await tx.all(sql.patches.devices_missing, given)}


async def approve(caller: Caller, tenant_id: TenantId, name: str, signed: dict[str, Any]) -> Row:
    """Keep a signed approval. Raises Invalid when it is not signed or not about this patch."""
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        try:
            document = decode(SignedDocument, signed)
        except Refused as refused:
            raise Invalid(f"the approval is not a signed document: {refused}", kind="statement_malformed") from refused
        statement = read(ApprovalStatement, document, "approval")
        root = await tenant_root(work)
        if statement is None or not authority_counts(document, root, milliseconds(work.now)):
            raise Invalid("the approval is not signed by this tenant's approval keys", kind="statement_not_signed")
        named = {(p.provider, p.name, p.version) for p in statement.packages}
        if (patch["provider"], patch["name"], patch["version"]) not in named:
            raise Invalid(f"the approval does not name {patch['patch_key']}", kind="approval_of_another")
        row = {
            "tenant_id": tenant_id,
            "approval_id": UUID(statement.approval_id),
            "patch_id": patch["patch_id"],
            "decision": "approve",
            "segments": list(statement.segments),
            "reason": statement.reason,
            "at": work.now,
            "by": caller.actor,
            "expires_at": datetime.fromtimestamp(statement.expires_at_ms / 1000, UTC),
        }
        if await work.tx.execute(sql.patches.add_approval, {**row, "statement": Jsonb(encode(document))}) != 1:
            raise Conflict("this approval was handed in before", kind="approval_exists")
        data = {"patch_key": patch["patch_key"], "segments": list(statement.segments), "reason": statement.reason}
        work.record("patch_approved", "patch", patch["patch_id"], data, statement.policy_fingerprint)
        work.wake("patch", patch["patch_id"])
        await look_again(work)
        return row


async def reject(caller: Caller, tenant_id: TenantId, name: str, reason: str) -> Row:
    """A person says no: a rollout that waits or runs is abandoned by the worker; nothing is taken back."""
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        row = {
            "tenant_id": tenant_id,
            "approval_id": new_id(work.now),
            "patch_id": patch["patch_id"],
            "decision": "reject",
            "segments": [],
            "reason": reason,
            "at": work.now,
            "by": caller.actor,
            "expires_at": datetime.max.replace(tzinfo=UTC),
        }
        await work.tx.execute(sql.patches.add_approval, {**row, "statement": None})
        work.record("patch_rejected", "patch", patch["patch_id"], {"patch_key": patch["patch_key"], "reason": reason})
        await look_again(work)
        return row


async def list_approvals(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.patches.approvals, {"tenant_id": tenant_id, "before": before, "limit": limit})


async def hold(caller: Caller, tenant_id: TenantId, name: str, segment: str | None, reason: str) -> Row:
    """Nothing of this patch begins in the tenant (or the segment) until somebody releases it."""
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        hold_id = new_id(work.now)
        row = {"tenant_id": tenant_id, "hold_id": hold_id, "patch_key": patch["patch_key"], "segment": segment}
        await work.tx.execute(sql.patches.add_hold, {**row, "reason": reason, "at": work.now, "by": caller.actor})
        data = {"patch_key": patch["patch_key"], "segment": segment, "reason": reason}
        work.record("hold_placed", "hold", hold_id, data)
        await look_again(work)
        return {**row, "reason": reason, "placed_at": work.now, "placed_by": caller.actor, "row_version": 1}


async def list_holds(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "all": all_}
        return await tx.all(sql.patches.holds, given)


async def release_hold(
    caller: Caller, tenant_id: TenantId, hold_id: UUID, reason: str, row_version: int | None
) -> None:
    """Raises NotFound, Conflict when it was released before, Stale when somebody changed it since it was read."""
    async with caller.work(tenant_id) as work:
        row = {"tenant_id": tenant_id, "hold_id": hold_id, "row_version": row_version, "reason": reason}
        if await work.tx.execute(sql.patches.release_hold, {**row, "at": work.now, "by": caller.actor}) != 1:
            found = await work.tx.maybe(sql.patches.hold_by_id, {"tenant_id": tenant_id, "hold_id": hold_id})
            if found is None:
                raise NotFound("there is no such hold", kind="hold_not_found")
            if found["released_at"] is not None:
                raise Conflict("the hold was released before", kind="hold_released")
            raise Stale(f"the hold has version {found['row_version']} by now; read it again")
        work.record("hold_released", "hold", hold_id, {"reason": reason})
        await look_again(work)
