"""A newer release in the middle of an older one's rollout (R10): loads what core's `succession` weighs, and does it."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment
from patchring.app.device_facts import patch_facts
from patchring.app.work import Work
from patchring.core.policy.model import Outcome
from patchring.core.reason import as_json
from patchring.core.rollout.states import (
    IN_FLIGHT,
    DeviceState,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    ring_after,
    rollout_after,
)
from patchring.core.rollout.succession import (
    Ending,
    OlderRing,
    OlderRollout,
    Release,
    Succession,
    earlier_releases,
    releases_behind,
    succession,
)
from patchring.store import sql

# A tenant that saw more releases of one update than this is shown the newest of them.
RELEASES_MAX = 1_000
_OPEN = frozenset({RolloutState.AWAITING_APPROVAL, RolloutState.RUNNING})


async def find_succession(work: Work, assessment: Assessment) -> Succession:
    """What this patch does about open rollouts of older releases of the same update."""
    patch = assessment.patch
    if patch.update_id:
        return Succession()
    same = {"provider": patch.provider, "name": patch.name, "patch_id": assessment.patch_id, "limit": RELEASES_MAX}
    rows = await work.tx.all(sql.releases.of_update, {"tenant_id": work.tenant_id, **same})
    ids = {row["patch_key"]: row["patch_id"] for row in rows}
    earlier = earlier_releases(patch, [Release(patch_facts(row), row["verified"]) for row in rows])
    if not earlier:
        return Succession()
    wanted = {"tenant_id": work.tenant_id, "patch_ids": [ids[each.patch.patch_key] for each in earlier]}
    before = [_older(row) for row in await work.tx.all(sql.releases.open_rollouts, wanted)]
    expedited = any(found.outcome is Outcome.EXPEDITE for found in assessment.decisions.values())
    return succession(assessment.policy.releases, expedited, releases_behind(earlier), before)


def _older(row: dict[str, Any]) -> OlderRollout:
    rings, unsettled_count = [], 0
    for ring in row["rings"] or ():
        counts = {DeviceState(state): int(count) for state, count in ring["counts"].items()}
        state, verified = RingState(ring["state"]), counts.get(DeviceState.VERIFIED, 0)
        rings.append(OlderRing(state, verified, int(ring["device_count"])))
        unsettled_count += sum(counts.get(each, 0) for each in (DeviceState.WAITING, *IN_FLIGHT))
    return OlderRollout(row["rollout_id"], row["version"], RolloutState(row["state"]), tuple(rings), unsettled_count)


async def take_over(work: Work, assessment: Assessment, rollout_id: UUID) -> bool:
    """When a rollout starts: end what gives way, and let its rings that are carried over count as passed; whether
    anything was done. One that still waits for approval ends nothing, because it may be rejected."""
    found = await find_succession(work, assessment)
    for ending in found.ends:
        await _end(work, assessment, ending)
    for ring, why in found.carried:
        key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id, "ring": ring}
        reasons = as_json([why])
        change = {"state": ring_after(RingState.WAITING, RingEvent.PASSED), "reasons": Jsonb(reasons), "at": work.now}
        if await work.tx.execute(sql.rollouts.set_ring_state, {**key, **change, "soak_until_at": None}):
            data = {"patch_key": assessment.patch.patch_key, "ring": ring, "reasons": reasons}
            work.record("ring_passed", "rollout", rollout_id, data, assessment.policy.fingerprint)
    return bool(found.ends or found.carried)


async def _end(work: Work, assessment: Assessment, ending: Ending) -> None:
    """Unless it ended, or was halted, meanwhile. A worker takes back what it still offers."""
    key = {"tenant_id": work.tenant_id, "rollout_id": ending.rollout_id}
    row = await work.tx.one(sql.rollouts.load, key)
    state = RolloutState(row["state"])
    if state not in _OPEN:
        return
    reasons = as_json([ending.reason])
    change = {"state": rollout_after(state, RolloutEvent.ABANDONED), "reasons": Jsonb(reasons), "at": work.now}
    await work.tx.execute(sql.rollouts.set_state, {**key, **change})
    data = {"reasons": reasons, "replaced_by": assessment.patch.patch_key}
    work.record("rollout_abandoned", "rollout", ending.rollout_id, data, assessment.policy.fingerprint)
    work.wake("rollout", ending.rollout_id)


async def wake_other_releases(work: Work, patch_id: UUID) -> None:
    """Other releases of the same update are decided anew: they may have waited for the rollout of this one."""
    key = {"tenant_id": work.tenant_id, "patch_id": patch_id, "limit": RELEASES_MAX}
    for row in await work.tx.all(sql.releases.others_missing, key):
        work.wake("patch", row["patch_id"])
