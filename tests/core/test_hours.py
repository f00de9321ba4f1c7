"""Windows that keep outside the client's hours, and days that a month does not have."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.calendar import Hours, ShortMonth, Window
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.windows import next_window, occurrences, open_window
from patchring.policyfile import zone

BERLIN, LORD_HOWE, NEW_YORK = zone("Europe/Berlin"), zone("Australia/Lord_Howe"), zone("America/New_York")
OFFICE = Hours({day: ((time(8), time(12)), (time(13), time(18))) for day in range(4)} | {4: ((time(8), time(12)),)})
FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)


def window(rule: str, start: str, lasts: float, **given_: Any) -> Window:
    return Window("w", rule, time.fromisoformat(start), timedelta(hours=lasts), **given_)


def local(found: Occurrence, place: ZoneInfo) -> tuple[str, str]:
    opens, closes = found.opens_at.astimezone(place), found.closes_at.astimezone(place)
    return f"{opens:%a %H:%M}", f"{closes:%a %H:%M}"


def parts(rule: Window, after: datetime, place: ZoneInfo, count: int) -> list[tuple[str, str]]:
    found = occurrences(rule, place, after, OFFICE)
    return [local(next(found), place) for _ in range(count)]


def test_a_window_comes_in_the_parts_that_nobody_works_in() -> None:
    """A dental practice that closes at noon on Fridays: the lunch hour is open, the afternoon of Friday too."""
    all_day = window("FREQ=DAILY", "07:00", 12, outside_hours=True)
    assert parts(all_day, FRIDAY, BERLIN, 5) == [
        ("Fri 07:00", "Fri 08:00"),
        ("Fri 12:00", "Fri 19:00"),
        ("Sat 07:00", "Sat 19:00"),
        ("Sun 07:00", "Sun 19:00"),
        ("Mon 07:00", "Mon 08:00"),
    ]


@pytest.mark.parametrize(("at", "expected"), [("06:59", "07:00"), ("07:00", "12:00"), ("11:30", "12:00")])
def test_a_part_that_is_over_does_not_come_again(at: str, expected: str) -> None:
    """Of the day that is open still: the early part ended at eight, which is 07:00 in UTC."""
    all_day = window("FREQ=DAILY", "07:00", 12, outside_hours=True)
    now = datetime.combine(FRIDAY.date(), time.fromisoformat(at), tzinfo=UTC)
    assert parts(all_day, now, BERLIN, 1)[0][0] == f"Fri {expected}"


def test_any_time_outside_hours_is_known_for_400_days() -> None:
    """Beyond that nobody asks."""
    any_time = Window("any", "", time(0), timedelta(0), outside_hours=True)
    found = list(occurrences(any_time, BERLIN, FRIDAY, OFFICE))
    assert (found[0].opens_at, found[-1].closes_at) == (FRIDAY, FRIDAY + timedelta(days=400))


def test_one_that_does_not_ask_for_it_is_whole_and_one_in_the_middle_of_work_never_opens() -> None:
    day = window("FREQ=DAILY", "07:00", 12)
    assert parts(day, FRIDAY, BERLIN, 1) == [("Fri 07:00", "Fri 19:00")]
    inside = window("FREQ=WEEKLY;BYDAY=MO,TU", "09:00", 2, outside_hours=True)
    assert next_window(inside, BERLIN, FRIDAY, OFFICE) is None


def test_a_window_with_hours_of_its_own_minds_those() -> None:
    own = Hours({6: ((time(0), time(12)),)})
    day = window("FREQ=WEEKLY;BYDAY=SU", "07:00", 12, outside_hours=True, hours=own)
    assert parts(day, FRIDAY, BERLIN, 1) == [("Sun 12:00", "Sun 19:00")]


def test_what_is_left_of_a_part_is_what_an_installation_has_to_fit_in() -> None:
    night = window("FREQ=DAILY", "22:00", 12, outside_hours=True)
    monday = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)
    found = open_window(night, BERLIN, monday, OFFICE)
    assert found is not None
    assert local(found, BERLIN) == ("Sun 22:00", "Mon 08:00")
    assert found.fits(monday, timedelta(minutes=30))
    assert not found.fits(monday, timedelta(minutes=31))


def test_any_time_outside_hours_is_open_at_night_and_says_when_it_opens_again() -> None:
    any_time = Window("any", "", time(0), timedelta(0), outside_hours=True)
    at_work = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert open_window(any_time, BERLIN, at_work, OFFICE) is None
    following = next_window(any_time, BERLIN, at_work, OFFICE)
    assert following is not None
    assert local(following, BERLIN) == ("Mon 12:00", "Mon 13:00")
    assert open_window(any_time, BERLIN, at_work + timedelta(hours=12), OFFICE) is not None


@given(
    place=st.sampled_from([BERLIN, LORD_HOWE, NEW_YORK]),
    minute=st.integers(0, 525_600),
    start=st.integers(0, 23),
    hours=st.integers(1, 30),
)
@settings(deadline=None)
def test_an_instant_is_in_a_part_exactly_when_the_window_is_open_and_nobody_works(
    place: ZoneInfo, minute: int, start: int, hours: int
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    plain = window("FREQ=DAILY", f"{start:02}:00", hours)
    careful = window("FREQ=DAILY", f"{start:02}:00", hours, outside_hours=True)
    here = now.astimezone(place)
    worked = any(from_at <= here.time() < to_at for from_at, to_at in OFFICE.spans.get(here.weekday(), ()))
    expected = open_window(plain, place, now) is not None and not worked
    assert (open_window(careful, place, now, OFFICE) is not None) == expected


def days(rule: str, short: ShortMonth | None, begins: date, count: int) -> list[str]:
    monthly = window(rule, "02:00", 1, short_month=short, begins_on=begins)
    found = occurrences(monthly, NEW_YORK, datetime.combine(begins, time(0), tzinfo=NEW_YORK))
    return [f"{next(found).opens_at.astimezone(NEW_YORK):%m-%d}" for _ in range(count)]


@pytest.mark.parametrize(
    ("rule", "short", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", ShortMonth.SKIP, ["01-31", "03-31", "05-31", "07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ShortMonth.LAST_DAY, ["01-31", "02-29", "03-31", "04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29,30,31", ShortMonth.LAST_DAY, ["01-29", "01-30", "01-31", "02-29", "03-29"]),
        ("FREQ=MONTHLY", ShortMonth.LAST_DAY, ["01-31", "02-29", "03-31", "04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", None, ["01-31", "02-29", "03-31", "04-30"]),
    ],
)
def test_the_31st_never_silently_skips_a_month(rule: str, short: ShortMonth | None, expected: list[str]) -> None:
    """2028 is a leap year. Two days that fall on one are one start."""
    assert days(rule, short, date(2028, 1, 31 if "," not in rule else 1), len(expected)) == expected


@given(wanted=st.integers(1, 31), year=st.integers(2024, 2040))
def test_a_day_that_moves_comes_once_in_every_month_and_on_the_nearest_day(wanted: int, year: int) -> None:
    monthly = window(f"FREQ=MONTHLY;BYMONTHDAY={wanted}", "02:00", 1, short_month=ShortMonth.LAST_DAY)
    begin = datetime(year, 1, 1, tzinfo=UTC)
    found = occurrences(monthly, UTC, begin)
    first_days = [next(found).opens_at for _ in range(12)]
    lengths = [(date(year + n // 12, n % 12 + 1, 1) - timedelta(days=1)).day for n in range(1, 13)]
    assert [(each.month, each.day) for each in first_days] == [
        (n, min(wanted, length)) for n, length in enumerate(lengths, start=1)
    ]


def test_work_that_only_touches_a_window_leaves_no_empty_part() -> None:
    """It ends where the window begins, or begins where the window ends, or fills it to the minute."""
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    lunch, before = window("FREQ=DAILY", "12:00", 1, outside_hours=True), monday + timedelta(hours=6)
    assert parts(lunch, before, BERLIN, 1) == [("Mon 12:00", "Mon 13:00")]
    early = window("FREQ=DAILY", "06:00", 2, outside_hours=True)
    assert parts(early, monday, BERLIN, 2) == [("Mon 06:00", "Mon 08:00"), ("Tue 06:00", "Tue 08:00")]
    morning = window("FREQ=WEEKLY;BYDAY=MO", "08:00", 4, outside_hours=True)
    assert next_window(morning, BERLIN, monday, OFFICE) is None
