"""Recurrence rules in words: `every Sunday`, `12 days after the second Tuesday of the month`.

Says what schedule/rule.py reads, part by part, so nothing that a window may be set to is left out.
"""

from collections.abc import Sequence
from datetime import date

from patchring.core.policy.calendar import ShortMonth, Window
from patchring.core.schedule.rule import Rule, parse
from patchring.report.words import MONTHS, ORDINALS, WEEKDAYS, clock, counted, day, listed, span

WORKING_DAYS = (0, 1, 2, 3, 4)
_EVERY = {1: "every {}", 2: "every second {}", 3: "every third {}", 4: "every fourth {}"}


def window_in_words(window: Window) -> str:
    """When a window is open: `every Sunday at 02:00 for 4 hours`; `at any time`."""
    if window.any_time:
        return "at any time of the day or night"
    zone = f" ({window.zone} time)" if window.zone else ""
    return f"{rule_in_words(window)} at {clock(window.start)}{zone} for {span(window.duration)}"


def rule_in_words(window: Window) -> str:
    """The days of a window's rule, with what is said of months that are too short."""
    rule = parse(window.rule)
    days = _days(rule, window.begins_on)
    if window.days_after:
        days = f"{counted(window.days_after, 'day')} after {days.removeprefix('on ')}"
    if rule.months:
        days += f", in {listed(MONTHS[month - 1] for month in rule.months)}"
    return days + _short(window) + _ends(rule)


def _days(rule: Rule, begins_on: date | None) -> str:
    counts_from = f" (counted from {day(begins_on)})" if begins_on and rule.interval > 1 else ""
    match rule.frequency:
        case "DAILY":
            return _daily(rule) + counts_from
        case "WEEKLY":
            return _weekly(rule, begins_on) + counts_from
        case _:
            return _monthly(rule, begins_on) + counts_from


def _daily(rule: Rule) -> str:
    if rule.weekdays or rule.month_days:
        often = "" if rule.interval == 1 else f", counting {_every(rule.interval, 'day')}"
        on = [_weekday_list(rule)] if rule.weekdays else []
        on += [f"the {_month_days(rule.month_days)} of the month"] if rule.month_days else []
        return f"on {' that is '.join(on)}{often}"
    return _every(rule.interval, "day")


def _weekly(rule: Rule, begins_on: date | None) -> str:
    on = _weekday_list(rule) if rule.weekdays else WEEKDAYS[begins_on.weekday() if begins_on else 0]
    if rule.positions:
        return f"on {_positions(rule)} of {on} {_of(rule.interval, 'week')}"
    if rule.interval == 1:
        return f"every {on}" if len(rule.weekdays) < 2 else on
    return f"{_every(rule.interval, 'week')} on {on}"


def _monthly(rule: Rule, begins_on: date | None) -> str:
    month = _of(rule.interval, "month")
    if rule.positions:
        pool = _weekday_list(rule) if rule.weekdays else f"the {_month_days(rule.month_days)}"
        if tuple(sorted(weekday for _, weekday in rule.weekdays)) == WORKING_DAYS and not rule.month_days:
            return f"on {_positions(rule)} working day (Monday to Friday) {month}"
        return f"on {_positions(rule)} of {pool} {month}"
    if rule.weekdays:
        on = _nth_days(rule)
        if rule.month_days:
            on += f" that is the {_month_days(rule.month_days)}"
        return f"on {on} {month}" if any(n for n, _ in rule.weekdays) else f"every {on} {month}"
    if rule.month_days:
        return f"on the {_month_days(rule.month_days)} {month}"
    return f"on the {_ordinal(begins_on.day if begins_on else 1)} {month}"


def _nth_days(rule: Rule) -> str:
    if not any(ordinal for ordinal, _ in rule.weekdays):
        return _weekday_list(rule)
    return listed(
        f"the {ORDINALS.get(ordinal, f'{-ordinal}th last')} {WEEKDAYS[weekday]}"
        if ordinal
        else f"every {WEEKDAYS[weekday]}"
        for ordinal, weekday in rule.weekdays
    )


def _weekday_list(rule: Rule) -> str:
    days = sorted({weekday for _, weekday in rule.weekdays})
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    return listed(WEEKDAYS[weekday] for weekday in days)


def _month_days(days: Sequence[int]) -> str:
    return listed((_from_end(found) if found < 0 else _ordinal(found) for found in days), "or")


def _from_end(found: int) -> str:
    return (
        f"{'' if found == -1 else ORDINALS.get(found, f'{_ordinal(-found)} last').removesuffix(' last') + ' '}last day"
    )


def _positions(rule: Rule) -> str:
    return "the " + listed(
        ORDINALS.get(found, f"{_ordinal(abs(found))}{' last' * (found < 0)}") for found in rule.positions
    )


def _ordinal(found: int) -> str:
    ending = "th" if 10 <= found % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(found % 10, "th")
    return f"{found}{ending}"


def _every(interval: int, unit: str) -> str:
    return _EVERY[interval].format(unit) if interval in _EVERY else f"every {interval} {unit}s"


def _of(interval: int, unit: str) -> str:
    return f"of the {unit}" if interval == 1 else f"of {_every(interval, unit)}"


def _short(window: Window) -> str:
    match window.short_month:
        case None:
            return ""
        case ShortMonth.SKIP:
            return " (no window in a month without that day)"
        case ShortMonth.LAST_DAY:
            return " (on the last day of a month without that day)"


def _ends(rule: Rule) -> str:
    if rule.count is not None:
        return f", {counted(rule.count, 'time')} in all"
    return f", until {day(rule.until.date())}" if rule.until is not None else ""
