"""Placing, proposing, changing and ending known issues. They stand for every tenant, so they need all tenants (C5).

The issue is committed first and by itself, so that no permit waits for records. Then each tenant that misses a patch
it names gets the record, and the patch is decided anew there.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.device_facts import patch_facts
from patchring.app.each_tenant import in_each_tenant
from patchring.app.errors import Conflict, NotAllowed, NotFound
from patchring.app.holds import look_again
from patchring.app.known_issues.in_force import issue_of
from patchring.app.known_issues.said import Said, check
from patchring.app.permissions import Permission
from patchring.app.principals import visible_tenants
from patchring.app.work import Work
from patchring.core.policy.known_issues import about
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.queries import Statement
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.transaction import Row

PATCHES_AT_ONCE = 1_000
_FIRST = UUID(int=0)


async def place(caller: Caller, issue_id: UUID, said: Said, source_kind: str = "person") -> Row:
    """In force when it returns. Raises Invalid (known_issue_invalid), NotAllowed, Conflict (known_issue_known)."""
    _require_all_tenants(caller)
    check(said)
    if not await _add(caller, issue_id, said, source_kind):
        text = f"a known issue called {said.name!r} stands already; end that one first, or give this another name"
        raise Conflict(text, kind="known_issue_known")
    return await _told(caller, issue_id, "known_issue_placed", said.reason)


async def take_list(caller: Caller, issues: Sequence[Said], dry_run: bool) -> dict[str, int]:
    """Issues from a list: those without one of that name are placed, those that say something else are changed. What is
    not in the list stays: a list that shrank ends nothing. Nothing is kept when one of them is not as expected.

    Raises Invalid (known_issue_invalid), NotAllowed.
    """
    _require_all_tenants(caller)
    for said in issues:
        check(said)
    async with caller.services.database.operator(Role.WEB) as tx:
        await caller.reserve(tx, caller.services.clock.now())
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for said in issues:
        counts[await _take(caller, said, dry_run)] += 1
    return counts


async def confirm(caller: Caller, issue_id: UUID) -> Row:
    """What was proposed is in force. Raises NotAllowed, NotFound, Conflict (known_issue_not_proposed)."""
    _require_all_tenants(caller)
    await _change(caller, sql.known_issues.confirm, issue_id, {}, "known_issue_not_proposed", "proposed")
    row = await _one(caller, issue_id)
    return await _told(caller, issue_id, "known_issue_placed", row["reason"])


async def end(caller: Caller, issue_id: UUID, why: str) -> Row:
    """Released; or declined, when it was only proposed. Raises NotAllowed, NotFound, Conflict (known_issue_ended)."""
    _require_all_tenants(caller)
    await _change(caller, sql.known_issues.end, issue_id, {"reason": why}, "known_issue_ended", "in force or proposed")
    return await _told(caller, issue_id, "known_issue_released", why)


async def _take(caller: Caller, said: Said, dry_run: bool) -> str:
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        before = await tx.maybe(sql.known_issues.named, {"name": said.name})
    if before is not None and said.same_as(before):
        return "unchanged"
    if dry_run:
        return "changed" if before else "added"
    if before is None:
        issue_id = new_id(caller.services.clock.now())
        if await _add(caller, issue_id, said, "import"):
            await _told(caller, issue_id, "known_issue_placed", said.reason)
            return "added"
        return await _take(caller, said, dry_run)
    row = {key: value for key, value in said.as_row().items() if key != "name"}
    wanted = {**row, "issue_id": before["issue_id"], "row_version": before["row_version"]}
    async with caller.services.database.operator(Role.WEB) as tx:
        await tx.execute(sql.known_issues.say, wanted)
    await _told(caller, before["issue_id"], "known_issue_changed", said.reason)
    return "changed"


async def _add(caller: Caller, issue_id: UUID, said: Said, source_kind: str) -> bool:
    async def once() -> bool:
        now = caller.services.clock.now()
        row = {**said.as_row(), "issue_id": issue_id, "source_kind": source_kind, "state": "in_force"}
        async with caller.services.database.operator(Role.WEB) as tx:
            added = await tx.execute(sql.known_issues.add, {**row, "at": now, "by": caller.actor}) == 1
            if added and source_kind == "person":
                await caller.reserve(tx, now)
        return added

    return await retried(once)


async def _change(
    caller: Caller, statement: Statement, issue_id: UUID, given: dict[str, Any], kind: str, expected: str
) -> None:
    async def once() -> bool:
        now = caller.services.clock.now()
        async with caller.services.database.operator(Role.WEB) as tx:
            changed = await tx.execute(statement, {"issue_id": issue_id, "at": now, "by": caller.actor, **given}) == 1
            if changed:
                await caller.reserve(tx, now)
        return changed

    if not await retried(once):
        row = await _one(caller, issue_id)
        raise Conflict(f"known issue {row['name']}: expected one that is {expected}, it is {row['state']}", kind=kind)


async def _one(caller: Caller, issue_id: UUID) -> Row:
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        row = await tx.maybe(sql.known_issues.one, {"issue_id": issue_id})
    if row is None:
        raise NotFound("there is no such known issue; `patchring known-issues list` shows them", kind="issue_not_found")
    return row


async def _told(caller: Caller, issue_id: UUID, kind: str, why: str) -> Row:
    """Every tenant that misses a patch of it gets the record; `tenant_count` says how many did."""
    row = await _one(caller, issue_id)
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    done = await in_each_tenant(caller, tenant_ids, lambda work: _tell(work, row, kind, why))
    return {**row, "tenant_count": sum(done)}


async def _tell(work: Work, row: Row, kind: str, why: str) -> int:
    keys = await look_again_at_patches_of(work, row)
    if keys:
        data = {"issue": row["name"], "reason": why, "source": row["source"], "patch_count": len(keys)}
        work.record(kind, "issue", row["issue_id"], data)
    return int(bool(keys))


async def look_again_at_patches_of(work: Work, row: Row) -> list[str]:
    """The keys of the patches that the tenant misses and the issue names; each is decided anew."""
    keys, after = [], _FIRST
    while True:
        given = {"tenant_id": work.tenant_id, "after": after, "limit": PATCHES_AT_ONCE}
        patches = await work.tx.all(sql.policy_fleet.patches, given)
        for patch in patches:
            if about([issue_of({**row, "until_on": None})], patch_facts(patch), work.now):
                keys.append(str(patch["patch_key"]))
                await look_again(work, patch)
        if len(patches) < PATCHES_AT_ONCE:
            return keys
        after = patches[-1]["patch_id"]


def _require_all_tenants(caller: Caller) -> None:
    caller.principal.require(Permission.KNOWN_ISSUES_WRITE)
    if caller.principal.tenant_ids is not None:
        raise NotAllowed("a known issue stands for every tenant, so somebody who was given all tenants decides on it")
