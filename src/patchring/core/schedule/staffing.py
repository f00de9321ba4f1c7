"""Whether somebody is there (W1): shifts are data that people import, what a segment asks for is policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from patchring.core.policy.calendar import Staffing
from patchring.core.reason import Reason, reason

MARGIN = timedelta(minutes=15)


class ShiftKind(StrEnum):
    """At work, or reachable at home."""

    ON_SHIFT = "on_shift"
    ON_CALL = "on_call"


@dataclass(frozen=True)
class Shift:
    """`ends_at` is the first instant that is not in it. `acknowledged`: its person said that he is there."""

    person: str
    kind: ShiftKind
    begins_at: datetime
    ends_at: datetime
    acknowledged: bool = False

    def covers(self, from_at: datetime, to_at: datetime) -> bool:
        return self.begins_at <= from_at and to_at <= self.ends_at


def unstaffed(staffing: Staffing, shifts: Sequence[Shift], now: datetime, takes: timedelta) -> Reason | None:
    """What is missing for something that takes `takes` to begin now; None: nothing is.

    On call: a shift of either kind covers now and its person acknowledged it. On shift: one person is at work from
    `MARGIN` before now until `MARGIN` after the end; his shifts that touch are one.
    """
    match staffing:
        case Staffing.NONE:
            return None
        case Staffing.ON_CALL:
            return _on_call(shifts, now)
        case Staffing.ON_SHIFT:
            return _on_shift(shifts, now, takes)


def _on_call(shifts: Sequence[Shift], now: datetime) -> Reason | None:
    present = [shift for shift in shifts if shift.begins_at <= now < shift.ends_at]
    if any(shift.acknowledged for shift in present):
        return None
    if present:
        people = ", ".join(sorted({shift.person for shift in present}))
        return reason("on_call_silent", f"{people} is on call and has not acknowledged the shift", person=people)
    return reason("nobody_on_call", f"nobody is on call {_until(shifts, now)}")


def _on_shift(shifts: Sequence[Shift], now: datetime, takes: timedelta) -> Reason | None:
    from_at, to_at = now - MARGIN, now + takes + MARGIN
    joined = list(_joined(shift for shift in shifts if shift.kind is ShiftKind.ON_SHIFT))
    if any(shift.covers(from_at, to_at) for shift in joined):
        return None
    present = [shift for shift in joined if shift.begins_at <= now < shift.ends_at]
    if not present:
        return reason("nobody_on_shift", f"nobody is on shift {_until(joined, now)}")
    last = max(present, key=lambda shift: (shift.ends_at, shift.person))
    if last.ends_at < to_at:
        text = f"{last.person} is on shift until {_minute(last.ends_at)}, not until {_minute(to_at)}"
    else:
        text = f"{last.person} is on shift only since {_minute(last.begins_at)}, not since {_minute(from_at)}"
    return reason("shift_too_short", text, person=last.person, minutes=int((to_at - from_at).total_seconds() // 60))


def _joined(shifts: Iterator[Shift]) -> Iterator[Shift]:
    """The shifts of each person, those that touch or overlap as one."""
    open_shift: Shift | None = None
    for shift in sorted(shifts, key=lambda each: (each.person, each.begins_at, each.ends_at)):
        if open_shift and open_shift.person == shift.person and shift.begins_at <= open_shift.ends_at:
            open_shift = replace(open_shift, ends_at=max(open_shift.ends_at, shift.ends_at))
            continue
        if open_shift:
            yield open_shift
        open_shift = shift
    if open_shift:
        yield open_shift


def _until(shifts: Sequence[Shift], now: datetime) -> str:
    begins = min((shift.begins_at for shift in shifts if shift.begins_at > now), default=None)
    return f"until {_minute(begins)}" if begins else "and no shift is known"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
