"""When a soak has what it needs: time AND verified devices AND device-hours. Each lack is a sentence with numbers."""

from datetime import datetime

from patchring.core.policy.model import Ring
from patchring.core.reason import Reason, reason
from patchring.core.rollout.states import DeviceState
from patchring.core.rollout.view import RingView, RolloutView


def verified_needed(rule: Ring, device_count: int) -> int:
    """A ring of fewer devices than the soak asks for needs all of them, and always one."""
    return max(1, min(rule.soak.verified_min, device_count))


def soak_lacks(rule: Ring, ring: RingView, now: datetime) -> tuple[tuple[Reason, ...], datetime | None]:
    """What is missing before the ring passes (empty: nothing), and when time alone will have brought it."""
    lacks: list[Reason] = []
    until_at = None
    verified, needed = ring.count(DeviceState.VERIFIED), verified_needed(rule, ring.device_count)
    if verified < needed or ring.enough_verified_at is None:
        text = f"Ring {rule.number} waits: {verified} of {needed} needed devices are verified"
        lacks.append(reason("verified_missing", text, verified=verified, needed=needed))
    else:
        until_at = ring.enough_verified_at + rule.soak.time
        if now < until_at:
            text = f"Ring {rule.number} soaks until {clock(until_at)}: {verified} devices verified"
            lacks.append(reason("soaking", text, until=until_at.isoformat(), verified=verified))
        else:
            until_at = None
    hours = ring.device_minutes // 60
    if hours < rule.soak.device_hours_min:
        text = f"Ring {rule.number} waits: {hours} of {rule.soak.device_hours_min} device-hours without trouble"
        lacks.append(reason("device_hours_missing", text, hours=hours, needed=rule.soak.device_hours_min))
    return tuple(lacks), until_at


def elsewhere_lacks(view: RolloutView, number: int, now: datetime) -> tuple[tuple[Reason, ...], datetime | None]:
    """The same for a ring without devices in this tenant, from what the campaign saw of it without naming anybody."""
    rule, seen = view.policy.ring(number), view.elsewhere.get(number)
    if seen is None or seen.device_count == 0:
        return _nobody_has_it(view, number)
    if seen.failed_count > view.policy.on_failure.failed_max:
        text = f"Ring {number} of this patch failed elsewhere on {seen.failed_count} devices"
        return (reason("failed_elsewhere", text, failed=seen.failed_count),), None
    needed = verified_needed(rule, seen.device_count)
    if seen.verified_count < needed or seen.first_verified_at is None:
        text = f"Waits for ring {number} of this patch: {seen.verified_count} of {needed} needed devices are verified"
        return (reason("verified_missing", text, verified=seen.verified_count, needed=needed),), None
    until_at = seen.first_verified_at + rule.soak.time
    if now < until_at:
        text = f"Waits for ring {number} of this patch, which soaks until {clock(until_at)}"
        return (reason("soaking", text, until=until_at.isoformat()),), until_at
    return (), None


def _nobody_has_it(view: RolloutView, number: int) -> tuple[tuple[Reason, ...], datetime | None]:
    """An empty ring between others stops nothing; without ring 0 somebody has to take the responsibility."""
    if number > 0 or view.approved:
        return (), None
    text = "no device of ring 0 takes this patch anywhere: a person has to approve it before client devices go first"
    return (reason("ring_0_missing", text),), None


def clock(at: datetime) -> str:
    """23 Nov 14:05:30 UTC"""
    return f"{at:%d %b %H:%M:%S} UTC"
