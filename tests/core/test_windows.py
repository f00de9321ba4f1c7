"""Windows open and close when people's clocks say so, also when the clocks change."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.calendar import Blackout, Window
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.windows import blackout_at, last_window, next_window, occurrences, open_window
from patchring.policyfile import zone

BERLIN, NEW_YORK = zone("Europe/Berlin"), zone("America/New_York")
ZONES = [BERLIN, NEW_YORK, zone("Australia/Lord_Howe"), zone("Asia/Kathmandu"), zone("UTC")]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(rule: str, start: str = "02:30", hours: float = 4, **given: object) -> Window:
    return Window("night", rule, time.fromisoformat(start), timedelta(hours=hours), **given)  # type: ignore[arg-type]


def opens(window: Window, zone: ZoneInfo, after: str, count: int) -> list[str]:
    found = occurrences(window, zone, utc(after))
    return [f"{next(found).opens_at:%m-%dT%H:%M}" for _ in range(count)]


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        # 2026-03-29 02:00 becomes 03:00 in Berlin: 02:30 is not there, half past three is.
        (BERLIN, "2026-03-28T00:00", ["03-28T01:30", "03-29T01:30", "03-30T00:30"]),
        # 2026-10-25 03:00 becomes 02:00: 02:30 is there twice, the first counts.
        (BERLIN, "2026-10-24T00:00", ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        (NEW_YORK, "2026-03-07T00:00", ["03-07T07:30", "03-08T07:30", "03-09T06:30"]),
        # 2026-11-01 02:00 becomes 01:00 in New York: 02:30 comes once, an hour later by UTC.
        (NEW_YORK, "2026-10-31T00:00", ["10-31T06:30", "11-01T07:30", "11-02T07:30"]),
    ],
)
def test_half_past_two_when_the_clocks_change(zone: ZoneInfo, after: str, expected: list[str]) -> None:
    """A nightly window keeps its local time, and opens once in each night."""
    assert opens(window("FREQ=DAILY"), zone, after, 3) == expected


def test_four_hours_are_four_hours_in_the_night_of_the_change() -> None:
    """The duration is elapsed time: the wall clock at the end differs instead."""
    lengths = {
        found.closes_at - found.opens_at
        for found in occurrences(window("FREQ=WEEKLY;BYDAY=SA", "23:00"), BERLIN, utc("2026-03-20T00:00"))
    }
    assert lengths == {timedelta(hours=4)}
    spring = open_window(window("FREQ=WEEKLY;BYDAY=SA", "23:00"), BERLIN, utc("2026-03-29T00:00"))
    assert spring is not None
    assert f"{spring.closes_at.astimezone(BERLIN):%H:%M}" == "04:00"


def test_the_thursday_after_patch_tuesday() -> None:
    """The second Tuesday and nine days, which no RFC 5545 rule can say."""
    assert opens(window("FREQ=MONTHLY;BYDAY=2TU", days_after=9), BERLIN, "2026-09-01T00:00", 3) == [
        "09-17T00:30",
        "10-22T00:30",
        "11-19T01:30",
    ]


def test_a_window_of_every_second_week_begins_when_it_is_said_to() -> None:
    """`begins_on` chooses the weeks."""
    odd = window("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", begins_on=date(2026, 9, 2))
    even = window("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", begins_on=date(2026, 9, 9))
    assert opens(odd, BERLIN, "2026-11-01T00:00", 2) == ["11-11T01:30", "11-25T01:30"]
    assert opens(even, BERLIN, "2026-11-01T00:00", 2) == ["11-04T01:30", "11-18T01:30"]


def test_any_time_is_always_open() -> None:
    """It never closes within anybody's lifetime, and never opens anew."""
    always = Window("any", "", time(0), timedelta(0))
    now = utc("2026-11-23T14:00")
    assert open_window(always, BERLIN, now) == Occurrence("any", now, now + timedelta(days=36_500))
    assert next_window(always, BERLIN, now) is None


def test_the_edges_of_a_window() -> None:
    """Open at its first instant, closed at its last, and what takes the rest of it still fits (W2)."""
    found = Occurrence("night", utc("2026-11-23T01:00"), utc("2026-11-23T05:00"))
    assert [found.holds(utc(f"2026-11-23T{at}")) for at in ("00:59:59", "01:00", "04:59:59", "05:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert found.fits(utc("2026-11-23T04:50"), timedelta(minutes=10))
    assert not found.fits(utc("2026-11-23T04:50:01"), timedelta(minutes=10))


def test_a_blackout_of_some_segments_concerns_those_alone() -> None:
    """By any of a segment's names; when no segment is known, every blackout counts."""
    fair = Blackout("fair", date(2026, 11, 23), date(2026, 11, 27), segments=("tills",))
    now = utc("2026-11-24T12:00")
    asked: list[tuple[str, ...]] = [("tills",), ("tills @ site one", "tills"), ("rest",), ()]
    found = [blackout_at([fair], UTC, now, names) is fair for names in asked]
    assert found == [True, True, False, True]
    everywhere = replace(fair, segments=())
    assert [blackout_at([everywhere], UTC, now, names) is everywhere for names in asked] == [True] * 4


def test_blackouts_are_whole_local_days() -> None:
    """From the first morning to the last evening where the device is, not in UTC."""
    fair = Blackout("fair", date(2026, 12, 21), date(2026, 12, 22))
    instants = ["2026-12-20T22:59", "2026-12-20T23:00", "2026-12-22T22:59", "2026-12-22T23:00"]
    assert [blackout_at((fair,), BERLIN, utc(at)) for at in instants] == [None, fair, fair, None]


def test_windows_are_looked_for_as_far_as_400_days_ahead() -> None:
    """By when they open, also those of a day that lies some days before."""
    after = utc("2026-11-23T14:00")
    found = list(occurrences(window("FREQ=DAILY", "14:00", days_after=9), UTC, after))
    assert [found[0].opens_at, found[-1].opens_at] == [after, after + timedelta(days=400)]
    assert len(found) == 401


def test_the_last_window_is_looked_for_as_far_as_70_days_back() -> None:
    """By when it ended."""
    once = window("FREQ=DAILY;COUNT=1", "10:00", begins_on=date(2026, 9, 1))
    ended = utc("2026-09-01T14:00")
    later = ended + timedelta(days=70)
    assert last_window(once, UTC, later) is None
    found = Occurrence("night", ended - timedelta(hours=4), ended)
    assert last_window(once, UTC, later - timedelta(seconds=1)) == found
    assert [last_window(once, UTC, ended - timedelta(seconds=1)), last_window(once, UTC, ended)] == [None, found]


nightly = st.builds(
    window,
    st.sampled_from(["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SU,WE", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
    st.sampled_from(["00:00", "01:59", "02:00", "02:30", "03:00", "23:30"]),
    st.sampled_from([0.5, 1, 6, 30]),
)


@given(window=nightly, zone=st.sampled_from(ZONES), minute=st.integers(0, 3 * 366 * 24 * 60))
@settings(max_examples=150, deadline=None)
def test_open_and_next_agree_with_the_days_one_by_one(window: Window, zone: ZoneInfo, minute: int) -> None:
    """Asked at any minute of three years: open exactly when a start of a day near it says so, next is the first later
    one, and the local time of every start is the window's, or lies in the hour that the clocks skip."""
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    begins = [start for start in _starts(window, zone, now) if start <= now < start + window.duration]
    found = open_window(window, zone, now)
    assert (found.opens_at if found else None) == (max(begins) if begins else None)
    later = [start for start in _starts(window, zone, now) if start > now]
    following = next_window(window, zone, now)
    assert (following.opens_at if following else None) == min(later)


def _starts(window: Window, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Every start within 40 days, from the calendar alone."""
    here = now.astimezone(zone).date()
    days = [here + timedelta(days=n) for n in range(-40, 41)]
    return [
        datetime.combine(day, window.start, tzinfo=zone).astimezone(UTC) for day in days if _is_day(window.rule, day)
    ]


def _is_day(rule: str, day: date) -> bool:
    match rule:
        case "FREQ=DAILY":
            return True
        case "FREQ=DAILY;INTERVAL=3":
            return (day - date(2024, 1, 1)).days % 3 == 0
        case "FREQ=WEEKLY;BYDAY=SU,WE":
            return day.weekday() in (6, 2)
        case _:
            return (day + timedelta(days=1)).day == 1
