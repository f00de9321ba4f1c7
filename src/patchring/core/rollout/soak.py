"""When a soak has what it needs: time AND verified devices AND device-hours. Each lack is a sentence with numbers.

A ring without devices in this tenant relies on the same ring elsewhere. When exactly enough devices were verified there
is not kept, so the soak is counted from a bound that is never too early: the last verification there, or the moment
when this rollout first saw that there were enough, whichever comes first. So a tenant is slower than the evidence at
times, and faster never.
"""

from datetime import datetime

from patchring.core.policy.model import Ring
from patchring.core.reason import Reason, counted, reason
from patchring.core.rollout.states import DeviceState
from patchring.core.rollout.view import Elsewhere, RingView, RolloutView

Lacks = tuple[tuple[Reason, ...], datetime | None]


def verified_needed(rule: Ring, device_count: int) -> int:
    """A ring of fewer devices than the soak asks for needs all of them, and always one."""
    return max(1, min(rule.soak.verified_min, device_count))


def soak_lacks(rule: Ring, ring: RingView, now: datetime) -> Lacks:
    """What is missing before the ring passes (empty: nothing), and when time alone will have brought it."""
    lacks: list[Reason] = []
    until_at = None
    verified, needed = ring.count(DeviceState.VERIFIED), verified_needed(rule, ring.device_count)
    if verified < needed or ring.enough_verified_at is None:
        lacks.append(_verified_missing(ring, verified, needed))
    elif now < ring.enough_verified_at + rule.soak.time:
        until_at = ring.enough_verified_at + rule.soak.time
        lacks.append(_soaking(f"Ring {rule.number} soaks until {clock(until_at)}: {verified} verified", until_at))
    hours = ring.device_minutes // 60
    if hours < rule.soak.device_hours_min:
        text = f"Ring {rule.number} waits: {hours} of {rule.soak.device_hours_min} device-hours without trouble"
        lacks.append(reason("device_hours_missing", text, hours=hours, needed=rule.soak.device_hours_min))
    return tuple(lacks), until_at


def _verified_missing(ring: RingView, verified: int, needed: int) -> Reason:
    text = f"Ring {ring.number} waits: {verified} of {counted(needed, 'needed device')} verified"
    if verified + ring.unsettled_count < needed:
        text += f", {ring.failed_count} failed and no other is left: roll back, or ask for fewer in the policy"
        return reason("verified_out_of_reach", text, verified=verified, needed=needed, failed=ring.failed_count)
    return reason("verified_missing", text, verified=verified, needed=needed)


def elsewhere_lacks(view: RolloutView, ring: RingView, now: datetime) -> Lacks:
    """The same for a ring without devices in this tenant, from what the campaign saw of it without naming anybody."""
    rule, seen = view.policy.ring(ring.number), view.elsewhere.get(ring.number)
    if seen is None or seen.device_count == 0:
        return _nobody_has_it(view, ring.number)
    verified, failed, allowed = seen.verified_count, seen.failed_count, view.policy.on_failure.failed_max
    if failed > allowed or (failed and not verified):
        return (_failed_elsewhere(seen, ring.number, allowed),), None
    needed = verified_needed(rule, seen.device_count)
    if verified < needed:
        return (_verified_missing_elsewhere(seen, ring.number, needed),), None
    until_at = _soaked_elsewhere_at(rule, ring, seen, now)
    if now < until_at:
        return (_soaking(f"Waits for ring {ring.number} of this patch: it soaks until {clock(until_at)}", until_at),), (
            until_at
        )
    return (), None


def _failed_elsewhere(seen: Elsewhere, number: int, allowed: int) -> Reason:
    text, failed = f"Ring {number} of this patch failed elsewhere", seen.failed_count
    if not seen.may_be_counted(failed):
        return reason("failed_elsewhere", text, failed_max=allowed)
    text = f"{text}: {counted(failed, 'device')}, {allowed} allowed"
    return reason("failed_elsewhere", text, failed=failed, failed_max=allowed)


def _verified_missing_elsewhere(seen: Elsewhere, number: int, needed: int) -> Reason:
    verified = seen.verified_count
    if not seen.may_be_counted(verified):
        text = f"Waits for ring {number} of this patch: too few devices elsewhere are verified yet"
        return reason("verified_missing", text)
    text = f"Waits for ring {number} of this patch: {verified} of {counted(needed, 'needed device')} verified"
    return reason("verified_missing", text, verified=verified, needed=needed)


def _soaked_elsewhere_at(rule: Ring, ring: RingView, seen: Elsewhere, now: datetime) -> datetime:
    since_here = ring.soak_until_at or now + rule.soak.time
    return min(since_here, seen.last_verified_at + rule.soak.time) if seen.last_verified_at else since_here


def _nobody_has_it(view: RolloutView, number: int) -> Lacks:
    """An empty ring between others stops nothing; without ring 0 somebody has to take the responsibility."""
    if number > 0 or view.approved:
        return (), None
    text = "no device of ring 0 takes this patch anywhere: a person has to approve it before client devices go first"
    return (reason("ring_0_missing", text),), None


def _soaking(text: str, until_at: datetime) -> Reason:
    return reason("soaking", text, until=until_at.isoformat())


def clock(at: datetime) -> str:
    """23 Nov 14:05:30 UTC"""
    return f"{at:%d %b %H:%M:%S} UTC"
