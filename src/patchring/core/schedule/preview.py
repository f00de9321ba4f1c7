"""What a window will do, occurrence by occurrence, with the reason for each that is skipped, cut or moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from patchring.core.policy.calendar import Blackout, Hours, ShortMonth, Window
from patchring.core.reason import Reason, reason
from patchring.core.schedule.hours import outside
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.recurrence import FIRST_ON, starts
from patchring.core.schedule.rule import Rule, parse
from patchring.core.schedule.windows import LOOK_AHEAD, blackout_at, occurrences

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Planned:
    """Something may begin from `opens_at` to `closes_at` (UTC). `reasons`: why not all of the window."""

    opens_at: datetime
    closes_at: datetime
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A window that does not come. `on` is the local day on which it would have begun."""

    on: date
    reason: Reason


def preview(
    window: Window, blackouts: Sequence[Blackout], hours: Hours | None, zone: tzinfo, after: datetime, count: int
) -> list[Planned | Skipped]:
    """The next `count` windows that close after `after` (aware), by their start, as far as `LOOK_AHEAD`.

    `blackouts` are those that concern the segment. A window comes in as many rows as parts are left of it. Any time is
    one row without blackouts and hours; with them the parts until `LOOK_AHEAD`.
    """
    found = sorted([*_moments(window, blackouts, hours, zone, after, count), *_lacking(window, zone, after)], key=_key)
    return [row for _, row in found][:count]


Row = tuple[datetime, Planned | Skipped]


def _key(row: Row) -> tuple[datetime, bool]:
    return row[0], isinstance(row[1], Skipped)


def _moments(
    window: Window, blackouts: Sequence[Blackout], hours: Hours | None, zone: tzinfo, after: datetime, count: int
) -> Iterator[Row]:
    minded = (window.hours or hours) if window.outside_hours else None
    left = count
    for whole in occurrences(replace(window, outside_hours=False), zone, after):
        if window.any_time and (minded or blackouts):
            whole = replace(whole, closes_at=after + LOOK_AHEAD)
        for row in _rows(window, whole, blackouts, minded, zone):
            if left == 0:
                return
            if isinstance(row, Skipped) or row.closes_at > after:
                left -= 1
                yield (row.opens_at if isinstance(row, Planned) else whole.opens_at), row


def _rows(
    window: Window, whole: Occurrence, blackouts: Sequence[Blackout], minded: Hours | None, zone: tzinfo
) -> Iterator[Planned | Skipped]:
    moved = _moved(window, whole, zone)
    parts = list(outside(whole, minded, zone)) if minded else [whole]
    on = whole.opens_at.astimezone(zone).date()
    if not parts:
        yield Skipped(on, reason("in_hours", "all of it lies in the client's operating hours"))
        return
    any_left = False
    for part in parts:
        why = [reason("cut_to_hours", "cut to what lies outside the client's operating hours")] if part != whole else []
        for free, blackout in _free(part, blackouts, zone):
            any_left = True
            cut = [_of(blackout, "cut by")] if blackout else []
            yield Planned(free.opens_at, free.closes_at, (*moved, *why, *cut))
    if not any_left:
        found = blackout_at(blackouts, zone, parts[0].opens_at)
        assert found is not None, "nothing is left of a window, and no blackout took it"
        yield Skipped(on, _of(found, "falls into"))


def _free(
    part: Occurrence, blackouts: Sequence[Blackout], zone: tzinfo
) -> Iterator[tuple[Occurrence, Blackout | None]]:
    """What blackouts leave of a part, and the first blackout that cuts each piece; None: nothing does."""
    begins_at, by = part.opens_at, None
    for blackout in sorted(blackouts, key=lambda each: (each.from_on, each.to_on)):
        from_at, to_at = _span(blackout, zone)
        if from_at >= part.closes_at or to_at <= begins_at:
            continue
        if from_at > begins_at:
            yield replace(part, opens_at=begins_at, closes_at=from_at), by or blackout
        begins_at, by = to_at, blackout
    if begins_at < part.closes_at:
        yield replace(part, opens_at=begins_at), by


def _span(blackout: Blackout, zone: tzinfo) -> tuple[datetime, datetime]:
    """From its first local midnight to the one after its last day, in UTC."""
    begins = datetime.combine(blackout.from_on, time(0), tzinfo=zone).astimezone(UTC)
    return begins, datetime.combine(blackout.to_on + _DAY, time(0), tzinfo=zone).astimezone(UTC)


def _of(blackout: Blackout, verb: str) -> Reason:
    text = f"{verb} blackout {blackout.name} ({blackout.authority}), {blackout.from_on} to {blackout.to_on}"
    return reason("blackout", text, blackout=blackout.name)


def _moved(window: Window, whole: Occurrence, zone: tzinfo) -> list[Reason]:
    """A start that the clocks skip is later by the gap."""
    if window.any_time:
        return []
    begins = whole.opens_at.astimezone(zone)
    if begins.time() == window.start:
        return []
    return [reason("clock_skips", f"the clocks skip {window.start:%H:%M} on that day, so it opens at {begins:%H:%M}")]


def _lacking(window: Window, zone: tzinfo, after: datetime) -> Iterator[Row]:
    """The months that lack a day of the rule, at the end of each: nothing is left out without a word."""
    if window.any_time:
        return
    rule, first_on = parse(window.rule), window.begins_on or FIRST_ON
    wanted = _wanted_days(rule, first_on)
    begin = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=window.days_after)
    end = _last_of(rule, first_on, window.start, begin + LOOK_AHEAD)
    ends_of_months = replace(rule, frequency="MONTHLY", month_days=(-1,), positions=(), count=None)
    for last in starts(ends_of_months, first_on, window.start, begin, end) if wanted else ():
        lacked = [day for day in wanted if abs(day) > last.day and not _is_moved(window, day)]
        # Where a rule picks some of its days, a month lacks one only when it has none of them.
        if lacked and (not rule.positions or len(lacked) == len(wanted)):
            text = f"{last:%B %Y} has no day {', '.join(map(str, lacked))}"
            at = (last + timedelta(days=window.days_after)).replace(tzinfo=zone).astimezone(UTC)
            yield at, Skipped(last.date(), reason("short_month", text))


def _wanted_days(rule: Rule, first_on: date) -> tuple[int, ...]:
    """The days of the month that the rule wants of every month; none where weekdays or a pace of days choose too."""
    if rule.weekdays or (rule.frequency == "DAILY" and rule.interval > 1):
        return ()
    return rule.month_days or ((first_on.day,) if rule.frequency == "MONTHLY" else ())


def _is_moved(window: Window, day: int) -> bool:
    """Days that are counted from the end stay what RFC 5545 makes of them: nothing, where there is none."""
    return window.short_month is ShortMonth.LAST_DAY and day > 0


def _last_of(rule: Rule, first_on: date, at: time, end: datetime) -> datetime:
    """The last start of a rule with COUNT, if that comes before `end`: later months lack nothing."""
    if rule.count is None:
        return end
    counted = list(starts(rule, first_on, at, datetime.combine(first_on, at), end))
    return counted[-1] if len(counted) == rule.count else end
