"""Windows, hours, blackouts, reboot plans.

- A window is long enough for the installation that is expected, else nothing ever starts in it.
- A rule for a day that some months lack says what those months do: nobody means to skip February unawares.
- What is outside of operating hours needs hours.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

from patchring.core.schedule.recurrence import problem_of
from patchring.core.schedule.rule import RuleInvalid, parse
from patchring.policyfile.checks.found import Found, said
from patchring.policyfile.pages import Location
from patchring.policyfile.shapes.timing import HoursShape, WindowShape
from patchring.policyfile.shapes.whole import PolicyShape
from patchring.policyfile.values.timing import DAYS
from patchring.policyfile.zones import zone_exists

LASTS_MAX = timedelta(days=7)
REBOOT_WORDS = ("never", "if_required", "always")
_MONTH_DAYS_MIN = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
_problem_of = lru_cache(maxsize=4096)(problem_of)


def of_windows(shape: PolicyShape) -> Found:
    for name, window in shape.windows.items():
        at = ("windows", name)
        if window.zone and not zone_exists(window.zone):
            yield (*at, "zone"), f"expected an IANA zone such as Europe/Berlin, got {window.zone!r}"
        if window.any_time:
            yield from _any_time(at, window)
        else:
            yield from _recurring(at, window, shape.expected_duration)
        yield from of_hours((*at, "hours"), window.hours)
        yield from _minds_hours(at, window, shape.hours)


def _any_time(at: Location, window: WindowShape) -> Found:
    for key in ("rule", "start", "lasts", "begins", "days_after", "short_months", "catch_up"):
        if getattr(window, key):
            text = "`any_time: true` takes no other key but `zone`, `outside_hours` and `hours`; remove one of them"
            yield (*at, key), text


def _recurring(at: Location, window: WindowShape, expected: timedelta) -> Found:
    if not window.rule:
        yield at, "expected `rule` with `start` and `lasts`, or `any_time: true`"
        return
    problem = _problem_of(window.rule, window.begins)
    if problem:
        example = f"expected a rule such as FREQ=WEEKLY;BYDAY=FR, got {window.rule!r}"
        yield (*at, "rule"), problem if "=" in window.rule else example
    elif window.short_months is None and (lacked := days_lacked(window)):
        text = f"some months have no {lacked}th" if lacked < 31 else "some months have no 31st"
        choices = "`short_months: last_day` (their last day instead) or `short_months: skip` (no window in them)"
        yield (*at, "rule"), f"{text}; add {choices}"
    if window.start is None:
        yield at, "expected `start`, the local time at which the window opens, such as 22:00"
    if not window.lasts:
        yield at, "expected `lasts`, how long the window stays open, such as 4h"
    elif window.lasts > LASTS_MAX:
        yield (*at, "lasts"), f"expected 7d at most, got {said(window.lasts)}"
    elif window.lasts < expected:
        text = f"{said(window.lasts)} is shorter than expected_duration ({said(expected)}): nothing would ever start"
        yield (*at, "lasts"), f"{text}; let it last longer"


def days_lacked(window: WindowShape) -> int:
    """The highest day of the rule that one of its months lacks; 0: every month has all of them."""
    try:
        rule = parse(window.rule)
    except RuleInvalid:
        return 0
    days = {abs(day) for day in rule.month_days}
    if rule.frequency == "MONTHLY" and not rule.month_days and not rule.weekdays and window.begins:
        days = {window.begins.day}  # nothing says which day, so it is that of the first
    shortest = min(_MONTH_DAYS_MIN.get(month, 31) for month in rule.months or range(1, 13))
    return max((day for day in days if day > shortest), default=0)


def _minds_hours(at: Location, window: WindowShape, hours: HoursShape | None) -> Found:
    seen = window.catch_up is not None and window.catch_up.when_seen
    if seen and window.catch_up is not None and not window.catch_up.within:
        yield (*at, "catch_up"), "expected `within`, how long after a missed window it may begin, such as 2d"
    if hours is None and window.hours is None:
        if window.outside_hours:
            text = "there are no operating hours to stay out of; add `hours`, such as `hours: {monday: 08:00-18:00}`"
            yield (*at, "outside_hours"), text
        if seen:
            text = "begins outside the client's hours, and there are none; add `hours`, or take `catch_up` away"
            yield (*at, "catch_up"), text


def of_hours(at: Location, hours: HoursShape | None) -> Found:
    """Spans of a day do not overlap."""
    for day in DAYS if hours else ():
        spans = sorted(getattr(hours, day))
        for before, after in pairwise(spans):
            if after[0] < before[1]:
                text = f"{after[0]:%H:%M}-{after[1]:%H:%M} begins before {before[1]:%H:%M}, when another span ends"
                yield (*at, day), f"{text}; expected spans that do not overlap"


def of_blackouts(shape: PolicyShape) -> Found:
    segments = {segment.name for segment in shape.segments}
    for number, blackout in enumerate(shape.blackouts):
        if blackout.to_on < blackout.from_on:
            yield ("blackouts", number, "to"), f"expected {blackout.from_on} or later, got {blackout.to_on}"
        for name in blackout.segments:
            if name not in segments:
                yield ("blackouts", number, "segments"), f"there is no segment {name!r}"


def of_reboots(shape: PolicyShape) -> Iterator[tuple[Location, str]]:
    for name, plan in shape.reboots.items():
        at = ("reboots", name)
        if name in REBOOT_WORDS:
            yield at, f"{name} is a rule, not a name; expected a name of its own, such as `workstations`"
        if plan.rule == "never" and (plan.warnings or plan.deferrals or plan.deadline):
            yield (*at, "rule"), "never restarts, so it has no warnings, deferrals or deadline; remove one of them"
            continue
        if plan.deferrals and plan.deadline is None:
            yield (*at, "deferrals"), "may be postponed without an end; add a `deadline`, such as 3d"
        if plan.deadline is not None and plan.warnings and max(plan.warnings) > plan.deadline:
            text = f"the first warning comes {said(max(plan.warnings))} before; expected a longer time"
            yield (*at, "deadline"), f"{text}, got {said(plan.deadline)}"
