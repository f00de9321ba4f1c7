"""What a rollout does next, from what it is and what was seen. Pure, level-triggered, the same at every call.

All rules of promotion are here:

- A ring opens when the ring before it has passed. One that is empty in this tenant has passed when the campaign's
  pooled ring has: verified enough elsewhere, soaked, and not failed. Ring 0 that is empty everywhere needs a person.
- A ring with a segment that asks for review opens only after a person approved.
- The first device of a ring goes alone. After that at most `growth` times as many as were verified are under way, and
  never more than `at_once_max`.
- A ring soaks from the moment that enough devices are verified, and passes when time, verified devices and device-hours
  are all there. A ring of fewer devices than asked for needs all of them.
- The first device that fails before any was verified halts; so do more than `failed_max` failed or lost devices.
- What cannot be read promotes nothing and halts nothing.
- A halted rollout withdraws what was offered. If the halt was its own, the way back begins by itself, as signed.
"""

from datetime import datetime

from patchring.core.policy.model import RemedyScope
from patchring.core.reason import Reason, reason
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
from patchring.core.rollout.soak import elsewhere_lacks, soak_lacks
from patchring.core.rollout.states import DeviceState, RingState, RolloutState
from patchring.core.rollout.view import RingView, RolloutView


def reconcile(view: RolloutView, now: datetime) -> list[Action]:
    """Everything to be done at `now` (aware UTC). Doing it and asking again at the same instant gives only waits."""
    match view.state:
        case RolloutState.AWAITING_APPROVAL:
            return [_awaiting(view)]
        case RolloutState.RUNNING:
            return _running(view, now)
        case RolloutState.HALTED:
            return _halted(view)
        case RolloutState.ROLLING_BACK:
            return _rolling_back(view)
        case RolloutState.ROLLED_BACK | RolloutState.ABANDONED | RolloutState.COMPLETED:
            return []


def _awaiting(view: RolloutView) -> Action:
    if view.approved is False:
        return Abandon((reason("rejected", "a person rejected this patch"),))
    if view.approved:
        return Start((reason("approved", "a person approved this patch"),))
    if not view.review_needed:
        return Start((reason("approved_by_rule", "the policy approves this patch by itself"),))
    return Wait(None, None, (reason("approval_missing", "waits for a person to approve it"),))


def _running(view: RolloutView, now: datetime) -> list[Action]:
    if view.approved is False:
        return [Abandon((reason("rejected", "a person rejected this patch"),))]
    halt = next((found for ring in view.rings if (found := _halt(view, ring))), None)
    if halt is not None:
        return [halt]
    against = (*view.stops, *view.holds)
    if against:
        withdraw: list[Action] = [Withdraw(against)] if _offered(view) else []
        return [*withdraw, Wait(None, None, against)]
    actions: list[Action] = []
    for ring in view.rings:
        done, more = _ring(view, ring, now)
        actions += more
        if not done:
            break
    else:
        if all(r.count(DeviceState.WAITING) + r.in_flight_count == 0 for r in view.rings):
            actions.append(Complete((_summary(view),)))
    return actions


def _halt(view: RolloutView, ring: RingView) -> Halt | None:
    """A hard trigger, or the budget of failures spent."""
    if ring.counts is None or ring.failed_count == 0 or ring.state is RingState.HALTED:
        return None
    verified, failed, allowed = ring.count(DeviceState.VERIFIED), ring.failed_count, view.policy.on_failure.failed_max
    scope = view.policy.on_failure.halt
    if verified == 0:
        text = f"Ring {ring.number} halted: its first device failed, and no device of the ring had been verified before"
        return Halt(ring.number, scope, (reason("first_device_failed", text, ring=ring.number, failed=failed),))
    if failed > allowed:
        text = f"Ring {ring.number} halted: {failed} failed or lost, {allowed} allowed, {verified} verified"
        numbers = {"ring": ring.number, "failed": failed, "failed_max": allowed, "verified": verified}
        return Halt(ring.number, scope, (reason("failures_over_limit", text, **numbers),))
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
            text = f"Ring {ring.number} waits: a person has to approve this patch for a segment of it"
            return False, [Wait(ring.number, None, (reason("approval_missing", text, ring=ring.number),))]
        case RingState.WAITING:
            opened = reason(
                "ring_opened", f"Ring {ring.number} opens: every ring before it has passed", ring=ring.number
            )
            return False, [OpenRing(ring.number, (opened,)), *_offers(view, ring)]
        case RingState.OPEN | RingState.SOAKING:
            return _served_ring(view, ring, now)
        case RingState.PASSED:
            return True, _offers(view, ring)
        case RingState.HALTED:
            return False, [Wait(ring.number, None, (reason("ring_halted", f"Ring {ring.number} is halted"),))]


def _empty_ring(view: RolloutView, ring: RingView, now: datetime) -> tuple[bool, list[Action]]:
    if ring.state is RingState.PASSED:
        return True, []
    lacks, until_at = elsewhere_lacks(view, ring.number, now)
    if lacks:
        return False, [Wait(ring.number, until_at, lacks)]
    text = f"Ring {ring.number} has no devices here; the same ring of this patch has passed elsewhere"
    return True, [PassRing(ring.number, (reason("ring_passed_elsewhere", text, ring=ring.number),))]


def _served_ring(view: RolloutView, ring: RingView, now: datetime) -> tuple[bool, list[Action]]:
    actions: list[Action] = [*_offers(view, ring)]
    lacks, until_at = soak_lacks(view.policy.ring(ring.number), ring, now)
    if not lacks:
        verified = ring.count(DeviceState.VERIFIED)
        text = f"Ring {ring.number} passed: {verified} devices verified and soaked, {ring.failed_count} failed"
        return True, [*actions, PassRing(ring.number, (reason("ring_passed", text, verified=verified),))]
    if ring.state is RingState.OPEN and ring.enough_verified_at is not None:
        ends_at = ring.enough_verified_at + view.policy.ring(ring.number).soak.time
        actions.append(StartSoak(ring.number, ends_at, lacks))
    return False, [*actions, Wait(ring.number, until_at, lacks)]


def _offers(view: RolloutView, ring: RingView) -> list[Action]:
    waiting, in_flight = ring.count(DeviceState.WAITING), ring.in_flight_count
    verified, rule = ring.count(DeviceState.VERIFIED), view.policy.ring(ring.number)
    room = 1 if verified == 0 else min(rule.at_once_max, max(1, rule.growth * verified))
    count = min(waiting, room - in_flight)
    if count <= 0:
        return []
    if verified == 0:
        text = f"Ring {ring.number}: the first device goes alone"
    else:
        text = f"Ring {ring.number}: {count} more, after {verified} verified and with {in_flight} under way"
    return [Offer(ring.number, count, (reason("batch", text, count=count, verified=verified, in_flight=in_flight),))]


def _halted(view: RolloutView) -> list[Action]:
    withdraw: list[Action] = [Withdraw(_way_back_reasons(view))] if _offered(view) else []
    if view.halted_by_failure or view.rollback_requested:
        return [*withdraw, Remedy(_remedy_scope(view), _way_back_reasons(view))]
    return [*withdraw, Wait(None, None, (reason("halted", "halted by a person: resume, roll back or abandon it"),))]


def _rolling_back(view: RolloutView) -> list[Action]:
    actions: list[Action] = [Withdraw(_way_back_reasons(view))] if _offered(view) else []
    scope = _remedy_scope(view)
    left = _sum(view, DeviceState.FAILED)
    if scope is RemedyScope.INSTALLED:
        left += _sum(view, DeviceState.VERIFIED, DeviceState.INSTALLED, DeviceState.REBOOT_PENDING)
    if left:
        return [*actions, Remedy(scope, _way_back_reasons(view))]
    under_way = _sum(view, DeviceState.ROLLING_BACK, DeviceState.PERMITTED, DeviceState.INSTALLING)
    if scope is RemedyScope.FAILED:
        under_way += _sum(view, DeviceState.INSTALLED, DeviceState.REBOOT_PENDING)
    if under_way:
        text = f"{under_way} devices are still on their way to the prior version or finish what they began"
        return [*actions, Wait(None, None, (reason("remedy_under_way", text, devices=under_way),))]
    back, stuck = _sum(view, DeviceState.ROLLED_BACK), _sum(view, DeviceState.ROLLBACK_FAILED)
    text = f"{back} devices are back on the prior version and verified; {stuck} could not be taken back"
    return [*actions, FinishRemedy((reason("remedy_done", text, rolled_back=back, stuck=stuck),))]


def _remedy_scope(view: RolloutView) -> RemedyScope:
    """The widest that any remedy of the policy names."""
    scopes = {remedy.scope for remedy in view.policy.remedies.values()}
    return RemedyScope.INSTALLED if RemedyScope.INSTALLED in scopes else RemedyScope.FAILED


def _way_back_reasons(view: RolloutView) -> tuple[Reason, ...]:
    who = "a person asked for the way back" if view.rollback_requested else "the signed policy gives the way back"
    return (reason("way_back", who),)


def _offered(view: RolloutView) -> int:
    return _sum(view, DeviceState.OFFERED)


def _sum(view: RolloutView, *states: DeviceState) -> int:
    return sum(ring.count(*states) for ring in view.rings)


def _summary(view: RolloutView) -> Reason:
    verified, failed = _sum(view, DeviceState.VERIFIED), sum(ring.failed_count for ring in view.rings)
    skipped = _sum(view, DeviceState.SKIPPED)
    text = f"done: {verified} devices verified, {failed} failed, {skipped} skipped"
    return reason("rollout_done", text, verified=verified, failed=failed, skipped=skipped)
