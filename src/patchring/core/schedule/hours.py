"""The client's operating hours: what of a window lies outside them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from patchring.core.policy.calendar import Hours
from patchring.core.schedule.occurrence import Occurrence

_DAY = timedelta(days=1)


def outside(window: Occurrence, hours: Hours, zone: tzinfo) -> Iterator[Occurrence]:
    """The parts of a window in which nobody works, by their start; none when people work through all of it."""
    begins_at = window.opens_at
    for from_at, to_at in _worked(hours, zone, window.opens_at, window.closes_at):
        if from_at > begins_at:
            yield replace(window, opens_at=begins_at, closes_at=min(from_at, window.closes_at))
        begins_at = max(begins_at, to_at)
    if begins_at < window.closes_at:
        yield replace(window, opens_at=begins_at)


def _worked(hours: Hours, zone: tzinfo, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans of work from the day before one instant until another, in order, in UTC."""
    day = after.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date()
    while day <= last:
        for from_at, to_at in sorted(hours.spans.get(day.weekday(), ())):
            begins, ends = _instant(day, from_at, zone), _instant(day, to_at, zone)
            if begins < until:
                yield begins, ends
        day += _DAY


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    """A time that the clocks skip is the same number of minutes after the gap, as for windows."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
