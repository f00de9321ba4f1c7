"""What people do with rollouts: look, start, halt, resume, roll back, abandon. The state table says what may follow.

A halt places its stop in the same transaction, so it holds from its commit on, before any worker has looked. Resuming
accepts the failures that were seen: they are counted apart, so that they do not halt again at once.
"""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, NotFound
from patchring.app.patches import find_patch
from patchring.app.rollouts import NotStarted, create_rollout
from patchring.app.stops import lift_stop, patch_stop, place_stop, rollout_stop, tenant_stop
from patchring.app.work import Work
from patchring.core.ids import PatchId, RolloutId, TenantId
from patchring.core.reason import as_json, reason
from patchring.core.rollout.states import (
    DeviceState,
    IllegalMove,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    ring_after,
    rollout_after,
)
from patchring.store import sql
from patchring.store.transaction import Row

_WRONG = (DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED)


async def list_rollouts(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, state: str) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "state": state}
        return await tx.all(sql.commands.rollouts, given)


async def show_rollout(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId) -> Row:
    """The rollout with its rings. Raises NotFound."""
    key = {"tenant_id": tenant_id, "rollout_id": rollout_id}
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.commands.rollout, key)
        if row is None:
            raise _not_found(rollout_id)
        return {**row, "rings": await tx.all(sql.commands.rings, key)}


async def list_rollout_devices(
    caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, after: tuple[int, int], limit: int, state: str
) -> list[Row]:
    key = {"tenant_id": tenant_id, "rollout_id": rollout_id}
    async with caller.reading(tenant_id) as tx:
        if await tx.maybe(sql.commands.rollout, key) is None:
            raise _not_found(rollout_id)
        place = {"after_ring": after[0], "after_position": after[1], "limit": limit, "state": state}
        return await tx.all(sql.commands.devices, {**key, **place})


async def start(caller: Caller, tenant_id: TenantId, patch_name: str) -> Row:
    """A rollout that a person asks for. Raises Conflict with the reasons when nothing was started."""
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, patch_name)
        outcome = await create_rollout(work, PatchId(patch["patch_id"]), by_person=True)
        if isinstance(outcome, NotStarted):
            detail = "no rollout was started: " + "; ".join(each.text for each in outcome.reasons)
            raise Conflict(detail, kind="rollout_not_started", reasons=as_json(outcome.reasons))
        return {"rollout_id": outcome.rollout_id, "device_count": outcome.device_count}


async def halt(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """Nothing of this rollout begins after the commit; what lies offered is withdrawn by a worker."""
    async with caller.work(tenant_id) as work:
        await _move(work, rollout_id, RolloutEvent.HALTED, "halted", why)
        halted = {"tenant_id": tenant_id, "rollout_id": rollout_id, "halt_scope": "rollout", "halt_source": "person"}
        await work.tx.execute(sql.rollouts.set_halt, halted)
        await place_stop(work.tx, rollout_stop(rollout_id), why, caller.actor, work.now)
        return {"rollout_id": rollout_id, "state": RolloutState.HALTED}


async def resume(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """Go on after a halt; the stops that the halt placed are lifted with it, holds are not."""
    async with caller.work(tenant_id) as work:
        row = await _move(work, rollout_id, RolloutEvent.RESUMED, "resumed", why)
        for ring in await work.tx.all(sql.commands.rings, _key(work, rollout_id)):
            if ring["state"] == RingState.HALTED:
                await _reopen(work, rollout_id, ring, why)
        keys = {"rollout": rollout_stop(rollout_id), "patch": patch_stop(row["patch_key"])}
        keys["tenant"] = tenant_stop(tenant_id)
        for scope in {"rollout", row["halt_scope"]} & set(keys):
            await lift_stop(work.tx, keys[scope], why, caller.actor, work.now)
        return {"rollout_id": rollout_id, "state": RolloutState.RUNNING}


async def roll_back(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """Take the patch back where the policy's remedy says so. A running rollout is halted first."""
    async with caller.work(tenant_id) as work:
        row = await work.tx.maybe(sql.commands.rollout, _key(work, rollout_id))
        if row is None:
            raise _not_found(rollout_id)
        if row["state"] != RolloutState.HALTED:
            await _move(work, rollout_id, RolloutEvent.HALTED, "halted", why)
            halted = {"halt_scope": "rollout", "halt_source": "person"}
            await work.tx.execute(sql.rollouts.set_halt, {**_key(work, rollout_id), **halted})
            await place_stop(work.tx, rollout_stop(rollout_id), why, caller.actor, work.now)
        await work.tx.execute(sql.commands.request_rollback, {**_key(work, rollout_id), "by": caller.actor})
        work.record("rollback_requested", "rollout", rollout_id, {"reason": why})
        work.wake("rollout", rollout_id)
        return {"rollout_id": rollout_id, "state": RolloutState.HALTED}


async def abandon(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """End it where it is; what was installed stays, nothing new begins."""
    async with caller.work(tenant_id) as work:
        await _move(work, rollout_id, RolloutEvent.ABANDONED, "abandoned", why)
        await place_stop(work.tx, rollout_stop(rollout_id), why, caller.actor, work.now)
        return {"rollout_id": rollout_id, "state": RolloutState.ABANDONED}


async def _move(work: Work, rollout_id: RolloutId, event: RolloutEvent, past: str, why: str) -> Row:
    """Lock the rollout, move it by the table, record it, wake a worker. Raises NotFound, Conflict."""
    key = _key(work, rollout_id)
    if await work.tx.maybe(sql.rollouts.load, key) is None:
        raise _not_found(rollout_id)
    row = await work.tx.one(sql.commands.rollout, key)
    try:
        state = rollout_after(RolloutState(row["state"]), event)
    except IllegalMove as illegal:
        raise Conflict(f"the rollout is {row['state']}, so it cannot be {past}", kind="illegal_move") from illegal
    reasons = Jsonb(as_json([reason(past, f"{past} by {work.actor}: {why}")]))
    await work.tx.execute(sql.rollouts.set_state, {**key, "state": state, "reasons": reasons, "at": work.now})
    work.record(f"rollout_{past}", "rollout", rollout_id, {"reason": why, "patch_key": row["patch_key"]})
    work.wake("rollout", rollout_id)
    return row


async def _reopen(work: Work, rollout_id: RolloutId, ring: Row, why: str) -> None:
    wrong = sum(ring["counts"].get(state, 0) for state in _WRONG)
    at = {**_key(work, rollout_id), "ring": ring["ring"]}
    await work.tx.execute(sql.rollouts.forgive, {**at, "forgiven_count": wrong})
    text = f"Ring {ring['ring']} goes on: {wrong} failures accepted by {work.actor}: {why}"
    change: dict[str, Any] = {"state": ring_after(RingState(ring["state"]), RingEvent.RESUMED), "at": work.now}
    reasons = Jsonb(as_json([reason("ring_resumed", text, forgiven=wrong)]))
    await work.tx.execute(sql.rollouts.set_ring_state, {**at, **change, "reasons": reasons, "soak_until_at": None})


def _key(work: Work, rollout_id: RolloutId) -> dict[str, Any]:
    return {"tenant_id": work.tenant_id, "rollout_id": rollout_id}


def _not_found(rollout_id: UUID) -> NotFound:
    return NotFound(f"there is no rollout {rollout_id} in this tenant", kind="rollout_not_found")
