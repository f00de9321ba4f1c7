"""The part of RFC 5545's rules that a window may use: what is allowed, and on which days it falls.

- FREQ is DAILY, WEEKLY or MONTHLY. The time of day is the window's own: BYHOUR, BYMINUTE, BYSECOND are not used.
- A rule is one line of known parts, each written once.
- INTERVAL and COUNT count from a first day, so "every second week" means the same weeks next year.
- A day that a month does not have is skipped, not moved (RFC 5545, 3.3.10).
- Whether a day belongs to the rule is asked of each day, so an expansion costs what its time span costs. (dateutil has
  no such bound: it looks for a 30 February up to the year 9999. The tests hold both to the same days.)
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

# A Monday: weeks that are counted from here begin as people's weeks do.
FIRST_ON = date(2024, 1, 1)
COUNT_MAX = 1000
INTERVAL_MAX = 366
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FEASIBLE_WITHIN = timedelta(days=366 * 9)  # from one 29 February to the next it is eight years at most
_DAY = timedelta(days=1)


class RuleInvalid(ValueError):
    """The text is no rule that a window can use; the message says what was expected."""


@dataclass(frozen=True)
class Rule:
    """A rule that was read. Empty tuples: not said. `weekdays` are (ordinal, weekday), ordinal 0 for every one."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


_WEEKDAY = r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)"
_MONTH_DAY = r"-?(?:[12]\d|3[01]|[1-9])"
_MONTH = r"(?:1[0-2]|[1-9])"
_PARTS = {
    "FREQ": (r"DAILY|WEEKLY|MONTHLY", "DAILY, WEEKLY or MONTHLY"),
    "INTERVAL": (r"[1-9]\d{0,2}", f"a number from 1 to {INTERVAL_MAX}"),
    "COUNT": (r"[1-9]\d{0,3}", f"a number from 1 to {COUNT_MAX}"),
    "UNTIL": (r"\d{8}(?:T\d{6})?", "a local date such as 20271231"),
    "BYDAY": (rf"{_WEEKDAY}(?:,{_WEEKDAY})*", "days such as MO,TU, or 2TU for the second Tuesday"),
    "BYMONTHDAY": (rf"{_MONTH_DAY}(?:,{_MONTH_DAY})*", "days of the month such as 1,15, or -1 for the last"),
    "BYMONTH": (rf"{_MONTH}(?:,{_MONTH})*", "months such as 3,6,9,12"),
    "BYSETPOS": (r"-?[1-9]\d?(?:,-?[1-9]\d?)*", "positions such as 1, or -1 for the last"),
    "WKST": (r"MO|TU|WE|TH|FR|SA|SU", "a day such as MO"),
}


def parse(text: str) -> Rule:
    """The rule of a text such as `FREQ=MONTHLY;BYDAY=2TU`. Raises RuleInvalid."""
    parts = _parts(text)
    rule = Rule(
        frequency=parts["FREQ"],
        interval=int(parts.get("INTERVAL", 1)),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        weekdays=tuple((int(day[:-2] or 0), DAYS.index(day[-2:])) for day in _listed(parts, "BYDAY")),
        month_days=tuple(int(day) for day in _listed(parts, "BYMONTHDAY")),
        months=tuple(int(month) for month in _listed(parts, "BYMONTH")),
        positions=tuple(int(position) for position in _listed(parts, "BYSETPOS")),
        week_start=DAYS.index(parts.get("WKST", "MO")),
    )
    _refuse(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise RuleInvalid(f"{name!r} is not used here; expected {', '.join(_PARTS)} (`start` says the time of day)")
        pattern, expected = _PARTS[name]
        if not re.fullmatch(pattern, value):
            raise RuleInvalid(f"expected {name}= and {expected}, got {value!r}")
        if name in parts:
            raise RuleInvalid(f"{name} is written twice; expected it once")
        parts[name] = value
    if "FREQ" not in parts:
        raise RuleInvalid("FREQ is missing; expected FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY")
    return parts


def _listed(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _until(text: str) -> datetime:
    try:
        until = datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007 - local time
    except ValueError as error:
        raise RuleInvalid(f"expected UNTIL= and a local date such as 20271231, got {text!r}") from error
    return until if "T" in text else datetime.combine(until, time.max)  # the whole of that day


def _refuse(rule: Rule) -> None:
    """What the parts say together and must not."""
    if rule.interval > INTERVAL_MAX or (rule.count or 0) > COUNT_MAX:
        raise RuleInvalid(f"INTERVAL may be {INTERVAL_MAX} and COUNT {COUNT_MAX} at most")
    if rule.count is not None and rule.until is not None:
        raise RuleInvalid("COUNT and UNTIL exclude each other; expected one of them")
    if rule.frequency != "MONTHLY" and any(ordinal for ordinal, _ in rule.weekdays):
        raise RuleInvalid("a numbered day such as 2TU needs FREQ=MONTHLY")
    if rule.frequency == "WEEKLY" and rule.month_days:
        raise RuleInvalid("BYMONTHDAY does not go with FREQ=WEEKLY; expected FREQ=MONTHLY or DAILY")
    if rule.positions and (rule.frequency == "DAILY" or not (rule.weekdays or rule.month_days)):
        raise RuleInvalid("BYSETPOS picks among the days of a week or month; expected BYDAY or BYMONTHDAY beside it")


def problem_of(text: str, first_on: date | None = None) -> str:
    """What is wrong with a rule that begins on a day (None: FIRST_ON), as a sentence; empty when it can be used."""
    try:
        rule = parse(text)
    except RuleInvalid as error:
        return str(error)
    first = datetime.combine(first_on or FIRST_ON, time(0))
    if next(starts(rule, first.date(), first.time(), first, first + _FEASIBLE_WITHIN), None) is None:
        return "it never comes; expected a rule that falls on at least one day"
    return ""


def starts(rule: Rule, first_on: date, at: time, after: datetime, until: datetime) -> Iterator[datetime]:
    """The local starts of a rule from `after` to `until`, both included; all datetimes naive local."""
    day = first_on if rule.count is not None else max(first_on, after.date())
    end = min(rule.until, until) if rule.until is not None else until
    left = rule.count
    while (start := datetime.combine(day, at)) <= end and left != 0:
        if falls_on(rule, day, first_on):
            left = left - 1 if left is not None else None
            if start >= after:
                yield start
        day += _DAY


def falls_on(rule: Rule, day: date, first_on: date) -> bool:
    """Whether a day on or after the first day belongs to the rule; COUNT and UNTIL aside."""
    if not _in_period(rule, day, first_on) or not _chosen(rule, day, first_on):
        return False
    if not rule.positions:
        return True
    chosen = [other for other in _period(rule, day) if _chosen(rule, other, first_on)]
    # Positions count over the whole period, also the part of it that lies before the first day.
    place = chosen.index(day)
    return place + 1 in rule.positions or place - len(chosen) in rule.positions


def _in_period(rule: Rule, day: date, first_on: date) -> bool:
    match rule.frequency:
        case "DAILY":
            return (day - first_on).days % rule.interval == 0
        case "WEEKLY":
            return (_week(rule, day) - _week(rule, first_on)).days // 7 % rule.interval == 0
        case _:
            return (day.year * 12 + day.month - first_on.year * 12 - first_on.month) % rule.interval == 0


def _chosen(rule: Rule, day: date, first_on: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days and not _is_month_day(rule.month_days, day):
        return False
    if rule.weekdays:
        return any(day.weekday() == weekday and _is_nth(day, ordinal) for ordinal, weekday in rule.weekdays)
    if rule.month_days or rule.frequency == "DAILY":
        return True
    # Nothing says which day, so it is that of the first.
    return day.weekday() == first_on.weekday() if rule.frequency == "WEEKLY" else day.day == first_on.day


def _is_month_day(month_days: tuple[int, ...], day: date) -> bool:
    return day.day in month_days or day.day - _length(day) - 1 in month_days


def _is_nth(day: date, ordinal: int) -> bool:
    """Whether the day is the nth of its weekday in the month (negative: from the end; 0: any)."""
    if ordinal == 0:
        return True
    return (day.day - 1) // 7 + 1 == ordinal if ordinal > 0 else -((_length(day) - day.day) // 7 + 1) == ordinal


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _week(rule: Rule, day: date) -> date:
    return day - timedelta(days=(day.weekday() - rule.week_start) % 7)


def _period(rule: Rule, day: date) -> list[date]:
    """The days of the week or month that the day lies in."""
    if rule.frequency == "WEEKLY":
        return [_week(rule, day) + timedelta(days=n) for n in range(7)]
    return [day.replace(day=n) for n in range(1, _length(day) + 1)]
