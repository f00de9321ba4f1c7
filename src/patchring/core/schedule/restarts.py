"""Restarts: when somebody is warned, how long it may be postponed, when it comes anyhow, and who goes first (W2, O7).

Nothing calls these yet but tests: today a restart is an action like any other and takes the permit's window, limits and
blackouts. The agent's warning to the person at the screen and the worker's order of slots are to be built on them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patchring.core.policy.handling import RebootPlan
from patchring.core.reason import Reason, reason
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.windows import LOOK_AHEAD

# The window that holds an instant, or else the next one; None when none opens within the look-ahead.
OpenAtOrAfter = Callable[[datetime], Occurrence | None]


@dataclass(frozen=True)
class Restart:
    """`at` is when it comes if nobody postpones it again. `forced_at`: it cannot be postponed beyond; None: it is never
    forced. `may_postpone`: the budget is not used up, and there is time left. `warnings` are the instants at which
    somebody is told, before `at`."""

    at: datetime
    warnings: tuple[datetime, ...]
    deferrals_left: int
    may_postpone: bool
    forced_at: datetime | None


def restart(
    plan: RebootPlan,
    first_warning_at: datetime,
    takes: timedelta,
    open_at_or_after: OpenAtOrAfter,
    deferrals: int = 0,
    postponed_to: datetime | None = None,
) -> Restart | None:
    """When a device restarts; None when no window has room for it and nothing forces it.

    The earliest instant is the longest warning after the first one, or what it was postponed to; the restart comes in
    the first window from then on that it still fits into. It is forced at the deadline, counted from the first warning,
    at the last moment at which it fits into a window before it; with no such window it comes at the deadline itself,
    which is hard. `deferrals` is how often it was postponed so far.
    """
    earliest = first_warning_at + max(plan.warnings, default=timedelta(0))
    due_at = first_warning_at + plan.deadline if plan.deadline is not None else None
    forced_at = _forced(earliest, due_at, takes, open_at_or_after) if due_at is not None else None
    left = max(0, plan.deferrals - deferrals)
    wanted = max(earliest, postponed_to) if postponed_to is not None and deferrals <= plan.deferrals else earliest
    found = _first_fit(wanted, takes, open_at_or_after)
    at = min((each for each in (found, forced_at) if each is not None), default=None)
    if at is None:
        return None
    may_postpone = left > 0 and (forced_at is None or at < forced_at)
    warnings = tuple(sorted({max(first_warning_at, at - before) for before in plan.warnings}))
    return Restart(at, warnings, left, may_postpone, forced_at)


def _first_fit(earliest: datetime, takes: timedelta, open_at_or_after: OpenAtOrAfter) -> datetime | None:
    give_up_at = earliest + LOOK_AHEAD  # a window that is always too short would be tried for ever
    while (window := open_at_or_after(earliest)) is not None and earliest < give_up_at:
        at = max(earliest, window.opens_at)
        if window.fits(at, takes):
            return at
        earliest = window.closes_at
    return None


def _forced(earliest: datetime, due_at: datetime, takes: timedelta, open_at_or_after: OpenAtOrAfter) -> datetime:
    """The last moment before the deadline at which a window still has room; the deadline where there is none."""
    last, after = None, earliest
    while (window := open_at_or_after(after)) is not None and max(after, window.opens_at) <= due_at:
        at = min(due_at, window.closes_at - takes)
        if at >= max(earliest, window.opens_at):
            last = at
        after = window.closes_at
    return last if last is not None else due_at


@dataclass(frozen=True)
class Waiting:
    """A device that has to restart, and the plan of its segment."""

    device_id: UUID
    plan: RebootPlan


@dataclass(frozen=True)
class Held:
    """A slot: a device that was told to restart at `since_at` and has not been seen healthy since."""

    device_id: UUID
    plan: RebootPlan
    since_at: datetime


@dataclass(frozen=True)
class Turn:
    """`may_restart` in the order of the slots; `alarms` are the devices that hold theirs for too long, and why."""

    may_restart: tuple[UUID, ...]
    alarms: Mapping[UUID, Reason]


def turn(waiting: Sequence[Waiting], held: Sequence[Held], now: datetime, unhealthy: Collection[UUID] = ()) -> Turn:
    """Which devices of one group may restart now.

    Lower orders first: a higher one waits until nobody of a lower one waits or holds a slot. At the same time never
    more than `at_once_max` of a plan (None: no limit). A slot is held until the device is healthy; after
    `healthy_within` it is still held, and somebody is told: a group in which one did not come back is not restarted
    further by itself. A device that is unhealthy before its restart takes no slot.
    """
    alarms = {slot.device_id: _alarm(slot, now) for slot in held if now - slot.since_at > slot.plan.healthy_within}
    order = min([each.plan.order for each in waiting] + [slot.plan.order for slot in held], default=0)
    taken: dict[str, int] = {}
    for slot in held:
        taken[slot.plan.name] = taken.get(slot.plan.name, 0) + 1
    chosen: list[UUID] = []
    for each in sorted(waiting, key=lambda one: (one.plan.order, one.plan.name, one.device_id.bytes)):
        level, most = taken.get(each.plan.name, 0), each.plan.at_once_max
        if alarms or each.plan.order > order or each.device_id in unhealthy or (most is not None and level >= most):
            continue
        taken[each.plan.name] = level + 1
        chosen.append(each.device_id)
    return Turn(tuple(chosen), alarms)


def _alarm(slot: Held, now: datetime) -> Reason:
    minutes = int((now - slot.since_at).total_seconds() // 60)
    allowed = int(slot.plan.healthy_within.total_seconds() // 60)
    text = f"restarted {minutes} minutes ago and not healthy since; {slot.plan.name} allows {allowed}"
    return reason("restart_not_healthy", text, minutes=minutes, allowed=allowed)
