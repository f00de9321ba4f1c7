"""Rules of windows: strict in what they read, and on the same days as dateutil's."""

from datetime import date, datetime, time, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from patchring.core.schedule.recurrence import FIRST_ON, problem_of, starts
from patchring.core.schedule.rule import DAYS, parse

AT = time(22, 30)


def local(day: date) -> datetime:
    """Rules are on local time, which has no offset yet."""
    return datetime.combine(day, AT)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A text of every kind that is allowed."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    weekdays = draw(st.lists(st.sampled_from(DAYS), max_size=3, unique=True))
    # Numbered days or others, not both: of both, dateutil takes what is in both, RFC 5545 what is in either.
    numbered = frequency == "MONTHLY" and draw(st.booleans())
    ordinals = st.sampled_from(["1", "2", "3", "4", "5", "-1", "-2"]) if numbered else st.just("")
    days = [draw(ordinals) + day for day in weekdays]
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    month_days = draw(st.lists(st.integers(1, 31) | st.integers(-31, -1), max_size=3, unique=True))
    if month_days and frequency != "WEEKLY" and not any(len(day) > 2 for day in days):
        parts.append(f"BYMONTHDAY={','.join(map(str, month_days))}")
    if draw(st.integers(0, 3)) == 0:
        parts.append(f"BYMONTH={','.join(map(str, draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))))}")
    if frequency != "DAILY" and len(parts) > 1 and ("BYDAY" in str(parts) or "BYMONTHDAY" in str(parts)):
        positions = draw(st.lists(st.integers(1, 4) | st.integers(-4, -1), max_size=2, unique=True))
        parts += [f"BYSETPOS={','.join(map(str, positions))}"] if positions else []
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    end = draw(st.sampled_from(["", "", "COUNT=7", "UNTIL=20260401", "UNTIL=20250815T223000"]))
    return ";".join([*parts, end] if end else parts)


@given(text=rules(), first_on=st.dates(date(2024, 1, 1), date(2024, 12, 31)), later=st.integers(0, 900))
@settings(max_examples=250, deadline=None, phases=[Phase.explicit, Phase.generate])  # dateutil is slow to shrink with
def test_the_same_days_as_dateutil(text: str, first_on: date, later: int) -> None:
    """An independent reading of RFC 5545 gives the same starts, from any day on."""
    if "WEEKLY" in text and "BYSETPOS" in text:
        # Of its first week dateutil counts only the days from the first on, we all: alike when it is the week's first.
        first_on -= timedelta(days=(first_on.weekday() - parse(text).week_start) % 7)
    assume(not problem_of(text, first_on))
    first = datetime.combine(first_on, AT)
    after = first + timedelta(days=later)
    until = after + timedelta(days=60)
    theirs = takewhile(lambda start: start <= until, _theirs(text, first).xafter(after, inc=True))
    assert list(starts(parse(text), first_on, AT, after, until)) == list(theirs)


def _theirs(text: str, first: datetime) -> rrulestr:
    """dateutil reads `UNTIL=20260401` as that midnight, we as that whole day; and COUNT makes it end by itself."""
    whole_day = text.replace("UNTIL=20260401", "UNTIL=20260401T235959")
    if "COUNT" not in text and "UNTIL" not in text:
        whole_day += ";UNTIL=20290101T000000"
    return rrulestr(whole_day, dtstart=first)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=SECONDLY", "expected FREQ= and DAILY, WEEKLY or MONTHLY, got 'SECONDLY'"),
        ("BYDAY=MO", "FREQ is missing; expected FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY"),
        ("FREQ=DAILY;BYHOUR=3", "'BYHOUR' is not used here"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is written twice"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20270101", "COUNT and UNTIL exclude each other"),
        ("FREQ=DAILY;COUNT=1001", "COUNT 1000 at most"),
        ("FREQ=DAILY;INTERVAL=999", "INTERVAL may be 366"),
        ("FREQ=WEEKLY;BYDAY=2TU", "a numbered day such as 2TU needs FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=2", "BYMONTHDAY does not go with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "expected BYDAY or BYMONTHDAY beside it"),
        ("FREQ=DAILY;UNTIL=20251399", "expected UNTIL= and a local date"),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "it never comes"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "it never comes"),
        ("BYDAY=MO\nRRULE:FREQ=SECONDLY;FREQ=DAILY", "expected BYDAY= and days such as MO,TU"),
        ("", "is not used here"),
    ],
)
def test_what_is_no_rule_here(text: str, expected: str) -> None:
    """Each refusal says what was expected."""
    assert expected in problem_of(text)


def test_a_rule_may_end_with_the_calendar() -> None:
    """People write the last of all days for "for ever"; a date alone is the whole of that day."""
    assert problem_of("FREQ=DAILY;UNTIL=99991231") == ""
    last = starts(parse("FREQ=DAILY;UNTIL=20260401"), FIRST_ON, AT, local(date(2026, 3, 31)), local(date(2026, 5, 1)))
    assert [start.date() for start in last] == [date(2026, 3, 31), date(2026, 4, 1)]


def test_a_leap_day_is_a_rule() -> None:
    """It comes every four years, so it does come."""
    assert problem_of("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29", date(2025, 1, 1)) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=-1TU", ["06-30", "07-28", "08-25"]),
        ("FREQ=MONTHLY;BYDAY=-2TU", ["06-23", "07-21", "08-18"]),
        ("FREQ=MONTHLY;BYDAY=1FR,3FR", ["06-05", "06-19", "07-03", "07-17", "08-07", "08-21"]),
        ("FREQ=MONTHLY;BYDAY=5MO", ["06-29", "08-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["06-30", "07-31", "08-31"]),
        ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=8,9,10,11,12,13,14", ["06-13", "07-11", "08-08"]),
        ("FREQ=MONTHLY;INTERVAL=3", ["07-01"]),
        ("FREQ=DAILY;INTERVAL=30", ["06-19", "07-19", "08-18"]),
        ("FREQ=WEEKLY;INTERVAL=7", ["06-01", "07-20"]),
        ("FREQ=MONTHLY;INTERVAL=29", ["06-01"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1;BYMONTH=6", ["06-05", "06-12", "06-19", "06-26", "06-29"]),
        ("FREQ=DAILY;BYMONTH=7;BYDAY=WE", ["07-01", "07-08", "07-15", "07-22", "07-29"]),
    ],
)
def test_days_of_a_summer(text: str, expected: list[str]) -> None:
    """June to August of 2026, from a wall calendar; intervals count from the first of January 2024."""
    summer = (local(date(2026, 6, 1)), local(date(2026, 8, 31)))
    assert [f"{start:%m-%d}" for start in starts(parse(text), FIRST_ON, AT, *summer)] == expected


def test_short_months_are_skipped_or_ended() -> None:
    """The 31st is left out where there is none; the last day is wherever the month ends."""
    year = (local(date(2026, 1, 1)), local(date(2026, 12, 31)))
    on_31st = [start.month for start in starts(parse("FREQ=MONTHLY;BYMONTHDAY=31"), FIRST_ON, AT, *year)]
    assert on_31st == [1, 3, 5, 7, 8, 10, 12]
    last = [start.day for start in starts(parse("FREQ=MONTHLY;BYMONTHDAY=-1"), FIRST_ON, AT, *year)]
    assert last == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_every_second_week_stays_the_same_weeks() -> None:
    """Counted from one first Monday, also across a new year."""
    found = starts(parse("FREQ=WEEKLY;INTERVAL=2"), FIRST_ON, AT, local(date(2026, 12, 1)), local(date(2027, 1, 31)))
    assert [start.date().isoformat() for start in found] == ["2026-12-14", "2026-12-28", "2027-01-11", "2027-01-25"]


def test_whether_a_rule_ever_comes_is_asked_from_its_first_day() -> None:
    """Every twelfth month from March is March; from January it is never March."""
    rule = "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3"
    assert problem_of(rule, date(2026, 3, 1)) == ""
    said = "it never comes; expected a rule that falls on at least one day"
    assert (problem_of(rule, date(2026, 1, 1)), problem_of(rule)) == (said, said)
