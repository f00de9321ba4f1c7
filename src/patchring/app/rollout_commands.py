"""What people do with rollouts: look, start, halt, resume, roll back, abandon. The state table says what may follow.

A halt commits its stop first, so it holds before any worker has looked. Resuming accepts the failures that were seen:
they are counted apart, so that they do not halt again at once.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.decisions import holds_in_force
from patchring.app.errors import Conflict, NotFound
from patchring.app.gate.stopping import facet_keys
from patchring.app.holds import place_hold
from patchring.app.patches import find_patch
from patchring.app.rollouts import NotStarted, create_rollout
from patchring.app.stop_commands import lift
from patchring.app.stops import (
    EVERYTHING,
    lift_stop,
    patch_stop,
    place_stop,
    ring_stop,
    rollout_stop,
    stops_in_force,
    tenant_stop,
)
from patchring.app.work import Work
from patchring.core.ids import PatchId, RolloutId, TenantId
from patchring.core.policy.model import HaltScope
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
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.store.transaction import Row

_WRONG = (DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED)


async def list_rollouts(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int, state: str) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "before": before, "limit": limit, "state": state}
        return await tx.all(sql.commands.rollouts, given)


async def show_rollout(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId) -> Row:
    """The rollout with its rings and the stops in force that concern it. Raises NotFound."""
    key = {"tenant_id": tenant_id, "rollout_id": rollout_id}
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.commands.rollout, key)
        if row is None:
            raise _not_found(rollout_id)
        rings = await tx.all(sql.commands.rings, key)
        keys = [EVERYTHING, patch_stop(row["patch_key"]), tenant_stop(tenant_id), rollout_stop(rollout_id)]
        keys += [ring_stop(rollout_id, ring["ring"]) for ring in rings]
        facets = [part["facet"] for part in await tx.all(sql.gate.parts, key)]
        keys += facet_keys(row["patch_key"], tenant_id, facets)
        return {**row, "rings": rings, "stopped_by": await stops_in_force(tx, keys)}


async def list_rollout_devices(
    caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, after: tuple[int, int, UUID], limit: int, state: str
) -> list[Row]:
    key = {"tenant_id": tenant_id, "rollout_id": rollout_id}
    async with caller.reading(tenant_id) as tx:
        if await tx.maybe(sql.commands.rollout, key) is None:
            raise _not_found(rollout_id)
        place = {
            "after_ring": after[0],
            "after_position": after[1],
            "after_id": after[2],
            "limit": limit,
            "state": state,
        }
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
    """Nothing of this rollout begins after the answer; what lies offered is withdrawn by a worker.

    The stop is committed by itself before anything waits for the rollout's row, which a worker may hold.
    """
    before = await show_rollout(caller, tenant_id, rollout_id)
    _after(before, RolloutEvent.HALTED, "halted")
    await _stop_at_once(caller, rollout_id, why)
    async with caller.work(tenant_id) as work:
        await _halt(work, rollout_id, why)
    return await show_rollout(caller, tenant_id, rollout_id)


async def resume(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """Go on after a halt: its own stops are lifted with it, holds and what others stopped are not.

    A stop of the patch at every tenant is lifted by who may do that; `stopped_by` of the answer says what is left.
    """
    async with caller.work(tenant_id) as work:
        row = await _move(work, rollout_id, RolloutEvent.RESUMED, "resumed", why)
        keys = [rollout_stop(rollout_id)]
        for ring in await work.tx.all(sql.commands.rings, _key(work, rollout_id)):
            keys.append(ring_stop(rollout_id, ring["ring"]))
            if ring["state"] == RingState.HALTED:
                await _reopen(work, rollout_id, ring, why)
        keys += [tenant_stop(tenant_id)] if row["halt_scope"] == HaltScope.TENANT else []
        for key in keys:
            await lift_stop(work.tx, key, why, caller.actor, work.now)
        await work.tx.execute(
            sql.rollouts.set_halt, {**_key(work, rollout_id), "halt_scope": None, "halt_source": None}
        )
    if row["halt_scope"] == HaltScope.PATCH and caller.principal.may_stop_all:
        with suppress(NotFound):  # somebody lifted it before
            await lift(replace(caller, command=None), patch_stop(row["patch_key"]), why)
    return await show_rollout(caller, tenant_id, rollout_id)


async def roll_back(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """Take the patch back where the policy's remedy says so. A running rollout is halted first. The tenant's devices
    miss the patch again then, so it is held until a person releases it."""
    before = await show_rollout(caller, tenant_id, rollout_id)
    if before["state"] != RolloutState.HALTED:
        _after(before, RolloutEvent.HALTED, "rolled back")
        await _stop_at_once(caller, rollout_id, why)
    async with caller.work(tenant_id) as work:
        await _halt(work, rollout_id, why)
        await work.tx.execute(sql.commands.request_rollback, {**_key(work, rollout_id), "by": caller.actor})
        work.record("rollback_requested", "rollout", rollout_id, {"reason": why, "patch_key": before["patch_key"]})
        held = await holds_in_force(work.tx, tenant_id, before["patch_key"])
        if all(hold.segment is not None for hold in held):
            await place_hold(work, before["patch_key"], None, f"taken back: {why}", "person")
        work.wake("rollout", rollout_id)
    return await show_rollout(caller, tenant_id, rollout_id)


async def abandon(caller: Caller, tenant_id: TenantId, rollout_id: RolloutId, why: str) -> Row:
    """End it where it is; what was installed stays, nothing new begins."""
    async with caller.work(tenant_id) as work:
        await _move(work, rollout_id, RolloutEvent.ABANDONED, "abandoned", why)
        await place_stop(work.tx, rollout_stop(rollout_id), why, caller.actor, work.now)
    return await show_rollout(caller, tenant_id, rollout_id)


async def _stop_at_once(caller: Caller, rollout_id: RolloutId, why: str) -> None:
    async def once() -> None:
        async with caller.services.database.operator(Role.WEB) as tx:
            await place_stop(tx, rollout_stop(rollout_id), why, caller.actor, caller.services.clock.now())

    await retried(once)


async def _halt(work: Work, rollout_id: RolloutId, why: str) -> None:
    """Move it to halted, unless it halted by itself meanwhile: then the halt is the failure's, and so is its scope."""
    locked = await work.tx.one(sql.rollouts.load, _key(work, rollout_id))
    if locked["state"] == RolloutState.HALTED:
        return
    await _move(work, rollout_id, RolloutEvent.HALTED, "halted", why)
    halted = {"halt_scope": HaltScope.ROLLOUT, "halt_source": "person"}
    await work.tx.execute(sql.rollouts.set_halt, {**_key(work, rollout_id), **halted})


async def _move(work: Work, rollout_id: RolloutId, event: RolloutEvent, past: str, why: str) -> Row:
    """Lock the rollout, move it by the table, record it, wake a worker. Raises NotFound, Conflict."""
    key = _key(work, rollout_id)
    if await work.tx.maybe(sql.rollouts.load, key) is None:
        raise _not_found(rollout_id)
    row = await work.tx.one(sql.commands.rollout, key)
    state = _after(row, event, past)
    reasons = Jsonb(as_json([reason(past, f"{past} by {work.actor}: {why}")]))
    await work.tx.execute(sql.rollouts.set_state, {**key, "state": state, "reasons": reasons, "at": work.now})
    work.record(f"rollout_{past}", "rollout", rollout_id, {"reason": why, "patch_key": row["patch_key"]})
    work.wake("rollout", rollout_id)
    return row


def _after(row: Row, event: RolloutEvent, past: str) -> RolloutState:
    """The state that follows. Raises Conflict (illegal_move)."""
    try:
        return rollout_after(RolloutState(row["state"]), event)
    except IllegalMove as illegal:
        raise Conflict(f"the rollout is {row['state']}, so it cannot be {past}", kind="illegal_move") from illegal


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
