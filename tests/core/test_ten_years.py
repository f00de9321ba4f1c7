"""Windows over ten years, compared with an independent expansion: days by dateutil's rules, instants by a wall clock
that is read from tzdata's files without zoneinfo (wall_clock.py). Nothing of core takes part on that side.

2026 to 2035 has two leap years, every first weekday of a year, and zones that change at midnight (Cairo, Beirut,
Havana, Santiago), by half an hour (Lord Howe), by two (Troll), backwards in winter (Dublin) and by tables (Casablanca).
"""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources

import pytest
from dateutil.rrule import rrulestr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from patchring.core.policy.calendar import Blackout, ShortMonth, Window
from patchring.core.schedule.preview import Planned, Skipped, preview
from patchring.core.schedule.recurrence import FIRST_ON, problem_of
from patchring.core.schedule.rule import parse
from patchring.core.schedule.windows import blackout_at, occurrences
from patchring.policyfile import zone
from tests.core.test_recurrence import rules
from tests.core.wall_clock import wall_clock

NAMES = sorted(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
CHANGING = [
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/Nuuk", "America/Santiago",
    "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Atlantic/Azores",
    "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Dublin", "Europe/Paris", "Pacific/Auckland",
    "Pacific/Chatham", "UTC",
]  # fmt: skip
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
TIMES = [time(0), time(0, 30), time(1), time(2), time(2, 30), time(3), time(23), time(23, 59)]
SKIP, LAST = ShortMonth.SKIP, ShortMonth.LAST_DAY
# A rule, what it does in short months, and the same in words that dateutil knows.
RULES = [
    ("FREQ=DAILY", None, "FREQ=DAILY"),
    ("FREQ=DAILY;INTERVAL=3", None, "FREQ=DAILY;INTERVAL=3"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", None, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU"),
    ("FREQ=MONTHLY;BYDAY=2TU", None, "FREQ=MONTHLY;BYDAY=2TU"),
    ("FREQ=MONTHLY;BYDAY=-1SU", None, "FREQ=MONTHLY;BYDAY=-1SU"),
    ("FREQ=MONTHLY;BYDAY=5SU", None, "FREQ=MONTHLY;BYDAY=5SU"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", None, "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ("FREQ=MONTHLY;BYMONTHDAY=31", SKIP, "FREQ=MONTHLY;BYMONTHDAY=31"),
    ("FREQ=MONTHLY;BYMONTHDAY=31", LAST, "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ("FREQ=MONTHLY;BYMONTHDAY=30", LAST, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
    ("FREQ=MONTHLY;BYMONTHDAY=29", LAST, "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29", SKIP, "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29"),
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29", LAST, "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=-1"),
    ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,31", LAST, "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,-1"),
]
Span = tuple[datetime, datetime]


def ours(window: Window, name: str) -> list[Span]:
    """As the permit and the preview ask: from one instant as far as it goes, then from a later one."""
    found: set[Span] = set()
    after = BEGIN
    while after < END:
        found |= {(each.opens_at, each.closes_at) for each in occurrences(window, zone(name), after)}
        after += timedelta(days=390)
    return sorted(span for span in found if BEGIN <= span[0] < END)


def theirs(text: str, window: Window, name: str) -> list[Span]:
    clock, later = wall_clock(name), timedelta(days=window.days_after)
    first = datetime.combine(window.begins_on or FIRST_ON, window.start)
    day = timedelta(days=2)
    begin, end = BEGIN.replace(tzinfo=None) - later - day, END.replace(tzinfo=None) - later + day
    opens = [clock.instant(start + later) for start in rrulestr(text, dtstart=first).between(begin, end, inc=True)]
    return sorted((at, at + window.duration) for at in opens if BEGIN <= at < END)


def test_the_years_have_what_is_to_be_tried() -> None:
    """Leap years, each weekday first, and in the zones named above times that clocks skip at midnight and by halves."""
    years = range(2026, 2036)
    assert [year for year in years if isleap(year)] == [2028, 2032]
    assert {date(year, 1, 1).weekday() for year in years} == set(range(7))
    midnights = [datetime.combine(date(2030, 1, 1) + timedelta(days=n), time(0)) for n in range(365)]
    skipping = {name for name in CHANGING if any(map(wall_clock(name).skips, midnights))}
    assert skipping == {"Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Beirut", "Atlantic/Azores"}


@given(
    rule=st.sampled_from(RULES),
    name=st.sampled_from(CHANGING) | st.sampled_from(NAMES),
    start=st.sampled_from(TIMES),
    hours=st.sampled_from([0.5, 4, 30]),
    later=st.sampled_from([0, 0, 1, 9]),
)
@settings(max_examples=10, deadline=None)
def test_windows_of_ten_years(
    rule: tuple[str, ShortMonth | None, str], name: str, start: time, hours: float, later: int
) -> None:
    text, short, same = rule
    window = Window("w", text, start, timedelta(hours=hours), days_after=later, short_month=short)
    assert ours(window, name) == theirs(same, window, name)


@given(text=rules(), first_on=st.dates(date(2024, 1, 1), date(2024, 12, 31)), name=st.sampled_from(CHANGING),
       start=st.sampled_from(TIMES))  # fmt: skip
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_any_rule_for_ten_years(text: str, first_on: date, name: str, start: time) -> None:
    compare_any(text, first_on, name, start)


@pytest.mark.long
@given(text=rules(), first_on=st.dates(date(2024, 1, 1), date(2024, 12, 31)), name=st.sampled_from(NAMES),
       start=st.times().map(lambda at: at.replace(second=0, microsecond=0)))  # fmt: skip
@settings(max_examples=1500, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_very_many_rules_for_ten_years(text: str, first_on: date, name: str, start: time) -> None:
    compare_any(text, first_on, name, start)


def compare_any(text: str, first_on: date, name: str, start: time) -> None:
    # The two readings that differ by intent, as in test_recurrence.py: dateutil counts BYSETPOS of a broken first week
    # from the first day on, and an UNTIL without a time is that midnight for it, that whole day here.
    if "WEEKLY" in text and "BYSETPOS" in text:
        first_on -= timedelta(days=(first_on.weekday() - parse(text).week_start) % 7)
    assume(not problem_of(text, first_on))
    window = Window("w", text, start, timedelta(hours=3), begins_on=first_on)
    whole_day = text.replace("UNTIL=20260401", "UNTIL=20260401T235959")
    bounded = whole_day if "COUNT" in text or "UNTIL" in text else f"{text};UNTIL=20370101T000000"
    assert ours(window, name) == theirs(bounded, window, name)


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_every_zone_for_ten_years(part: int) -> None:
    """Every zone of tzdata, every rule above, at times that clocks skip and repeat; `-s` shows how much it was."""
    compared = different = 0
    for place, name in enumerate(NAMES[part::8]):
        for number, (text, short, same) in enumerate(RULES):
            window = Window("w", text, TIMES[(place + number) % len(TIMES)], timedelta(hours=4), short_month=short)
            expected = theirs(same, window, name)
            compared += len(expected)
            different += len(set(expected) ^ set(ours(window, name)))
    print(f"{len(NAMES[part::8])} zones, {compared} windows compared, {different} different")
    assert compared > 0
    assert different == 0


@pytest.mark.parametrize("name", ["Europe/Paris", "Asia/Beirut", "America/Santiago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("start", [time(0), time(2, 15)])
def test_a_preview_says_exactly_when_the_clocks_skip_a_start(name: str, start: time) -> None:
    nightly = Window("w", "FREQ=DAILY", start, timedelta(hours=1))
    moved = {
        wall_clock(name).local(row.opens_at).date() for row in previews(nightly, name)
        if isinstance(row, Planned) and [each.code for each in row.reasons] == ["clock_skips"]
    }  # fmt: skip
    days = [BEGIN.date() + timedelta(days=n) for n in range(3652)]
    assert moved == {day for day in days if wall_clock(name).skips(datetime.combine(day, start))}


@pytest.mark.parametrize("day", [29, 30, 31])
@pytest.mark.parametrize("frequency", ["DAILY", "MONTHLY"])
def test_no_month_is_skipped_silently(frequency: str, day: int) -> None:
    """Of 120 months each has its window or a row that says why not; with `last_day` each has a window."""
    text = f"FREQ={frequency};BYMONTHDAY={day}"
    months = [(year, month) for year in range(2026, 2036) for month in range(1, 13)]
    skipping = Window("w", text, time(22), timedelta(hours=4), short_month=SKIP)
    assert list(told(skipping)) == [_month(year, month, day) for year, month in months]
    moving = Window("w", text, time(22), timedelta(hours=4), short_month=LAST)
    assert list(told(moving)) == [date(*each, min(day, monthrange(*each)[1])).isoformat() for each in months]


def _month(year: int, month: int, day: int) -> str:
    if day <= monthrange(year, month)[1]:
        return date(year, month, day).isoformat()
    return f"{date(year, month, 1):%B %Y} has no day {day}"


@pytest.mark.parametrize(
    ("text", "short", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=28,31", SKIP, ["2027-02-28", "February 2027 has no day 31", "2027-03-28"]),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31", SKIP, ["February 2027 has no day 30, 31", "2027-03-30", "2027-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29,30;BYSETPOS=-1", SKIP, ["February 2027 has no day 29, 30", "2027-03-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", LAST, ["February 2027 has no day -31", "2027-03-01"]),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31;BYMONTH=1,3", SKIP, ["2027-03-31", "2028-01-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270331", SKIP, ["February 2027 has no day 31", "2027-03-31"]),
        # January, March and May of 2024 had the first three; then it was over, and nothing is missing.
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", SKIP, []),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=23", SKIP, ["February 2027 has no day 31", "2027-03-31"]),
    ],
)
def test_rules_that_lack_a_day(text: str, short: ShortMonth, expected: list[str]) -> None:
    window = Window("w", text, time(22), timedelta(hours=4), short_month=short)
    rows = preview(window, (), None, zone("UTC"), datetime(2027, 2, 1, 12, tzinfo=UTC), 50)
    found = [_row(row) for row in rows]
    assert found[: len(expected)] == expected
    if "COUNT" in text or "UNTIL" in text:
        assert found == expected


@given(name=st.sampled_from(CHANGING), first=st.integers(0, 3650), lasts=st.integers(0, 3), minute=st.integers(-90, 90))
@settings(deadline=None)
def test_a_blackout_is_whole_days_of_the_wall_clock(name: str, first: int, lasts: int, minute: int) -> None:
    """Asked around both of its midnights, also where the clocks change at midnight."""
    from_on = BEGIN.date() + timedelta(days=first)
    fair = Blackout("fair", from_on, from_on + timedelta(days=lasts))
    clock = wall_clock(name)
    for midnight in (from_on, fair.to_on + timedelta(days=1)):
        now = clock.instant(datetime.combine(midnight, time(0))) + timedelta(minutes=minute)
        within = fair.from_on <= clock.local(now).date() <= fair.to_on
        assert (blackout_at([fair], zone(name), now) is fair) == within


def previews(window: Window, name: str) -> Iterator[Planned | Skipped]:
    """Ten years in rows, a year at a time."""
    for year in range(2026, 2036):
        begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        for row in preview(window, (), None, zone(name), begin, 800):
            on = row.on if isinstance(row, Skipped) else row.opens_at.date()
            if begin.date() <= on < end.date():
                yield row


def told(window: Window) -> Iterator[str]:
    yield from map(_row, previews(window, "UTC"))


def _row(row: Planned | Skipped) -> str:
    return row.reason.text if isinstance(row, Skipped) else row.opens_at.date().isoformat()
