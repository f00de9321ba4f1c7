"""What a patch administrator decides once about a patch over many tenants, and what each tenant makes of it (A6).

A proposal is kept first; then each tenant that the proposer was given answers by its own policy, in a transaction of
its own with its own record. What a policy takes is done by the code that does it for a person; the same right is asked
for. A tenant that answered is not asked again, also not by a later policy.
"""

from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.each_tenant import in_each_tenant
from patchring.app.errors import Conflict, NotAllowed, NotFound
from patchring.app.holds import end_hold, place_hold
from patchring.app.permissions import Permission
from patchring.app.permits.authorities import read_policy
from patchring.app.principals import visible_tenants
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.core.policy.proposals import AnswerState, answer
from patchring.core.policy.reception import ProposalKind
from patchring.store import sql
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.transaction import Row

# Nobody proposes or accepts what he could not decide himself.
RIGHTS = {
    ProposalKind.HOLD: Permission.HOLDS_WRITE,
    ProposalKind.EXPEDITE: Permission.PATCHES_APPROVE,
    ProposalKind.APPROVE: Permission.PATCHES_APPROVE,
}
_EVENTS = {
    AnswerState.TAKEN: "proposal_taken",
    AnswerState.OPEN: "proposal_opened",
    AnswerState.REFUSED: "proposal_refused",
    AnswerState.ACCEPTED: "proposal_accepted",
    AnswerState.DECLINED: "proposal_declined",
}


async def propose(caller: Caller, proposal_id: UUID, kind: ProposalKind, patch_key: str, reason: str) -> Row:
    """Every tenant of the caller has answered when it returns; called again with the same id, it goes on where it was
    left. The answer counts the tenants by what they made of it.

    Raises NotAllowed; NotFound (tenant_not_found) without any tenant, (patch_not_found) for a patch of none of them.
    """
    caller.principal.require(RIGHTS[kind])
    tenant_ids = await _tenants(caller)
    await _require_known(caller, tenant_ids, patch_key)

    async def keep() -> None:
        now = caller.services.clock.now()
        row = {"proposal_id": proposal_id, "patch_key": patch_key, "kind": kind.value, "reason": reason}
        async with caller.services.database.operator(Role.WEB) as tx:
            if await tx.execute(sql.proposals.add, {**row, "source": "person", "at": now, "by": caller.actor}) == 1:
                await caller.reserve(tx, now)

    await retried(keep)
    await in_each_tenant(caller, tenant_ids, lambda work: _put_to(work, proposal_id))
    return await _shown(caller, tenant_ids, proposal_id)


async def withdraw(caller: Caller, proposal_id: UUID, reason: str) -> Row:
    """Nobody can accept it any more, and the holds that came of it are released, but for those that a person released
    before; `released_count` says how many. Doing it again finishes what was left.

    Raises NotFound, NotAllowed for who neither made it nor has all tenants.
    """
    tenant_ids = await _tenants(caller)
    shown = await _shown(caller, tenant_ids, proposal_id)
    if caller.principal.tenant_ids is not None and shown["proposed_by"] != caller.actor:
        raise NotAllowed("a proposal is withdrawn by who made it, or by somebody who was given all tenants")

    async def keep() -> None:
        now = caller.services.clock.now()
        change = {"proposal_id": proposal_id, "at": now, "by": caller.actor, "reason": reason}
        async with caller.services.database.operator(Role.WEB) as tx:
            if await tx.execute(sql.proposals.withdraw, change) == 1:
                await caller.reserve(tx, now)

    await retried(keep)
    done = await in_each_tenant(caller, tenant_ids, lambda work: _take_back(work, proposal_id, reason))
    return {**await _shown(caller, tenant_ids, proposal_id), "released_count": sum(done)}


async def respond(caller: Caller, tenant_id: TenantId, proposal_id: UUID, accept: bool, reason: str) -> Row:
    """A person of the tenant answers what its policy left open. Accepting a hold places it; accepting the rest says yes
    and lets nothing go: that takes a signed approval as always.

    Raises NotFound, NotAllowed, Conflict (proposal_withdrawn, proposal_answered).
    """
    async with caller.work(tenant_id) as work:
        key = {"tenant_id": tenant_id, "proposal_id": proposal_id}
        before = await work.tx.maybe(sql.proposals.answer_locked, key)
        if before is None:
            raise NotFound("there is no such proposal in this tenant", kind="proposal_not_found")
        proposal = await work.tx.maybe(sql.proposals.standing, {"proposal_id": proposal_id})
        if proposal is None:
            raise Conflict("the proposal was withdrawn; nothing has to be answered", kind="proposal_withdrawn")
        if accept:
            caller.principal.require(RIGHTS[ProposalKind(proposal["kind"])])
        state = AnswerState.ACCEPTED if accept else AnswerState.DECLINED
        change = {"state": state.value, "at": work.now, "by": caller.actor, "reason": reason}
        if await work.tx.execute(sql.proposals.decide, {**key, **change}) != 1:
            raise _answered(before)
        data = {"patch_key": proposal["patch_key"], "kind": proposal["kind"], "reason": reason}
        work.record(_EVENTS[state], "proposal", proposal_id, data)
        if accept and proposal["kind"] == ProposalKind.HOLD:
            await _hold(work, proposal)
        return await work.tx.one(sql.proposals.of_tenant, {**key, "before": None, "all": True, "limit": 1})


async def list_proposals(caller: Caller, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    """Those that were put to a tenant of the caller, newest first, with what his tenants made of them."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    if not tenant_ids:
        return []
    given = {"tenant_ids": tenant_ids, "proposal_id": None, "before": before, "limit": limit, "all": all_}
    async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        return await tx.all(sql.proposals.across, given)


async def list_answers(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, all_: bool) -> list[Row]:
    """Proposals that were put to the tenant, newest first, each with its answer."""
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "proposal_id": None, "before": before, "limit": limit, "all": all_}
        return await tx.all(sql.proposals.of_tenant, given)


async def _put_to(work: Work, proposal_id: UUID) -> int:
    """The tenant's policy answers, once; a policy that is not signed as it has to be answers nothing."""
    proposal = await work.tx.maybe(sql.proposals.standing, {"proposal_id": proposal_id})
    if proposal is None:
        return 0
    in_force = await read_policy(work.tx, work.tenant_id, work.now)
    found = answer(in_force.policy, ProposalKind(proposal["kind"]))
    version = await work.tx.maybe(sql.permits.policy_in_force, {"tenant_id": work.tenant_id})
    row = {
        "tenant_id": work.tenant_id,
        "proposal_id": proposal_id,
        "state": found.state.value,
        "reason": found.reason.text,
        "policy_version_id": version["policy_version_id"] if version and in_force.policy else None,
        "rule": found.rule,
        "line": found.line,
        "at": work.now,
    }
    if await work.tx.execute(sql.proposals.add_answer, row) != 1:
        return 0
    data = {"patch_key": proposal["patch_key"], "kind": proposal["kind"], "reason": proposal["reason"]}
    fingerprint = in_force.policy.fingerprint if in_force.policy else ""
    told = {**data, "answer": found.reason.text, "rule": found.rule, "line": found.line}
    work.record(_EVENTS[found.state], "proposal", proposal_id, told, fingerprint)
    if found.state is AnswerState.TAKEN:
        await _hold(work, proposal)
    return 1


async def _hold(work: Work, proposal: Row) -> None:
    assert proposal["kind"] == ProposalKind.HOLD, f"a proposal to {proposal['kind']} places no hold"
    reason = f"proposal {proposal['proposal_id']} of the MSP: {proposal['reason']}"
    hold_id = await place_hold(work, proposal["patch_key"], None, reason, "msp")
    key = {"tenant_id": work.tenant_id, "proposal_id": proposal["proposal_id"]}
    await work.tx.execute(sql.proposals.held, {**key, "hold_id": hold_id})


async def _take_back(work: Work, proposal_id: UUID, reason: str) -> int:
    """1 when a hold was released with it. A tenant is told once."""
    key = {"tenant_id": work.tenant_id, "proposal_id": proposal_id}
    before = await work.tx.maybe(sql.proposals.answer_locked, key)
    if before is None or await work.tx.execute(sql.proposals.told_withdrawn, {**key, "at": work.now}) != 1:
        return 0
    released = None
    if before["hold_id"] is not None:
        released = await end_hold(work, before["hold_id"], f"proposal {proposal_id} was withdrawn: {reason}")
    proposal = await work.tx.one(sql.proposals.one, {"proposal_id": proposal_id})
    data = {"patch_key": proposal["patch_key"], "kind": proposal["kind"], "reason": reason}
    work.record("proposal_withdrawn", "proposal", proposal_id, {**data, "hold_released": released is not None})
    return int(released is not None)


async def _tenants(caller: Caller) -> list[TenantId]:
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    if not tenant_ids:
        raise NotFound("you were given no tenant to which a proposal could be put", kind="tenant_not_found")
    return tenant_ids


async def _require_known(caller: Caller, tenant_ids: list[TenantId], patch_key: str) -> None:
    async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        wanted = {"tenant_ids": tenant_ids, "patch_keys": [patch_key]}
        known = await tx.maybe(sql.page.patches_named, wanted)
    if known is None:
        detail = (
            f"none of your tenants knows a patch {patch_key!r}; `patchring patches list` shows keys. What nobody has "
            "seen yet is kept back with `patchring halt --key patch:KEY`"
        )
        raise NotFound(detail, kind="patch_not_found")


async def _shown(caller: Caller, tenant_ids: list[TenantId], proposal_id: UUID) -> dict[str, Any]:
    """Raises NotFound for what was put to no tenant of the caller."""
    given = {"tenant_ids": tenant_ids, "proposal_id": proposal_id, "before": None, "limit": 1, "all": True}
    async with caller.services.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        row = await tx.maybe(sql.proposals.across, given)
    if row is None:
        raise NotFound("there is no such proposal among the tenants you were given", kind="proposal_not_found")
    return dict(row)


def _answered(before: Row) -> Conflict:
    who = f", by {before['decided_by']}" if before["decided_by"] else " by the tenant's policy"
    return Conflict(f"the proposal was {before['state']} before{who}", kind="proposal_answered")
