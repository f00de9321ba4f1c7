"""Windows: a recurrence rule on local time says when one begins, an elapsed duration says when it ends.

RFC 5545 rules are expanded on aware local time, so a window at 02:30 stays at 02:30 when the offset changes. A start
that the clocks skip is the same number of minutes after the gap; one that they repeat is the first of the two. The end
is the start plus the duration in elapsed time: four hours are four hours, also in the night of the change.
Only DAILY, WEEKLY and MONTHLY are allowed (policyfile), so an expansion is short.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from dateutil.rrule import rrulestr

from patchring.core.policy.model import Blackout, Window

FOREVER = timedelta(days=36_500)
LOOK_AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class Occurrence:
    """One window in UTC. `closes_at` is the first instant that is not in it."""

    name: str
    opens_at: datetime
    closes_at: datetime

    def holds(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at

    def fits(self, now: datetime, duration: timedelta) -> bool:
        """Whether something that takes `duration` ends before the window does (W2)."""
        return now + duration <= self.closes_at


def occurrences(window: Window, zone: tzinfo, after: datetime) -> Iterator[Occurrence]:
    """The window that is open at `after` (aware), if any, and those that follow within `LOOK_AHEAD`."""
    if window.any_time:
        yield Occurrence(window.name, after, after + FOREVER)
        return
    local = after.astimezone(zone).replace(tzinfo=None)
    begin = local - window.duration - timedelta(days=1)
    anchor = datetime.combine(date(begin.year, 1, 1), window.start)
    rule = rrulestr(window.rule, dtstart=anchor)
    for start in rule.xafter(begin, inc=True):
        if start > local + LOOK_AHEAD:
            return
        opens_at = start.replace(tzinfo=zone, fold=0).astimezone(UTC)
        found = Occurrence(window.name, opens_at, opens_at + window.duration)
        if found.closes_at > after:
            yield found


def open_window(window: Window, zone: tzinfo, now: datetime) -> Occurrence | None:
    """The window that `now` lies in. Where two overlap, the one that closes last."""
    found = [each for each in _until(window, zone, now) if each.holds(now)]
    return max(found, key=lambda each: each.closes_at, default=None)


def next_window(window: Window, zone: tzinfo, now: datetime) -> Occurrence | None:
    """The first window that opens after `now`; None when none does within `LOOK_AHEAD`."""
    return next((each for each in occurrences(window, zone, now) if each.opens_at > now), None)


def blackout_at(blackouts: tuple[Blackout, ...], zone: tzinfo, now: datetime) -> Blackout | None:
    """The blackout whose local dates hold `now`."""
    today = now.astimezone(zone).date()
    return next((each for each in blackouts if each.from_on <= today <= each.to_on), None)


def _until(window: Window, zone: tzinfo, now: datetime) -> Iterator[Occurrence]:
    for each in occurrences(window, zone, now):
        if each.opens_at > now:
            return
        yield each
