"""Windows: a recurrence rule on local time says when one begins, an elapsed duration says when it ends.

Rules are expanded on local time, so a window at 02:30 stays at 02:30 when the offset changes. A start that the clocks
skip is the same number of minutes after the gap; one that they repeat is the first of the two. The end is the start
plus the duration in elapsed time: four hours are four hours, also in the night of the change. What a rule may say is
in rule.py.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from patchring.core.policy.calendar import Blackout, Hours, ShortMonth, Window
from patchring.core.schedule.hours import outside
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.recurrence import FIRST_ON, starts
from patchring.core.schedule.rule import parse

FOREVER = timedelta(days=36_500)
LOOK_AHEAD = timedelta(days=400)
LOOK_BACK = timedelta(days=70)


def occurrences(window: Window, zone: tzinfo, after: datetime, hours: Hours | None = None) -> Iterator[Occurrence]:
    """The windows that close after `after` (aware), by their start, as far as `LOOK_AHEAD`.

    One that keeps outside the client's hours comes in the parts that are left of it: the window's own `hours`, or else
    those given, which are the policy's.
    """
    minded = (window.hours or hours) if window.outside_hours else None
    for whole in _whole(window, zone, after):
        parts = outside(whole, minded, zone) if minded else [whole]
        yield from (part for part in parts if part.closes_at > after)


def _whole(window: Window, zone: tzinfo, after: datetime) -> Iterator[Occurrence]:
    if window.any_time:
        yield Occurrence(window.name, after, after + (LOOK_AHEAD if window.outside_hours else FOREVER))
        return
    local = after.astimezone(zone).replace(tzinfo=None)
    later = timedelta(days=window.days_after)
    # A day more on both sides: clocks change by less, and what is not wanted is dropped below.
    begin, end = local - window.duration - later - timedelta(days=1), local - later + LOOK_AHEAD
    rule = replace(parse(window.rule), moves_to_last_day=window.short_month is ShortMonth.LAST_DAY)
    for start in starts(rule, window.begins_on or FIRST_ON, window.start, begin, end):
        opens_at = (start + later).replace(tzinfo=zone, fold=0).astimezone(UTC)
        if opens_at + window.duration > after:
            yield Occurrence(window.name, opens_at, opens_at + window.duration)


def open_window(window: Window, zone: tzinfo, now: datetime, hours: Hours | None = None) -> Occurrence | None:
    """The window that `now` lies in. Where two overlap, the one that closes last."""
    return max(_until(window, zone, now, hours), key=lambda each: each.closes_at, default=None)


def next_window(window: Window, zone: tzinfo, now: datetime, hours: Hours | None = None) -> Occurrence | None:
    """The first window that opens after `now`; None when none does within `LOOK_AHEAD`."""
    return next((each for each in occurrences(window, zone, now, hours) if each.opens_at > now), None)


def blackout_at(
    blackouts: Sequence[Blackout], zone: tzinfo, now: datetime, segments: Collection[str] = ()
) -> Blackout | None:
    """The blackout whose local dates hold `now`, of those that concern a segment by one of its names (decide.names_of).

    Without a name, because no segment is known, every blackout counts.
    """
    today = now.astimezone(zone).date()
    return next((each for each in blackouts if each.from_on <= today <= each.to_on and concerns(each, segments)), None)


def concerns(blackout: Blackout, segments: Collection[str]) -> bool:
    return not blackout.segments or not segments or any(name in blackout.segments for name in segments)


def last_window(window: Window, zone: tzinfo, now: datetime, hours: Hours | None = None) -> Occurrence | None:
    """The last window that began and ended before `now`, from the begin of its first part to the end of its last one;
    None when there was none in `LOOK_BACK`, for any time, and for one in which people always work."""
    if window.any_time:
        return None
    minded = (window.hours or hours) if window.outside_hours else None
    last = None
    for whole in _whole(window, zone, now - LOOK_BACK):
        if whole.opens_at >= now:
            break
        parts = list(outside(whole, minded, zone)) if minded else [whole]
        if parts and parts[-1].closes_at <= now:
            last = Occurrence(window.name, parts[0].opens_at, parts[-1].closes_at)
    return last


def _until(window: Window, zone: tzinfo, now: datetime, hours: Hours | None) -> Iterator[Occurrence]:
    """Those that opened by `now` and have not closed."""
    for each in occurrences(window, zone, now, hours):
        if each.opens_at > now:
            return
        yield each
