"""Values for tests of rules: a small valid policy, rings and rollouts as `reconcile` is shown them, random ones too."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.calendar import Window
from patchring.core.policy.condition import Condition
from patchring.core.policy.handling import RebootRule, Remedy, RemedyScope, RemedyStep
from patchring.core.policy.model import (
    ApprovalRule,
    Automation,
    HaltScope,
    Limits,
    OnFailure,
    Outcome,
    Policy,
    Ring,
    SegmentRule,
    Soak,
)
from patchring.core.reason import reason
from patchring.core.rollout.states import IN_FLIGHT, DeviceState, RingState, RolloutState
from patchring.core.rollout.view import Elsewhere, RingView, RolloutView

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ring(number: int = 0, **given: Any) -> Ring:
    soak = Soak(given.pop("time", HOUR), given.pop("verified_min", 2), given.pop("device_hours_min", 0))
    return Ring(number, f"ring {number}", soak, given.pop("growth", 3), given.pop("at_once_max", 10))


def policy(**given: Any) -> Policy:
    """Two rings of an hour and two verified devices; one segment in each; everything from apt and Debian goes by
    itself; nothing may fail."""
    usual = Policy(
        title="test",
        automation=Automation.AUTOMATIC,
        rings=(ring(0), ring(1)),
        segments=(
            SegmentRule("own", (Condition("internal", ("yes",)),), 0, "any", RebootRule.IF_REQUIRED, "back", line=1),
            SegmentRule("rest", (), 1, "any", RebootRule.IF_REQUIRED, "back", line=2),
        ),
        windows={"any": Window("any", "", time(0), timedelta(0))},
        blackouts=(),
        approvals=(rule("debian", Outcome.AUTO, provider="apt", origin="Debian"),),
        limits=Limits(),
        on_failure=OnFailure(0, HaltScope.ROLLOUT),
        remedies={"back": Remedy("back", (RemedyStep.RETURN_TO_PRIOR,), RemedyScope.FAILED)},
    )
    return replace(usual, **given)


def rule(name: str, outcome: Outcome, segments: tuple[str, ...] = (), **when: str) -> ApprovalRule:
    conditions = tuple(Condition(field, (value,)) for field, value in when.items())
    return ApprovalRule(name, conditions, outcome, segments)


def device(**given: Any) -> DeviceFacts:
    usual = DeviceFacts(UUID(int=1), UUID(int=2), UUID(int=3), "box")
    return replace(usual, **given)


def patch(**given: Any) -> PatchFacts:
    usual = PatchFacts("apt:web=2", "apt", "web", "2", title="web 2", origin="Debian", label="Debian-Security")
    return replace(usual, **given)


def ring_view(number: int = 0, state: RingState = RingState.OPEN, **given: Any) -> RingView:
    """Counts are given by the names of states: `ring_view(0, waiting=3, verified=1)`."""
    counts = {DeviceState(name): given.pop(name) for name in list(given) if name in DeviceState}
    return RingView(number, state, counts, **given)


def view(*rings: RingView, state: RolloutState = RolloutState.RUNNING, **given: Any) -> RolloutView:
    return RolloutView(state, given.pop("policy", policy()), rings, given.pop("review_needed", False), **given)


# Instants and durations lie on a grid, so that what is just reached and what is just missed both come often.
GRID = [None, *(NOW - timedelta(minutes=minutes) for minutes in (-30, 0, 29, 30, 31, 59, 60, 61, 500))]
STOPPED = (reason("stop_patch", "stopped by Dana"),)
UNDER_WAY = [state for state in DeviceState if state in IN_FLIGHT]
GONE_WRONG = [DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED]


def random_policy(rng: Random, ring_count: int) -> Policy:
    rings = tuple(
        ring(
            number,
            time=timedelta(minutes=rng.choice([0, 30, 60])),
            verified_min=rng.randint(1, 4),
            device_hours_min=rng.choice([0, 0, 0, 1, 3]),
            growth=rng.randint(1, 3),
            at_once_max=rng.randint(1, 5),
        )
        for number in range(ring_count)
    )
    return policy(
        rings=rings,
        on_failure=OnFailure(rng.randint(0, 2), rng.choice(list(HaltScope))),
        remedies={"back": Remedy("back", (RemedyStep.RETURN_TO_PRIOR,), rng.choice(list(RemedyScope)))},
    )


def random_counts(rng: Random) -> dict[DeviceState, int]:
    """Mostly a ring on its way: some wait, some are verified, few are under way or failed; at times nobody is there."""
    if rng.random() < 0.2:
        return {DeviceState.SKIPPED: rng.randint(0, 1)}
    counts = {DeviceState.VERIFIED: rng.choice([0, 0, 1, 2, 3, 4, 5]), DeviceState.WAITING: rng.choice([0, 0, 1, 2, 9])}
    if rng.random() < 0.5:
        counts[rng.choice(UNDER_WAY)] = rng.randint(1, 2)
    if rng.random() < 0.25:
        counts[rng.choice(GONE_WRONG)] = rng.randint(1, 3)
    if rng.random() < 0.2:
        counts[DeviceState.SKIPPED] = 1
    return counts


def random_ring(rng: Random, number: int, state: RingState) -> RingView:
    counts = random_counts(rng)
    return RingView(
        number=number,
        state=rng.choice(list(RingState)) if rng.random() < 0.1 else state,
        counts=None if rng.random() < 0.05 else counts,
        enough_verified_at=rng.choice(GRID),
        lost_count=1 if rng.random() < 0.08 else 0,
        device_minutes=rng.choice([0, 59, 60, 179, 180, 400]),
        review_needed=rng.random() < 0.15,
        soak_until_at=rng.choice(GRID),
        overdue_count=min(counts.get(DeviceState.OFFERED, 0), rng.randint(0, 1)),
        forgiven_count=rng.randint(1, 2) if rng.random() < 0.1 else 0,
    )


def random_elsewhere(rng: Random) -> Elsewhere:
    seen = sorted(each for each in rng.choices(GRID, k=2) if each)
    failed = rng.randint(1, 3) if rng.random() < 0.2 else 0
    first, last = (seen[0], seen[-1]) if seen else (None, None)
    return Elsewhere(rng.choice([0, 1, 3, 5]), rng.randint(0, 5), failed, first, last)


def random_view(rng: Random) -> RolloutView:
    """A rollout on its way, with a ring at work and the rest before or behind it; at times anything at all, because
    rules hold for what should never come to be as well."""
    ring_count = rng.randint(1, 3)
    at_work = rng.randint(0, ring_count)
    states = [RingState.PASSED] * at_work + [RingState.WAITING] * ring_count
    if rng.random() < 0.8:
        states[at_work] = rng.choice([RingState.OPEN, RingState.SOAKING])
    return RolloutView(
        state=RolloutState.RUNNING if rng.random() < 0.7 else rng.choice(list(RolloutState)),
        policy=random_policy(rng, ring_count),
        rings=tuple(random_ring(rng, number, states[number]) for number in range(ring_count)),
        review_needed=rng.random() < 0.2,
        approved=rng.choice([None, None, None, None, True, True, False]),
        stops=STOPPED if rng.random() < 0.1 else (),
        holds=STOPPED if rng.random() < 0.1 else (),
        elsewhere={number: random_elsewhere(rng) for number in range(ring_count) if rng.random() < 0.7},
        halted_by_failure=rng.random() < 0.5,
        rollback_requested=rng.random() < 0.3,
        take_back_count=rng.choice([None, 0, 1]),
    )


# A rollout has so many parts that choosing each through Hypothesis costs more than the rule: one seed chooses all.
rollout_views = st.integers(0, 2**48).map(lambda seed: random_view(Random(seed)))
