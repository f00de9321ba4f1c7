"""Loads what core's `reconcile` is shown of a rollout: counts that the transactions kept, never a list of devices."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment, Undecided, assess, read_policy_text
from patchring.app.gate.doubts import gate_doubts
from patchring.app.stops import EVERYTHING, patch_stop, rollout_stop, stops_in_force, tenant_stop
from patchring.app.tests_on_record import tests_missing_by_segment
from patchring.app.work import Work
from patchring.app.worker.readings import (
    approved,
    device_minutes,
    enough_verified_at,
    in_a_hurry,
    read_counts,
    review_needed,
    segments_to_review,
)
from patchring.core.ids import RolloutId
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.model import Policy
from patchring.core.reason import Reason, reason
from patchring.core.rollout.remedy import segment_scope, take_back_states
from patchring.core.rollout.states import RingState, RolloutState
from patchring.core.rollout.view import Elsewhere, RingView, RolloutView
from patchring.store import sql

SILENT_AFTER = timedelta(hours=1)
LOST_AFTER_MIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Loaded:
    """A rollout as it is (`row`, locked, and `rings`), what the policy says of it now, and the view made of both."""

    row: Mapping[str, Any]
    rings: Sequence[Mapping[str, Any]]
    assessment: Assessment
    policy: Policy
    view: RolloutView
    lost: Sequence[Mapping[str, Any]]

    @property
    def rollout_id(self) -> RolloutId:
        return RolloutId(self.row["rollout_id"])

    @property
    def state(self) -> RolloutState:
        return RolloutState(self.row["state"])

    def ring_state(self, ring: int) -> RingState:
        return RingState(next(row["state"] for row in self.rings if row["ring"] == ring))

    @property
    def take_back(self) -> list[dict[str, Any]]:
        """The states in which devices of each segment of the rollout are taken back."""
        segments = sorted({segment for ring in self.rings for segment in ring["segments"]})
        return [
            {"segment": name, "states": sorted(take_back_states(segment_scope(self.policy, name)))} for name in segments
        ]


async def load_rollout(work: Work, row: Mapping[str, Any]) -> Loaded | Undecided:
    """`row` is that of `rollouts.load`. Without a policy that can be read nothing is concluded."""
    assessment = await assess(work.tx, work.tenant_id, row["patch_id"], work.now)
    if isinstance(assessment, Undecided):
        return assessment
    rings = await work.tx.all(sql.rollouts.rings, _key(work, row["rollout_id"]))
    policy = await _policy(work, row, assessment.policy, len(rings))
    policy = in_a_hurry(policy, assessment, rings)
    await _note_enough_verified(work, row["rollout_id"], rings, policy)
    lost = await _lost_devices(work, row["rollout_id"], policy)
    state = RolloutState(row["state"])
    view = RolloutView(
        state=state,
        policy=policy,
        rings=await _ring_views(work, row, rings, lost, assessment, policy),
        review_needed=review_needed(assessment, rings),
        approved=approved(assessment, rings),
        stops=await _stops(work, row["rollout_id"], assessment.patch.patch_key),
        holds=tuple(reason(f"hold_{hold.source}", f"held: {hold.text}") for hold in _holds(assessment)),
        elsewhere=await _elsewhere(work, assessment.patch.patch_key),
        halted_by_failure=row["halt_source"] == "failure",
        rollback_requested=row["rollback_requested_by"] is not None,
        waits_for=assessment.waits_for(segments_to_review(assessment, rings), row["created_at"]),
    )
    loaded = Loaded(row, rings, assessment, policy, view, lost)
    if state is not RolloutState.ROLLING_BACK:
        return loaded
    return replace(loaded, view=replace(view, take_back_count=await _count_to_take_back(work, loaded)))


def _holds(assessment: Assessment) -> list[HoldInForce]:
    """Those of the whole tenant; one of a segment keeps that segment's devices from being offered."""
    return [hold for hold in assessment.holds if hold.segment is None]


async def _policy(work: Work, row: Mapping[str, Any], in_force: Policy, ring_count: int) -> Policy:
    """The policy in force; where it has fewer rings than the rollout, the one that the rollout was made under."""
    if len(in_force.rings) >= ring_count:
        return in_force
    key = {"tenant_id": work.tenant_id, "policy_version_id": row["policy_version_id"]}
    policy = read_policy_text((await work.tx.one(sql.rollouts.policy_text, key))["text"])
    assert isinstance(policy, Policy), "a rollout was made under a policy that cannot be read"
    return policy


async def _note_enough_verified(work: Work, rollout_id: UUID, rings: Sequence[dict[str, Any]], policy: Policy) -> None:
    """Remember since when a ring has enough verified devices; forgotten when it no longer has."""
    for ring in rings:
        found = enough_verified_at(ring, policy)
        if found != ring["enough_verified_at"]:
            ring["enough_verified_at"] = found
            change = {**_key(work, rollout_id), "ring": ring["ring"], "enough_verified_at": found}
            await work.tx.execute(sql.rollouts.set_enough_verified, change)


async def _ring_views(
    work: Work,
    row: Mapping[str, Any],
    rings: Sequence[Mapping[str, Any]],
    lost: Sequence[Mapping[str, Any]],
    assessment: Assessment,
    policy: Policy,
) -> tuple[RingView, ...]:
    silent = {**_key(work, row["rollout_id"]), "heard_before": work.now - SILENT_AFTER}
    overdue = {each["ring"]: each["device_count"] for each in await work.tx.all(sql.rollouts.overdue, silent)}
    lost_counts = Counter(each["ring"] for each in lost)
    segments = {name for ring in rings for name in ring["segments"]}
    patch = (row["patch_id"], assessment.patch.patch_key)
    untested = await tests_missing_by_segment(work.tx, work.tenant_id, policy, patch, segments, work.now)
    doubts = await gate_doubts(work, row["rollout_id"], assessment.patch.patch_key)
    waiting_for = {name for name in assessment.to_review if assessment.standing(name) is not True}
    return tuple(
        RingView(
            number=ring["ring"],
            state=RingState(ring["state"]),
            counts=read_counts(ring["counts"], ring["device_count"]),
            enough_verified_at=ring["enough_verified_at"],
            lost_count=lost_counts[ring["ring"]],
            device_minutes=device_minutes(ring, work.now),
            review_needed=bool(waiting_for & set(ring["segments"])),
            soak_until_at=ring["soak_until_at"],
            overdue_count=overdue.get(ring["ring"], 0),
            forgiven_count=ring["forgiven_count"],
            waits_for=assessment.waits_for(waiting_for & set(ring["segments"]), row["created_at"]),
            tests_missing=tuple(lack for name in ring["segments"] for lack in untested.get(name, ())),
            doubts=tuple(said for last_ring, said in doubts if last_ring > ring["ring"]),
        )
        for ring in rings
    )


async def _lost_devices(work: Work, rollout_id: UUID, policy: Policy) -> list[dict[str, Any]]:
    """Devices that began and have not been heard of for longer than anything the policy expects to take."""
    heard_before = work.now - max(2 * policy.expected_duration, LOST_AFTER_MIN)
    return await work.tx.all(sql.rollouts.lost, {**_key(work, rollout_id), "heard_before": heard_before})


async def _stops(work: Work, rollout_id: RolloutId, patch_key: str) -> tuple[Reason, ...]:
    keys = [EVERYTHING, patch_stop(patch_key), tenant_stop(work.tenant_id), rollout_stop(rollout_id)]
    found = await stops_in_force(work.tx, keys)
    return tuple(reason("stopped", f"stopped ({_kind(row['stop_key'])}): {row['reason']}") for row in found)


def _kind(stop_key: str) -> str:
    return stop_key.partition(":")[0]


async def _elsewhere(work: Work, patch_key: str) -> dict[int, Elsewhere]:
    rows = await work.tx.all(sql.evidence.of_patch, {"patch_key": patch_key})
    return {
        row["ring"]: Elsewhere(
            row["device_count"],
            row["verified_count"],
            row["failed_count"],
            row["first_verified_at"],
            row["last_verified_at"],
            row["tenant_count"],
        )
        for row in rows
    }


async def _count_to_take_back(work: Work, loaded: Loaded) -> int:
    """How many devices the remedies of their segments take back that are not on their way yet."""
    key = _key(work, loaded.rollout_id)
    found = await work.tx.value(sql.rollouts.to_take_back_count, {**key, "segments": Jsonb(loaded.take_back)})
    return int(found)


def _key(work: Work, rollout_id: UUID) -> dict[str, Any]:
    return {"tenant_id": work.tenant_id, "rollout_id": rollout_id}
