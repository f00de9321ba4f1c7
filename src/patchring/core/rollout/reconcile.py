"""What a rollout does next, from what it is and what was seen. Pure, level-triggered, the same at every call.

All rules of promotion are here (what a soak needs: soak.py; what follows a halt: way_back.py):

- A ring opens when the ring before it has passed. One that is empty in this tenant has passed when the campaign's
  pooled ring has: verified enough elsewhere, soaked, and not failed. Ring 0 that is empty everywhere needs a person.
- A ring with a segment that asks for review opens only after a person approved; one with a segment that asks for tests
  only after they are on record, or waived by two persons.
- The first device of a ring goes alone. After that at most `growth` times as many as were verified are under way, and
  never more than `at_once_max`. A device that does not come for its offer keeps no place.
- A ring soaks from the moment that enough devices are verified, and passes when time, verified devices and device-hours
  are all there. A ring of fewer devices than asked for needs all of them.
- The first device that fails before any was verified halts; so do more than `failed_max` failed or lost devices.
  Failures that a person accepted by resuming are not counted again.
- Under a stop or a hold nothing new is offered, and nothing is promoted.
- A ring does not pass while the gate doubts devices that lie further out.
- What cannot be read promotes nothing and halts nothing.
"""

from dataclasses import replace
from datetime import datetime

from patchring.core.reason import Reason, counted, reason
from patchring.core.rollout.actions import (
    Abandon,
    Action,
    Complete,
    Halt,
    Offer,
    OpenRing,
    PassRing,
    Start,
    StartSoak,
    Wait,
)
from patchring.core.rollout.soak import elsewhere_lacks, soak_lacks
from patchring.core.rollout.states import DeviceState, RingState, RolloutState
from patchring.core.rollout.view import RingView, RolloutView
from patchring.core.rollout.way_back import after_halt, count, rolling_back, withdrawals

_APPROVAL_MISSING = reason("approval_missing", "waits for a person to approve it")
_REJECTED = reason("rejected", "a person rejected this patch")
_ABANDONED = reason("abandoned", "the rollout is over, so what was offered is taken back")


def reconcile(view: RolloutView, now: datetime) -> list[Action]:
    """Everything to be done at `now` (aware UTC), in this order.

    Doing it and asking again at the same instant wants nothing twice; after a halt the second answer is the way back.
    """
    match view.state:
        case RolloutState.AWAITING_APPROVAL:
            return _awaiting(view, now)
        case RolloutState.RUNNING:
            return _running(view, now)
        case RolloutState.HALTED:
            return after_halt(view)
        case RolloutState.ROLLING_BACK:
            return rolling_back(view)
        case RolloutState.ROLLED_BACK | RolloutState.ABANDONED | RolloutState.COMPLETED:
            return withdrawals(view, _ABANDONED)


def _awaiting(view: RolloutView, now: datetime) -> list[Action]:
    if view.approved is False:
        return [Abandon((_REJECTED,))]
    if view.review_needed and not view.approved:
        return [Wait(None, None, view.waits_for or (_APPROVAL_MISSING,))]
    who = "a person" if view.approved else "the policy"
    start = Start((reason("approved", f"{who} approved this patch"),))
    return [start, *_running(replace(view, state=RolloutState.RUNNING), now)]


def _running(view: RolloutView, now: datetime) -> list[Action]:
    if view.approved is False:
        return [*withdrawals(view, _REJECTED), Abandon((_REJECTED,))]
    halt = next((found for ring in view.rings if (found := _halt(view, ring))), None)
    if halt is not None:
        return [halt]
    against = (*view.stops, *view.holds)
    if against:
        return [*withdrawals(view, *against), Wait(None, None, against)]
    actions: list[Action] = []
    for ring in view.rings:
        passed, more = _ring(view, ring, now)
        actions += more
        if not passed:
            return actions
    return [*actions, _end(view)]


def _halt(view: RolloutView, ring: RingView) -> Halt | None:
    """A hard trigger, or the budget of failures spent."""
    failed = ring.failed_count - ring.forgiven_count
    if ring.counts is None or failed <= 0 or ring.state is RingState.HALTED:
        return None
    verified, allowed = ring.count(DeviceState.VERIFIED), view.policy.on_failure.failed_max
    numbers = {"ring": ring.number, "failed": failed, "failed_max": allowed, "verified": verified}
    if verified == 0:
        text = f"Ring {ring.number} halted: its first device failed or was lost, and none of the ring is verified"
        return Halt(ring.number, view.policy.on_failure.halt, (reason("first_device_failed", text, **numbers),))
    if failed > allowed:
        text = f"Ring {ring.number} halted: {failed} failed or lost, {allowed} allowed, {verified} verified"
        return Halt(ring.number, view.policy.on_failure.halt, (reason("failures_over_limit", text, **numbers),))
    return None


def _ring(view: RolloutView, ring: RingView, now: datetime) -> tuple[bool, list[Action]]:
    """Whether the ring has passed (so that the next is looked at), and what to do in it."""
    if ring.counts is None:
        text = f"Ring {ring.number} waits: its counts could not be read, so nothing is concluded"
        return False, [Wait(ring.number, None, (reason("counts_unreadable", text),))]
    if ring.device_count == 0:
        return _empty_ring(view, ring, now)
    match ring.state:
        case RingState.WAITING if ring.review_needed and not view.approved:
            return False, [Wait(ring.number, None, _who_has_to_approve(ring))]
        case RingState.WAITING if ring.tests_missing:
            return False, [Wait(ring.number, None, _what_to_test(ring))]
        case RingState.WAITING:
            text = f"Ring {ring.number} opens: every ring before it has passed"
            return _served_ring(view, ring, now, OpenRing(ring.number, (reason("ring_opened", text),)))
        case RingState.OPEN | RingState.SOAKING:
            return _served_ring(view, ring, now)
        case RingState.PASSED:
            return True, _offers(view, ring)
        case RingState.HALTED:
            return False, [Wait(ring.number, None, (reason("ring_halted", f"Ring {ring.number} is halted"),))]


def _who_has_to_approve(ring: RingView) -> tuple[Reason, ...]:
    text = f"Ring {ring.number} waits: a person has to approve this patch for a segment of it"
    if not ring.waits_for:
        return (reason("approval_missing", text, ring=ring.number),)
    return tuple(replace(each, text=f"Ring {ring.number}: {each.text}") for each in ring.waits_for)


def _what_to_test(ring: RingView) -> tuple[Reason, ...]:
    return tuple(replace(each, text=f"Ring {ring.number} waits: {each.text}") for each in ring.tests_missing)


def _empty_ring(view: RolloutView, ring: RingView, now: datetime) -> tuple[bool, list[Action]]:
    if ring.state is RingState.PASSED:
        return True, []
    if ring.state is RingState.HALTED:
        return False, [Wait(ring.number, None, (reason("ring_halted", f"Ring {ring.number} is halted"),))]
    lacks, until_at = elsewhere_lacks(view, ring, now)
    if not lacks:
        text = f"Ring {ring.number} has no devices here; nothing of this patch is open in it elsewhere"
        return True, [PassRing(ring.number, (reason("ring_passed_elsewhere", text, ring=ring.number),))]
    waits: list[Action] = [Wait(ring.number, until_at, lacks)]
    if until_at is not None and ring.state is not RingState.SOAKING:
        waits.insert(0, StartSoak(ring.number, until_at, lacks))
    return False, waits


def _served_ring(view: RolloutView, ring: RingView, now: datetime, *first: Action) -> tuple[bool, list[Action]]:
    actions = [*first, *_offers(view, ring)]
    lacks, until_at = soak_lacks(view.policy.ring(ring.number), ring, now)
    lacks = (*lacks, *ring.doubts)
    if not lacks:
        verified = ring.count(DeviceState.VERIFIED)
        text = (
            f"Ring {ring.number} passed: {counted(verified, 'device')} verified and soaked, {ring.failed_count} failed"
        )
        return True, [*actions, PassRing(ring.number, (reason("ring_passed", text, verified=verified),))]
    if ring.state is not RingState.SOAKING and ring.enough_verified_at is not None:
        ends_at = ring.enough_verified_at + view.policy.ring(ring.number).soak.time
        actions.append(StartSoak(ring.number, ends_at, lacks))
    return False, [*actions, Wait(ring.number, until_at, (*_what_to_test(ring), *lacks))]


def _offers(view: RolloutView, ring: RingView) -> list[Action]:
    if ring.review_needed and not view.approved:
        return []  # it was open already when a device joined that a person has to approve for
    if ring.tests_missing:
        return []  # it was open already when the policy asked for a test, or a later record says that one failed
    under_way = max(0, ring.in_flight_count - ring.overdue_count)
    verified, rule = ring.count(DeviceState.VERIFIED), view.policy.ring(ring.number)
    room = min(rule.at_once_max, max(1, rule.growth * verified))  # nobody verified: one, the first goes alone
    offered = min(ring.count(DeviceState.WAITING), room - under_way)
    if offered <= 0:
        return []
    text = f"Ring {ring.number}: {offered} more, after {verified} verified and with {under_way} under way"
    if verified == 0:
        text = f"Ring {ring.number}: the first device goes alone"
    numbers = {"count": offered, "verified": verified, "in_flight": under_way, "room": room}
    return [Offer(ring.number, offered, (reason("batch", text, **numbers),))]


def _end(view: RolloutView) -> Action:
    """Every ring has passed: done, or devices are still on their way."""
    left = sum(ring.unsettled_count for ring in view.rings)
    if left:
        text = f"every ring has passed; {counted(left, 'device')} still waiting or under way"
        return Wait(None, None, (reason("devices_left", text, devices=left),))
    return Complete((_summary(view),))


def _summary(view: RolloutView) -> Reason:
    failed = sum(ring.failed_count for ring in view.rings)
    verified, skipped = count(view, DeviceState.VERIFIED), count(view, DeviceState.SKIPPED)
    text = f"done: {counted(verified, 'device')} verified, {failed} failed, {skipped} skipped"
    return reason("rollout_done", text, verified=verified, failed=failed, skipped=skipped)
