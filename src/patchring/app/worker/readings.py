"""What is read out of a rollout's kept rows: counts, instants, what people said. What does not add up is None."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from patchring.app.decisions import Assessment
from patchring.core.policy.model import Policy
from patchring.core.policy.urgency import hurried
from patchring.core.rollout.soak import verified_needed
from patchring.core.rollout.states import DeviceState


def read_counts(kept: Mapping[str, Any], device_count: int) -> dict[DeviceState, int] | None:
    """The counts of a ring by state; None when they do not add up: then nothing is concluded from them."""
    try:
        counts = {DeviceState(state): int(count) for state, count in kept.items()}
    except ValueError:
        return None
    fits = all(count >= 0 for count in counts.values()) and sum(counts.values()) == device_count
    return counts if fits else None


def device_minutes(ring: Mapping[str, Any], now: datetime) -> int:
    """Minutes since verification, summed over the devices of the ring that are verified now."""
    verified = int(ring["counts"].get(DeviceState.VERIFIED, 0))
    return max(0, verified * int(now.timestamp()) - int(ring["verified_s_sum"])) // 60


def enough_verified_at(ring: Mapping[str, Any], policy: Policy) -> datetime | None:
    """Since when the ring has as many verified devices as its soak asks for; None: it has not."""
    skipped = int(ring["counts"].get(DeviceState.SKIPPED, 0))
    needed = verified_needed(policy.ring(ring["ring"]), ring["device_count"] - skipped)
    if int(ring["counts"].get(DeviceState.VERIFIED, 0)) < needed:
        return None
    found: datetime | None = ring["enough_verified_at"] or ring["last_verified_at"]
    return found


def review_needed(assessment: Assessment, rings: Sequence[Mapping[str, Any]]) -> bool:
    """Nothing may begin without a person: every segment of the rollout asks for one, and none has got a yes."""
    segments = {segment for ring in rings for segment in ring["segments"]}
    if not segments <= assessment.to_review:
        return False
    return not any(assessment.standing(segment) for segment in segments)


def segments_to_review(assessment: Assessment, rings: Sequence[Mapping[str, Any]]) -> set[str]:
    """The segments of the rollout for which a person has to approve."""
    return {segment for ring in rings for segment in ring["segments"]} & assessment.to_review


def in_a_hurry(policy: Policy, assessment: Assessment, rings: Sequence[Mapping[str, Any]]) -> Policy:
    """The policy with the soaks that this rollout has to keep: shorter where what is expedited may go faster (A8)."""
    rows = {name: found.urgency for name, found in assessment.decisions.items() if found.urgency is not None}
    segments = {ring["ring"]: list(ring["segments"]) for ring in rings}
    return replace(policy, rings=hurried(policy.rings, segments, rows).rings) if rows else policy


def approved(assessment: Assessment, rings: Sequence[Mapping[str, Any]]) -> bool | None:
    """What people said about all of it: yes only where every segment that asks for a person has got one."""
    segments = segments_to_review(assessment, rings)
    standings = {assessment.standing(segment) for segment in segments} or {assessment.standing(None)}
    if assessment.standing(None) is False or standings == {False}:
        return False
    return True if standings == {True} else None
