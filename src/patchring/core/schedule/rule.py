"""The part of RFC 5545's rules that a window may use, read from its text. On which days one falls: recurrence.py.

- FREQ is DAILY, WEEKLY or MONTHLY. The time of day is the window's own: BYHOUR, BYMINUTE, BYSECOND are not used.
- A rule is one line of known parts, each written once.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time

COUNT_MAX = 1000
INTERVAL_MAX = 366
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class RuleInvalid(ValueError):
    """The text is no rule that a window can use; the message says what was expected."""


@dataclass(frozen=True)
class Rule:
    """A rule that was read. Empty tuples: not said. `weekdays` are (ordinal, weekday), ordinal 0 for every one.

    `moves_to_last_day`: a day that a month does not have falls on its last one. RFC 5545 has no word for it (RFC 7529's
    SKIP=BACKWARD is the same), so a window says it beside its rule.
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    moves_to_last_day: bool = False


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
        if not re.fullmatch(pattern, value, re.ASCII):
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
