"""Windows: a recurrence rule on local time says when one begins, an elapsed duration says when it ends.

Rules are expanded on local time, so a window at 02:30 stays at 02:30 when the offset changes. A start that the clocks
skip is the same number of minutes after the gap; one that they repeat is the first of the two. The end is the start
plus the duration in elapsed time: four hours are four hours, also in the night of the change. What a rule may say is
in rule.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from patchring.core.policy.calendar import Blackout, Window
from patchring.core.schedule.recurrence import FIRST_ON, starts
from patchring.core.schedule.rule import parse

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
    """The windows that close after `after` (aware), by their start, as far as `LOOK_AHEAD`."""
    if window.any_time:
        yield Occurrence(window.name, after, after + FOREVER)
        return
    local = after.astimezone(zone).replace(tzinfo=None)
    later = timedelta(days=window.days_after)
    # A day more on both sides: clocks change by less, and what is not wanted is dropped below.
    begin, end = local - window.duration - later - timedelta(days=1), local - later + LOOK_AHEAD
    for start in starts(parse(window.rule), window.begins_on or FIRST_ON, window.start, begin, end):
        opens_at = (start + later).replace(tzinfo=zone, fold=0).astimezone(UTC)
        if opens_at + window.duration > after:
            yield Occurrence(window.name, opens_at, opens_at + window.duration)


def open_window(window: Window, zone: tzinfo, now: datetime) -> Occurrence | None:
    """The window that `now` lies in. Where two overlap, the one that closes last."""
    found = [each for each in _until(window, zone, now) if each.holds(now)]
    return max(found, key=lambda each: each.closes_at, default=None)


def next_window(window: Window, zone: tzinfo, now: datetime) -> Occurrence | None:
    """The first window that opens after `now`; None when none does within `LOOK_AHEAD`."""
    return next((each for each in occurrences(window, zone, now) if each.opens_at > now), None)


def blackout_at(blackouts: Sequence[Blackout], zone: tzinfo, now: datetime) -> Blackout | None:
    """The blackout whose local dates hold `now`."""
    today = now.astimezone(zone).date()
    return next((each for each in blackouts if each.from_on <= today <= each.to_on), None)


def _until(window: Window, zone: tzinfo, now: datetime) -> Iterator[Occurrence]:
    for each in occurrences(window, zone, now):
        if each.opens_at > now:
            return
        yield each
