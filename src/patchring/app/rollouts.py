"""Rollouts begin here, by the policy's word (worker) or a person's (API). A patch has one open rollout in a tenant."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment, Undecided, assess
from patchring.app.evidence import Pooling, expect_devices
from patchring.app.placement import Placed, fill_places, find_places
from patchring.app.releases import find_succession
from patchring.app.work import Work
from patchring.core.ids import CampaignId, PatchId, RolloutId
from patchring.core.reason import Reason, as_json, counted, reason
from patchring.core.rollout.states import RingState, RolloutEvent, RolloutState, rollout_after
from patchring.store import sql
from patchring.store.ids import new_id

ENDED_FOR_GOOD = frozenset({RolloutState.ROLLED_BACK, RolloutState.ABANDONED})
ENDED = ENDED_FOR_GOOD | {RolloutState.COMPLETED}


@dataclass(frozen=True)
class Started:
    """There is a rollout now; it waits for approval or runs as soon as a worker has looked at it."""

    rollout_id: RolloutId
    device_count: int


@dataclass(frozen=True)
class NotStarted:
    """Why there is none."""

    reasons: tuple[Reason, ...]


async def create_rollout(work: Work, patch_id: PatchId, by_person: bool = False) -> Started | NotStarted:
    """A new rollout of a patch of this tenant over the devices that miss it, with its rings, in one transaction.

    Works under the roles web and dispatcher. `by_person`: somebody asked for it, so neither the level of automation nor
    a rollout that was abandoned stands against it; holds and blocks do, and what needs approval waits for it. An older
    release in the middle of its rollout is waited for or replaced, as the policy says (releases.py).
    """
    await lock_patch(work, patch_id)
    assessment = await assess(work.tx, work.tenant_id, patch_id, work.now)
    if isinstance(assessment, Undecided):
        return NotStarted((assessment.reason,))
    newest = await work.tx.maybe(sql.rollouts.newest_of_patch, _patch(work, patch_id))
    state = RolloutState(newest["state"]) if newest else None
    against = reasons_against(assessment, state, by_person)
    if against:
        return NotStarted(against)
    found = await find_succession(work, assessment)
    if found.waits_for:
        return NotStarted(found.waits_for)
    return await _create(work, assessment, assessment.going if by_person else assessment.prepared)


def reasons_against(assessment: Assessment, newest: RolloutState | None, by_person: bool = False) -> tuple[Reason, ...]:
    """What stands against a new rollout; empty: nothing. `newest` is the state of the newest rollout there was."""
    if newest is not None and newest not in ENDED:
        return (reason("rollout_open", f"there is a rollout of this patch already, it is {newest}"),)
    if not assessment.going:
        return _once(each for found in assessment.decisions.values() for each in found.reasons)
    if assessment.standing(None) is False:
        return (reason("rejected", "a person rejected this patch"),)
    if by_person:
        return ()
    if newest is RolloutState.ABANDONED:
        return (reason("abandoned_before", "a rollout of it was abandoned, so a person has to start the next one"),)
    if not assessment.prepared:
        return (reason("only_recommended", "the policy only recommends it, so a person has to start it"),)
    return ()


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Segments often say the same; each sentence once, in its order."""
    return tuple({each.text: each for each in reasons}.values())


TAKES_MORE = frozenset(
    {RolloutState.AWAITING_APPROVAL, RolloutState.RUNNING, RolloutState.HALTED, RolloutState.COMPLETED}
)


async def join_rollout(work: Work, assessment: Assessment, rollout_id: RolloutId) -> int:
    """Put devices that came later into the rings where they belong (R9); how many. One that was done runs again.

    Locks the rollout, so that it is not found complete while devices join it.
    """
    state = RolloutState((await work.tx.one(sql.rollouts.load, _rollout(work, rollout_id)))["state"])
    if state not in TAKES_MORE or (state in ENDED and reasons_against(assessment, state)):
        return 0
    rings = await work.tx.all(sql.rollouts.rings, _rollout(work, rollout_id))
    known = {segment for ring in rings for segment in ring["segments"]}
    places = await find_places(work, assessment, rollout_id, assessment.prepared | (known & assessment.going))
    if not places.kinds:
        return 0
    await _add_rings(work, assessment, rollout_id)
    placed = await fill_places(work, places)
    if state is RolloutState.COMPLETED:
        why = reason(
            "devices_joined", f"{counted(placed.device_count, 'device')} came later", devices=placed.device_count
        )
        change = {"state": rollout_after(state, RolloutEvent.REOPENED), "reasons": Jsonb(as_json([why]))}
        await work.tx.execute(sql.rollouts.set_state, {**_rollout(work, rollout_id), **change, "at": work.now})
    data = {"patch_key": assessment.patch.patch_key, **_numbers(placed)}
    work.record("devices_joined_rollout", "rollout", rollout_id, data, assessment.policy.fingerprint)
    work.wake("rollout", rollout_id)
    work.wake("gate", rollout_id)
    return placed.device_count


async def lock_patch(work: Work, patch_id: UUID) -> None:
    """Held to the end of the transaction: nobody else decides about this patch of this tenant meanwhile."""
    await _lock(work, f"patchring.rollouts:{work.tenant_id}:{patch_id}")


async def _lock(work: Work, name: str) -> None:
    lock_id = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    await work.tx.execute(sql.rollouts.lock, {"lock_id": lock_id})


async def _create(work: Work, assessment: Assessment, segments: Collection[str]) -> Started | NotStarted:
    rollout_id = RolloutId(new_id(work.now))
    places = await find_places(work, assessment, rollout_id, segments)
    if not places.kinds:
        return NotStarted((reason("nobody_misses_it", "no device that may have it misses this patch"),))
    campaign_id = await _campaign(work, assessment.patch.patch_key)
    row = {
        "campaign_id": campaign_id,
        "patch_id": assessment.patch_id,
        "policy_version_id": assessment.policy_version_id,
        "state": RolloutState.AWAITING_APPROVAL,
        "reasons": Jsonb([]),
        "created_by": work.actor,
    }
    await work.tx.execute(sql.rollouts.add, {**_rollout(work, rollout_id), **row, "at": work.now})
    await work.tx.execute(sql.rollouts.join_campaign, {**_rollout(work, rollout_id), "campaign_id": campaign_id})
    await _add_rings(work, assessment, rollout_id)
    placed = await fill_places(work, places)
    patch_id, patch_key = PatchId(assessment.patch_id), assessment.patch.patch_key
    await expect_devices(work, Pooling(rollout_id, campaign_id, patch_id, patch_key))
    data = {"patch_key": patch_key, "title": assessment.patch.title, **_numbers(placed)}
    work.record("rollout_created", "rollout", rollout_id, data, assessment.policy.fingerprint)
    work.wake("rollout", rollout_id)
    work.wake("gate", rollout_id)
    return Started(rollout_id, placed.device_count)


async def _campaign(work: Work, patch_key: str) -> CampaignId:
    """The newest campaign of the patch that this tenant is not in yet, else a new one.

    Two tenants that come at once make one: the second waits for the first, and looks again.
    """
    wanted = {"tenant_id": work.tenant_id, "patch_key": patch_key}
    found = await work.tx.maybe(sql.rollouts.free_campaign, wanted)
    if found is None:
        await _lock(work, f"patchring.campaigns:{patch_key}")
        found = await work.tx.maybe(sql.rollouts.free_campaign, wanted)
    if found is not None:
        return CampaignId(found["campaign_id"])
    campaign_id = CampaignId(new_id(work.now))
    row = {"campaign_id": campaign_id, "patch_key": patch_key, "created_by": "patchring", "at": work.now}
    await work.tx.execute(sql.rollouts.add_campaign, row)
    return campaign_id


async def _add_rings(work: Work, assessment: Assessment, rollout_id: RolloutId) -> None:
    rows = [{"ring": ring.number, "name": ring.name} for ring in assessment.policy.rings]
    first = {"state": RingState.WAITING, "at": work.now, "rows": Jsonb(rows)}
    await work.tx.execute(sql.rollouts.add_rings, {**_rollout(work, rollout_id), **first})


def _numbers(placed: Placed) -> dict[str, object]:
    rings: dict[str, int] = {}
    for (ring, _), count in sorted(placed.counts.items()):
        rings[str(ring)] = rings.get(str(ring), 0) + count
    return {"device_count": placed.device_count, "rings": rings}


def _rollout(work: Work, rollout_id: UUID) -> dict[str, object]:
    return {"tenant_id": work.tenant_id, "rollout_id": rollout_id}


def _patch(work: Work, patch_id: UUID) -> dict[str, object]:
    return {"tenant_id": work.tenant_id, "patch_id": patch_id}
