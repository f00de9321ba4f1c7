"""What must hold for every answer of `reconcile`, whatever it is shown. Said again in other words than the rules use,
so that a slip in one shows against the other. The mutants are run against the same laws."""

from collections.abc import Callable
from datetime import datetime, timedelta

from patchring.core.rollout.actions import (
    Abandon,
    Action,
    Complete,
    FinishRemedy,
    Halt,
    Offer,
    OpenRing,
    PassRing,
    Remedy,
    Start,
    StartSoak,
    Wait,
    Withdraw,
)
from patchring.core.rollout.states import DeviceState, RingState, RolloutState
from patchring.core.rollout.view import RingView, RolloutView
from tests.core.applied import apply

Reconcile = Callable[[RolloutView, datetime], list[Action]]
Law = Callable[[Reconcile, RolloutView, datetime], None]

UNDER_WAY = ("offered", "permitted", "installing", "reboot_pending", "installed")
ENDS = (RolloutState.ROLLED_BACK, RolloutState.ABANDONED, RolloutState.COMPLETED)


def total(ring: RingView, *names: str) -> int:
    return sum((ring.counts or {}).get(DeviceState(name), 0) for name in names)


def people(ring: RingView) -> int:
    """All devices of a ring that are asked to have the patch."""
    return total(ring, *[state for state in DeviceState if state != "skipped"])


def failures(ring: RingView) -> int:
    gone_wrong = total(ring, "failed", "rolling_back", "rolled_back", "rollback_failed")
    return gone_wrong + ring.lost_count - ring.forgiven_count


def nothing_passes_without_evidence(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    for action in reconcile(view, now):
        if isinstance(action, PassRing):
            ring, rule = view.rings[action.ring], view.policy.rings[action.ring]
            assert ring.counts is not None
            if people(ring):
                assert total(ring, "verified") >= max(1, min(people(ring), rule.soak.verified_min))
                assert ring.enough_verified_at is not None
                assert now - ring.enough_verified_at >= rule.soak.time
                assert ring.device_minutes >= rule.soak.device_hours_min * 60
            else:
                _passed_elsewhere(view, ring, now)


def _passed_elsewhere(view: RolloutView, ring: RingView, now: datetime) -> None:
    rule, seen = view.policy.rings[ring.number], view.elsewhere.get(ring.number)
    if seen is None or not seen.device_count:
        assert ring.number > 0 or view.approved is True
        return
    assert seen.verified_count >= max(1, min(seen.device_count, rule.soak.verified_min))
    assert seen.failed_count <= view.policy.on_failure.failed_max
    bounds = [ring.soak_until_at] if ring.soak_until_at else []
    if seen.last_verified_at:
        bounds.append(seen.last_verified_at + rule.soak.time)
    assert rule.soak.time == timedelta(0) or min(bounds) <= now


def rings_are_served_in_order(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    passed = {ring.number for ring in view.rings if ring.state is RingState.PASSED}
    for action in reconcile(view, now):
        if isinstance(action, OpenRing | Offer | StartSoak | PassRing):
            assert set(range(action.ring)) <= passed
            assert all(ring.counts is not None for ring in view.rings[: action.ring + 1])
        if isinstance(action, PassRing):
            passed.add(action.ring)
        if isinstance(action, Complete):
            assert passed == set(range(len(view.rings)))
            assert all(total(ring, "waiting", *UNDER_WAY) == 0 for ring in view.rings)


def a_batch_has_its_limit(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    for action in reconcile(view, now):
        if isinstance(action, Offer):
            ring, rule = view.rings[action.ring], view.policy.rings[action.ring]
            verified = total(ring, "verified")
            under_way = total(ring, *UNDER_WAY) - ring.overdue_count
            assert 1 <= action.count <= total(ring, "waiting")
            if verified == 0:
                assert (action.count, under_way) == (1, 0)
            else:
                assert action.count + under_way <= rule.at_once_max
                assert action.count + under_way <= rule.growth * verified


def it_halts_exactly_when_it_must(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    actions = reconcile(view, now)
    halts = [action for action in actions if isinstance(action, Halt)]
    runs = view.state is RolloutState.RUNNING or any(isinstance(action, Start) for action in actions)
    must = [
        ring.number
        for ring in view.rings
        if ring.counts is not None
        and ring.state is not RingState.HALTED
        and failures(ring) > (view.policy.on_failure.failed_max if total(ring, "verified") else 0)
    ]
    if runs and must and view.approved is not False:
        assert [halt.ring for halt in halts] == must[:1]
        assert halts[0].scope is view.policy.on_failure.halt
        assert all(isinstance(action, Start | Halt) for action in actions), "nothing is promoted beside a halt"
    else:
        assert halts == []


def a_stop_or_a_rejection_lets_nothing_begin(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    actions = reconcile(view, now)
    begins = [action for action in actions if isinstance(action, OpenRing | Offer | StartSoak | PassRing | Complete)]
    goes = view.state is RolloutState.RUNNING or any(isinstance(action, Start) for action in actions)
    if view.stops or view.holds or view.approved is False or not goes:
        assert begins == []
        if total_of(view, "offered") and view.state is RolloutState.RUNNING and not _halts(actions):
            assert any(isinstance(action, Withdraw) for action in actions)
    for action in begins:
        if isinstance(action, OpenRing | Offer) and view.rings[action.ring].review_needed:
            assert view.approved is True


def total_of(view: RolloutView, *names: str) -> int:
    return sum(total(ring, *names) for ring in view.rings)


def _halts(actions: list[Action]) -> bool:
    return any(isinstance(action, Halt) for action in actions)


def it_starts_only_with_consent(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    actions = reconcile(view, now)
    waits = view.state is RolloutState.AWAITING_APPROVAL
    consent = view.approved is True or (view.approved is None and not view.review_needed)
    assert any(isinstance(action, Start) for action in actions) == (waits and consent)
    rejected = view.approved is False and view.state in (RolloutState.AWAITING_APPROVAL, RolloutState.RUNNING)
    assert any(isinstance(action, Abandon) for action in actions) == rejected


def the_way_back_is_whole(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    actions = reconcile(view, now)
    wanted = view.halted_by_failure or view.rollback_requested
    remedies = [action for action in actions if isinstance(action, Remedy)]
    if view.state is RolloutState.HALTED:
        assert bool(remedies) == wanted
    elif view.state is not RolloutState.ROLLING_BACK:
        assert remedies == []
    if any(isinstance(action, FinishRemedy) for action in actions):
        assert view.state is RolloutState.ROLLING_BACK
        assert total_of(view, "permitted", "installing", "installed", "rolling_back") == 0
        assert view.take_back_count == 0 or total_of(view, "failed", "reboot_pending") == 0
    if view.state in (RolloutState.HALTED, RolloutState.ROLLING_BACK, *ENDS):
        assert any(isinstance(action, Withdraw) for action in actions) == (total_of(view, "offered") > 0)


def doing_it_twice_does_it_once(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    """Every action is a legal move, none is wanted again once done, and after a few rounds only waits are left."""
    for _ in range(5):
        actions = reconcile(view, now)
        done = [action for action in actions if not isinstance(action, Wait)]
        if not done:
            return
        view = apply(view, done)
        again = [action for action in reconcile(view, now) if action in done]
        assert again == []
    raise AssertionError(f"it never comes to rest: {done}")


def everything_says_why(reconcile: Reconcile, view: RolloutView, now: datetime) -> None:
    actions = reconcile(view, now)
    for action in actions:
        assert action.reasons
        assert all(each.code and each.text.strip() for each in action.reasons)
        if isinstance(action, Wait):
            assert action.until_at is None or action.until_at > now
    assert actions or view.state in ENDS


LAWS: tuple[Law, ...] = (
    nothing_passes_without_evidence,
    rings_are_served_in_order,
    a_batch_has_its_limit,
    it_halts_exactly_when_it_must,
    a_stop_or_a_rejection_lets_nothing_begin,
    it_starts_only_with_consent,
    the_way_back_is_whole,
    doing_it_twice_does_it_once,
    everything_says_why,
)
