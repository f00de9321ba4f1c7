"""On which days a rule falls (rule.py says what a rule is).

- INTERVAL and COUNT count from a first day, so "every second week" means the same weeks next year.
- A day that a month does not have is skipped, not moved (RFC 5545, 3.3.10), unless the rule moves it to the last day of
  the month; two that are moved to one day are one start.
- Whether a day belongs to the rule is asked of each day, so an expansion costs what its time span costs. (dateutil has
  no such bound: it looks for a 30 February up to the year 9999. The tests hold both to the same days.)
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from patchring.core.schedule.rule import Rule, RuleInvalid, parse

# A Monday: weeks that are counted from here begin as people's weeks do.
FIRST_ON = date(2024, 1, 1)
_FEASIBLE_WITHIN = timedelta(days=366 * 9)  # from one 29 February to the next it is eight years at most
_DAY = timedelta(days=1)


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
    if rule.month_days and not _is_month_day(rule, rule.month_days, day):
        return False
    if rule.weekdays:
        return any(day.weekday() == weekday and _is_nth(day, ordinal) for ordinal, weekday in rule.weekdays)
    if rule.month_days or rule.frequency == "DAILY":
        return True
    # Nothing says which day, so it is that of the first.
    if rule.frequency == "WEEKLY":
        return day.weekday() == first_on.weekday()
    return _is_month_day(rule, (first_on.day,), day)


def _is_month_day(rule: Rule, month_days: tuple[int, ...], day: date) -> bool:
    length = _length(day)
    if rule.moves_to_last_day and day.day == length and any(wanted > length for wanted in month_days):
        return True
    return day.day in month_days or day.day - length - 1 in month_days


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
