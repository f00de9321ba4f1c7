"""Patches of a tenant, and what people decide about them: approve (signed), reject, hold, release."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.decisions import Undecided, assess
from patchring.app.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from patchring.app.findings.of_patch import known_of_patch
from patchring.app.holds import end_hold, look_again, place_hold
from patchring.app.permissions import StaffRole
from patchring.app.policies import check_policy
from patchring.app.principals import visible_tenants
from patchring.app.roots import root_in_force
from patchring.app.statements import LIFETIME_MAX, expiry, signed_statement, statement_id
from patchring.app.tenants import as_id
from patchring.core.ids import TenantId
from patchring.core.policy.known_issues import told
from patchring.core.reason import as_json
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx
from patchring.wire.authority import ApprovalStatement
from patchring.wire.codec import encode


async def list_patches(
    caller: Caller,
    tenant_id: TenantId,
    before: UUID | None,
    limit: int,
    *,
    missing: bool,
    security: bool | None,
    words: str,
) -> list[Row]:
    """Newest first. `missing`: only what some device misses now; `security` None: both."""
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit}
        return await tx.all(sql.patches.listed, {**given, "missing": missing, "security": security, "words": words})


async def list_across(
    caller: Caller, after: tuple[str, UUID] | None, limit: int, patch_key: str, words: str
) -> list[Row]:
    """Patches of all tenants that the caller was given, one row for each tenant that knows the patch."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    if not tenant_ids:
        return []
    key, tenant_id = after or (None, None)
    place = {"after_key": key, "after_tenant": tenant_id, "limit": limit}
    async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        given = {"tenant_ids": tenant_ids, "patch_key": patch_key, "words": words}
        return await tx.all(sql.patches.across, {**given, **place})


async def find_patch(tx: Tx, tenant_id: TenantId, name: str) -> Row:
    """A patch by its id or key. Raises NotFound."""
    row = await tx.maybe(sql.patches.one, {"tenant_id": tenant_id, "patch_id": as_id(name), "patch_key": name})
    if row is None:
        detail = f"there is no patch {name!r} in this tenant; `patchring patches list` shows them"
        raise NotFound(detail, kind="patch_not_found")
    return row


async def show_patch(caller: Caller, tenant_id: TenantId, name: str, after: tuple[str, UUID], limit: int) -> Row:
    """The patch with what is known of it, and the devices that miss it by name and id."""
    async with caller.reading(tenant_id) as tx:
        patch = await find_patch(tx, tenant_id, name)
        place = {"after_name": after[0], "after_id": after[1], "limit": limit}
        given = {"tenant_id": tenant_id, "patch_id": patch["patch_id"], **place}
        known = await known_of_patch(tx, tenant_id, patch, caller.services.clock.now())
        return {**patch, **known, "devices": await tx.all(sql.patches.devices_missing, given)}


async def show_decisions(caller: Caller, tenant_id: TenantId, name: str) -> Row:
    """What the policy in force says of a patch in each of its segments, who decided besides, and what is held."""
    now = caller.services.clock.now()
    async with caller.reading(tenant_id) as tx:
        patch = await find_patch(tx, tenant_id, name)
        found = await assess(tx, tenant_id, patch["patch_id"], now)
    known = {"patch_id": patch["patch_id"], "patch_key": patch["patch_key"]}
    if isinstance(found, Undecided):
        raise Conflict(found.reason.text, kind="policy_missing")
    segments = [
        {
            "segment": segment,
            "outcome": decision.outcome,
            "rule": decision.rule,
            "authority": decision.authority,
            "approved": found.standing(segment),
            "reasons": as_json(decision.reasons),
            "lost": as_json(decision.lost),
        }
        for segment, decision in found.decisions.items()
    ]
    held = [{"reason": hold.text, "source": hold.source, "segment": hold.segment} for hold in found.holds]
    policy = {"automation": found.policy.automation, "policy_fingerprint": found.policy.fingerprint}
    issues = as_json(told(issue) for issue in found.issues)
    return {**known, **policy, "holds": held, "known_issues": issues, "segments": segments}


async def approve(caller: Caller, tenant_id: TenantId, name: str, signed: dict[str, Any]) -> Row:
    """Keep a signed approval.

    Raises NotFound, Invalid (statement_malformed, statement_not_signed, statement_too_long, approval_of_another,
    segment_unknown), Conflict (approval_exists, policy_changed, policy_missing).
    """
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        root = await root_in_force(work.tx, tenant_id)
        statement, document = signed_statement(ApprovalStatement, signed, "approval", root, work.now)
        await _require_fit(work.tx, tenant_id, patch, statement)
        row = {
            "tenant_id": tenant_id,
            "approval_id": statement_id(statement.approval_id, "approval_id"),
            "patch_id": patch["patch_id"],
            "decision": "approve",
            "segments": list(statement.segments),
            "reason": statement.reason,
            "at": work.now,
            "by": caller.actor,
            "expires_at": expiry(statement.expires_at_ms, work.now),
        }
        if await work.tx.execute(sql.patches.add_approval, {**row, "statement": Jsonb(encode(document))}) != 1:
            raise Conflict("this approval was handed in before", kind="approval_exists")
        data = {"patch_key": patch["patch_key"], "segments": list(statement.segments), "reason": statement.reason}
        work.record("patch_approved", "patch", patch["patch_id"], data, statement.policy_fingerprint)
        await look_again(work, patch)
        return await _approval(work.tx, tenant_id, row["approval_id"])


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
            "expires_at": work.now + LIFETIME_MAX,
        }
        await work.tx.execute(sql.patches.add_approval, {**row, "statement": None})
        work.record("patch_rejected", "patch", patch["patch_id"], {"patch_key": patch["patch_key"], "reason": reason})
        await look_again(work, patch)
        return await _approval(work.tx, tenant_id, row["approval_id"])


async def withdraw(caller: Caller, tenant_id: TenantId, approval_id: UUID, reason: str) -> Row:
    """Take back an approval or a rejection: the decision before it counts again, if there was one.

    Raises NotFound, NotAllowed (a client's contact, for what somebody else decided), Conflict (approval_withdrawn).
    """
    async with caller.work(tenant_id) as work:
        key = {"tenant_id": tenant_id, "approval_id": approval_id}
        row = await work.tx.maybe(sql.patches.approval, key)
        if row is None:
            raise NotFound("there is no such approval in this tenant", kind="approval_not_found")
        if caller.principal.role is StaffRole.CLIENT_CONTACT and row["decided_by"] != caller.actor:
            raise NotAllowed("a client's contact takes back only what it decided itself; ask a patch administrator")
        if await work.tx.execute(sql.patches.withdraw_approval, {**key, "at": work.now}) != 1:
            raise Conflict("this approval was withdrawn before", kind="approval_withdrawn")
        data = {"patch_key": row["patch_key"], "decision": row["decision"], "reason": reason}
        work.record("approval_withdrawn", "approval", approval_id, data)
        await look_again(work, row)
        return await _approval(work.tx, tenant_id, approval_id)


async def _approval(tx: Tx, tenant_id: TenantId, approval_id: object) -> Row:
    return await tx.one(sql.patches.approval, {"tenant_id": tenant_id, "approval_id": approval_id})


async def _require_fit(tx: Tx, tenant_id: TenantId, patch: Row, statement: ApprovalStatement) -> None:
    """It names this patch at this version, segments that there are, and the policy that is in force now."""
    named = {(p.provider, p.name, p.version) for p in statement.packages}
    if (patch["provider"], patch["name"], patch["version"]) not in named or "install" not in statement.actions:
        detail = f"the approval does not name the installation of {patch['name']} {patch['version']}"
        raise Invalid(detail, kind="approval_of_another")
    in_force = await tx.maybe(sql.permits.policy_in_force, {"tenant_id": tenant_id})
    if in_force is None:
        raise Conflict("the tenant has no policy, so nothing could follow from an approval", kind="policy_missing")
    if statement.policy_fingerprint != in_force["fingerprint"]:
        detail = "the policy changed since the approval was signed; look at what it says now, and sign again"
        raise Conflict(detail, kind="policy_changed", policy_fingerprint=in_force["fingerprint"])
    known = [rule.name for rule in check_policy(in_force["text"]).segments]
    unknown = [name for name in statement.segments if name not in known]
    if unknown:
        detail = f"the policy has no segment {unknown[0]!r}; it has {', '.join(known)}"
        raise Invalid(detail, kind="segment_unknown")


async def list_approvals(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.patches.approvals, {"tenant_id": tenant_id, "before": before, "limit": limit})


async def hold(caller: Caller, tenant_id: TenantId, name: str, segment: str | None, reason: str) -> Row:
    """Nothing of this patch begins in the tenant (or the segment) until somebody releases it."""
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, name)
        hold_id = await place_hold(work, patch["patch_key"], segment, reason, "person")
        return await work.tx.one(sql.patches.hold_by_id, {"tenant_id": tenant_id, "hold_id": hold_id})


async def list_holds(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "all": all_}
        return await tx.all(sql.patches.holds, given)


async def release_hold(caller: Caller, tenant_id: TenantId, hold_id: UUID, reason: str, row_version: int | None) -> Row:
    """Raises NotFound, Conflict (hold_released), Stale when somebody changed it since it was read."""
    async with caller.work(tenant_id) as work:
        released = await end_hold(work, hold_id, reason, row_version)
        if released is not None:
            return released
        row = await work.tx.maybe(sql.patches.hold_by_id, {"tenant_id": tenant_id, "hold_id": hold_id})
        if row is None:
            raise NotFound("there is no such hold in this tenant", kind="hold_not_found")
        if row["released_at"] is not None:
            raise Conflict(f"the hold was released before, by {row['released_by']}", kind="hold_released")
        raise Stale(f"the hold has version {row['row_version']} by now; read it again")
