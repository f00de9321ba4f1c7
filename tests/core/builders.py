"""Values for tests of rules: a small valid policy, rings and rollouts as `reconcile` is shown them, random ones too."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.model import (
    ApprovalRule,
    Automation,
    Condition,
    HaltScope,
    Limits,
    OnFailure,
    Outcome,
    Policy,
    RebootRule,
    Remedy,
    RemedyScope,
    RemedyStep,
    Ring,
    SegmentRule,
    Soak,
    Window,
)
from patchring.core.reason import reason
from patchring.core.rollout.states import DeviceState, RingState, RolloutState
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


small = st.integers(0, 4)
counts = st.dictionaries(st.sampled_from(list(DeviceState)), small, max_size=6)
instants = st.integers(-300, 300).map(lambda minutes: NOW + timedelta(minutes=minutes))
maybe_instants = st.none() | instants
some_reasons = st.sampled_from([(), (), (), (reason("stop_patch", "stopped by Dana"),)])


@st.composite
def policies(draw: st.DrawFn, ring_count: int) -> Policy:
    rings = tuple(
        ring(
            number,
            time=timedelta(minutes=draw(st.integers(0, 240))),
            verified_min=draw(st.integers(1, 5)),
            device_hours_min=draw(st.sampled_from([0, 0, 3])),
            growth=draw(st.integers(1, 3)),
            at_once_max=draw(st.integers(1, 6)),
        )
        for number in range(ring_count)
    )
    scope = draw(st.sampled_from(list(RemedyScope)))
    return policy(
        rings=rings,
        on_failure=OnFailure(draw(st.integers(0, 3)), draw(st.sampled_from(list(HaltScope)))),
        remedies={"back": Remedy("back", (RemedyStep.RETURN_TO_PRIOR,), scope)},
    )


@st.composite
def ring_views(draw: st.DrawFn, number: int) -> RingView:
    found = draw(st.none() | counts | counts | counts | counts)
    return RingView(
        number,
        draw(st.sampled_from(list(RingState))),
        found,
        draw(maybe_instants),
        draw(st.sampled_from([0, 0, 1, 2])),
        draw(st.integers(0, 400)),
        draw(st.sampled_from([False, False, True])),
        draw(maybe_instants),
        min(draw(st.sampled_from([0, 0, 1])), (found or {}).get(DeviceState.OFFERED, 0)),
        draw(st.sampled_from([0, 0, 1, 2])),
    )


@st.composite
def elsewheres(draw: st.DrawFn) -> Elsewhere:
    first, last = draw(maybe_instants), draw(maybe_instants)
    return Elsewhere(draw(small), draw(small), draw(st.sampled_from([0, 0, 1])), first, last)


@st.composite
def rollout_views(draw: st.DrawFn, state: st.SearchStrategy[RolloutState] | None = None) -> RolloutView:
    """Any rollout at all, also those that should never come to be: rules hold for them as well."""
    ring_count = draw(st.integers(1, 3))
    return RolloutView(
        state=draw(state or st.sampled_from([RolloutState.RUNNING, *RolloutState])),
        policy=draw(policies(ring_count)),
        rings=tuple(draw(ring_views(number)) for number in range(ring_count)),
        review_needed=draw(st.sampled_from([False, False, True])),
        approved=draw(st.sampled_from([None, None, True, False])),
        stops=draw(some_reasons),
        holds=draw(some_reasons),
        elsewhere={n: draw(elsewheres()) for n in range(ring_count) if draw(st.booleans())},
        halted_by_failure=draw(st.booleans()),
        rollback_requested=draw(st.booleans()),
        take_back_count=draw(st.none() | small),
    )
