"""iCalendar (RFC 5545) as MSPs have it: shifts of people, and days on which nothing may happen.

Read with the `icalendar` library and expanded with `dateutil`. Times without a zone are those of the zone given; an
all-day event is from midnight to midnight there. Cancelled events, excepted dates and what lasts no time are left
out; a changed instance of a series takes the place of the one it changes. What cannot be read is refused whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import icalendar
from dateutil import rrule

BYTES_MAX = 2 * 1024 * 1024
EVENTS_MAX = 10_000
OCCURRENCES_MAX = 20_000


class CalendarInvalid(Exception):
    """The file is no calendar that can be read: one line with what was expected, what came, what to do."""


@dataclass(frozen=True)
class Entry:
    """One occurrence of an event, aware UTC; `ends_at` is the first instant that is not in it."""

    summary: str
    begins_at: datetime
    ends_at: datetime
    all_day: bool


@dataclass(frozen=True)
class DayOff:
    """Whole local days, both included."""

    summary: str
    from_on: date
    to_on: date


@dataclass(frozen=True)
class _Event:
    uid: str
    summary: str
    begin: datetime
    duration: timedelta
    all_day: bool
    rule: str
    excepted: frozenset[datetime]
    replaces: datetime | None


def read_calendar(content: bytes, zone: tzinfo, begin: datetime, end: datetime) -> list[Entry]:
    """Every occurrence that touches the time from `begin` to `end` (aware), by its begin. Raises CalendarInvalid."""
    events = list(_events(content, zone))
    replaced = {(each.uid, each.replaces) for each in events if each.replaces is not None}
    found: list[Entry] = []
    for event in events:
        for at in _begins(event, begin, end):
            if event.replaces is None and (event.uid, at) in replaced:
                continue
            found.append(_entry(event, at))
            if len(found) > OCCURRENCES_MAX:
                raise CalendarInvalid(
                    f"expected at most {OCCURRENCES_MAX} occurrences, more came; ask for a shorter time"
                )
    wanted = (each for each in found if each.begins_at < end and each.ends_at > max(begin, each.begins_at))
    return sorted(wanted, key=lambda each: (each.begins_at, each.ends_at, each.summary))


def read_days_off(content: bytes, zone: tzinfo, begin: date, end: date) -> list[DayOff]:
    """All-day events between two days, the last included. Raises CalendarInvalid; events with times are left out."""
    first, last = (datetime.combine(day, time(0), zone) for day in (begin, end + timedelta(days=1)))
    return [
        DayOff(
            each.summary,
            each.begins_at.astimezone(zone).date(),
            (each.ends_at.astimezone(zone) - timedelta(days=1)).date(),
        )
        for each in read_calendar(content, zone, first, last)
        if each.all_day
    ]


def _events(content: bytes, zone: tzinfo) -> Iterator[_Event]:
    if len(content) > BYTES_MAX:
        raise CalendarInvalid(f"expected at most {BYTES_MAX} bytes, got {len(content)}")
    try:
        calendars = icalendar.Calendar.from_ical(content, multiple=True)
        components = [each for calendar in calendars for each in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise CalendarInvalid(f"expected an iCalendar file (BEGIN:VCALENDAR), got {str(error)[:100]!r}") from error
    if not components:
        raise CalendarInvalid("expected a calendar with events (VEVENT), there is none in it")
    if len(components) > EVENTS_MAX:
        raise CalendarInvalid(f"expected at most {EVENTS_MAX} events, got {len(components)}")
    for number, component in enumerate(components, 1):
        if str(component.get("STATUS", "")).upper() == "CANCELLED" and component.get("RECURRENCE-ID") is None:
            continue
        yield _event(component, number, zone)


def _event(component: Any, number: int, zone: tzinfo) -> _Event:
    summary = str(component.get("SUMMARY", "")).strip()
    where = f"event {number}" + (f" ({summary[:40]})" if summary else "")
    try:
        begin, all_day = _instant(component["DTSTART"].dt, zone)
        duration = _duration(component, begin, all_day, zone)
        rule = component.get("RRULE").to_ical().decode() if component.get("RRULE") else ""
        excepted = frozenset(_excepted(component, zone))
        replaces = component.get("RECURRENCE-ID")
        cancelled = str(component.get("STATUS", "")).upper() == "CANCELLED"
        return _Event(
            str(component.get("UID", number)),
            summary,
            begin,
            timedelta(0) if cancelled else duration,
            all_day,
            rule,
            excepted,
            _instant(replaces.dt, zone)[0].astimezone(UTC) if replaces is not None else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CalendarInvalid(
            f"{where}: expected DTSTART with an end, got {str(error)[:100]!r}; mend it, or leave it out"
        ) from error


def _instant(said: date | datetime, zone: tzinfo) -> tuple[datetime, bool]:
    """With its zone, and whether it was a day."""
    if not isinstance(said, datetime):
        return datetime.combine(said, time(0), zone), True
    return (said if said.tzinfo else said.replace(tzinfo=zone)), False


def _duration(component: Any, begin: datetime, all_day: bool, zone: tzinfo) -> timedelta:
    """On the wall for days, elapsed for times. Without an end a day lasts a day, and a time nothing."""
    if component.get("DTEND") is not None:
        end, _ = _instant(component["DTEND"].dt, zone)
        wall = end.replace(tzinfo=None) - begin.replace(tzinfo=None)
        length = wall if all_day else end.astimezone(UTC) - begin.astimezone(UTC)
    elif component.get("DURATION") is not None:
        length = component["DURATION"].dt
    else:
        length = timedelta(days=1) if all_day else timedelta(0)
    if length < timedelta(0):
        raise ValueError("an end before the begin")
    return length


def _excepted(component: Any, zone: tzinfo) -> Iterator[datetime]:
    lists = component.get("EXDATE")
    for each in lists if isinstance(lists, list) else [lists] if lists is not None else []:
        yield from (_instant(one.dt, zone)[0].astimezone(UTC) for one in each.dts)


def _begins(event: _Event, begin: datetime, end: datetime) -> Iterator[datetime]:
    """When it begins, UTC: once, or by its rule on the local time of its own zone."""
    if not event.rule or event.replaces is not None:
        yield event.begin.astimezone(UTC)
        return
    zone = event.begin.tzinfo
    assert zone is not None, "every event has a zone by now"
    _require_days(event)
    local = event.begin.replace(tzinfo=None)
    first, last = (each.astimezone(zone).replace(tzinfo=None) for each in (begin, end))
    try:
        rule = rrule.rrulestr(_without_zone(event.rule, zone), dtstart=local)
        starts = rule.between(first - event.duration - timedelta(days=1), last + timedelta(days=1), inc=True)
    except (ValueError, TypeError, OverflowError) as error:
        raise CalendarInvalid(
            f"{event.summary or event.uid}: expected a rule of RFC 5545, got {event.rule[:80]!r}"
        ) from error
    for start in starts:
        at = start.replace(tzinfo=zone).astimezone(UTC)
        if at not in event.excepted:
            yield at


def _require_days(event: _Event) -> None:
    """Nobody's shift begins every second; a file that says so would cost hours to expand."""
    if not re.search(r"(?:^|;)FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;|$)", event.rule.upper()):
        name = event.summary or event.uid
        raise CalendarInvalid(f"{name}: expected FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, got {event.rule[:80]!r}")


def _without_zone(rule: str, zone: tzinfo) -> str:
    """UNTIL is UTC in a series with a zone; on the wall here, as the begins are."""
    parts = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name.upper() == "UNTIL" and value.endswith("Z"):
            until = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            value = f"{until.astimezone(zone):%Y%m%dT%H%M%S}"
        parts.append(f"{name}={value}")
    return ";".join(parts)


def _entry(event: _Event, at: datetime) -> Entry:
    if event.all_day:
        zone = event.begin.tzinfo
        local = at.astimezone(zone).replace(tzinfo=None) + event.duration
        return Entry(event.summary, at, local.replace(tzinfo=zone).astimezone(UTC), True)
    return Entry(event.summary, at, at + event.duration, False)
