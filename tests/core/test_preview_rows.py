"""Rows of a preview to the minute and to the word: parts, cuts, moves, and days that a month does not have."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from patchring.core.policy.calendar import Blackout, Hours, ShortMonth, Window
from patchring.core.reason import Reason
from patchring.core.schedule.preview import Planned, Skipped, preview
from patchring.core.schedule.windows import LOOK_AHEAD
from patchring.policyfile import zone
from tests.core.test_preview import BERLIN, CUT, OFFICE

CUT_TO_HOURS = Reason("cut_to_hours", CUT)
AFTER = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday, 13:00 in Berlin
ANY_TIME = Window("any", "", time(0), timedelta(0))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def daily(start: int, lasts: float, **given: Any) -> Window:
    return Window("w", "FREQ=DAILY", time(start), timedelta(hours=lasts), **given)


def rows(window: Window, count: int, *blackouts: Blackout, **given: Any) -> list[Planned | Skipped]:
    hours, after = given.get("hours", OFFICE), given.get("after", AFTER)
    return preview(window, blackouts, hours, given.get("place", BERLIN), after, count)


def by(blackout: Blackout) -> Reason:
    dates = f"{blackout.from_on} to {blackout.to_on}"
    text = f"cut by blackout {blackout.name} ({blackout.authority}), {dates}"
    return Reason("blackout", text, {"blackout": blackout.name})


def days(name: str, from_on: int, to_on: int) -> Blackout:
    return Blackout(name, date(2026, 11, from_on), date(2026, 11, to_on), "client")


def test_as_many_rows_as_are_asked_for() -> None:
    """From the window that is open, if there is one."""
    assert rows(daily(13, 1), 4) == [
        Planned(utc(f"11-{day}T12:00"), utc(f"11-{day}T13:00")) for day in (26, 27, 28, 29)
    ]


def test_what_is_over_is_no_row() -> None:
    """The early part of today ended at eight; one that ends just now is over, too."""
    found = rows(daily(7, 14, outside_hours=True), 2)
    assert found[0] == Planned(utc("11-26T17:00"), utc("11-26T20:00"), (CUT_TO_HOURS,))
    assert found[1] == Planned(utc("11-27T06:00"), utc("11-27T07:00"), (CUT_TO_HOURS,))
    ended = rows(daily(7, 14, outside_hours=True), 1, after=utc("11-26T07:00"))
    assert ended == [found[0]]


def test_hours_of_its_own_go_before_those_of_the_policy() -> None:
    """And what they cut is told."""
    own = Hours({day: ((time(14), time(15)),) for day in range(7)})
    found = rows(daily(13, 3, outside_hours=True, hours=own), 2)
    assert found == [
        Planned(utc("11-26T12:00"), utc("11-26T13:00"), (CUT_TO_HOURS,)),
        Planned(utc("11-26T14:00"), utc("11-26T15:00"), (CUT_TO_HOURS,)),
    ]


def test_all_of_it_in_working_hours() -> None:
    noon = Window("w", "FREQ=WEEKLY;BYDAY=MO", time(12), timedelta(hours=1), outside_hours=True)
    text = "all of it lies in the client's operating hours"
    assert rows(noon, 1) == [Skipped(date(2026, 11, 30), Reason("in_hours", text))]


def test_any_time_has_no_clock_to_be_moved_by() -> None:
    """One row for ever; with hours its parts as far as anybody looks."""
    [whole] = rows(ANY_TIME, 5)
    assert isinstance(whole, Planned)
    assert (whole.opens_at, whole.reasons) == (AFTER, ())
    assert whole.closes_at - AFTER > timedelta(days=36_000)
    evening = utc("11-26T20:00")
    found = rows(Window("any", "", time(0), timedelta(0), outside_hours=True), 5_000, after=evening)
    last = found[-1]
    assert isinstance(last, Planned)
    assert last.closes_at == evening + LOOK_AHEAD
    assert found[0] == Planned(evening, utc("11-27T07:00"), (CUT_TO_HOURS,))


@pytest.mark.parametrize(("from_on", "to_on"), [(28, 28), (20, 26)])
def test_a_blackout_that_only_touches_cuts_nothing(from_on: int, to_on: int) -> None:
    """It begins at the midnight at which the window ends, or ends where it begins."""
    touching = daily(0, 24)
    found = rows(touching, 1, days("fair", from_on, to_on), after=utc("11-27T01:00"))
    assert found == [Planned(utc("11-26T23:00"), utc("11-27T23:00"))]


def test_a_window_that_is_just_a_blackout_leaves_no_empty_piece() -> None:
    """It opens with it, and closes with it."""
    fair = days("fair", 27, 27)
    text = "falls into blackout fair (client), 2026-11-27 to 2026-11-27"
    found = rows(daily(0, 24), 1, fair, after=utc("11-27T01:00"))
    assert found == [Skipped(date(2026, 11, 27), Reason("blackout", text, {"blackout": "fair"}))]


def test_a_piece_between_two_blackouts_is_cut_by_the_first_of_them() -> None:
    """Before it, between, behind; in the order of days, whatever the order of the text."""
    long = Window("w", "FREQ=WEEKLY;BYDAY=FR", time(12), timedelta(days=5))
    first, second = days("first", 28, 28), days("second", 30, 30)
    assert rows(long, 3, second, first) == [
        Planned(utc("11-27T11:00"), utc("11-27T23:00"), (by(first),)),
        Planned(utc("11-28T23:00"), utc("11-29T23:00"), (by(first),)),
        Planned(utc("11-30T23:00"), utc("12-02T11:00"), (by(second),)),
    ]


def test_the_blackout_in_which_it_would_open_is_named() -> None:
    """Of several that take all of it together, and not one of another week."""
    night = Window("w", "FREQ=WEEKLY;BYDAY=FR", time(22), timedelta(hours=12))
    found = rows(night, 1, days("other", 1, 2), days("saturday", 28, 28), days("friday", 27, 27))
    [skipped] = found
    assert isinstance(skipped, Skipped)
    assert (skipped.on, skipped.reason.numbers) == (date(2026, 11, 27), {"blackout": "friday"})


def test_a_start_that_the_clocks_skip_has_its_kind() -> None:
    nightly = Window("w", "FREQ=DAILY", time(2, 30), timedelta(hours=1))
    [moved] = rows(nightly, 1, after=datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert isinstance(moved, Planned)
    text = "the clocks skip 02:30 on that day, so it opens at 03:30"
    assert moved.reasons == (Reason("clock_skips", text),)


def month_ends(rule: str, begins: str, count: int, **given: Any) -> list[str]:
    """What lacks a day, and the days on which it comes, in UTC from a year's begin."""
    given = {"short_month": ShortMonth.SKIP, "begins_on": date.fromisoformat(begins)} | given
    after = given.pop("after", datetime.combine(date.fromisoformat(begins), time(0), tzinfo=UTC))
    blackouts, lasts = given.pop("blackouts", ()), given.pop("lasts", timedelta(hours=1))
    found = preview(Window("w", rule, time(2), lasts, **given), blackouts, None, zone("UTC"), after, count)
    for row in found:
        assert isinstance(row, Planned) or row.reason.code == "short_month"
    return [f"{row.opens_at:%m-%d}" if isinstance(row, Planned) else f"{row.on:%m-%d} no" for row in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY", ["01-31", "02-28 no", "03-31", "04-30 no"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["01-31", "02-28 no", "03-31", "04-30 no"]),
        ("FREQ=DAILY;BYMONTHDAY=31", ["01-31", "02-28 no", "03-31", "04-30 no"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", ["02-28 no", "03-01", "04-30 no", "05-01"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["01-31", "02-28 no", "03-31", "04-30 no", "05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=1", ["01-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270315", ["01-31", "02-28 no"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29,30,31;BYSETPOS=-1", ["01-31", "02-28 no", "03-31", "04-30", "05-31"]),
        ("FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=31", ["01-31", "10-31"]),
        ("FREQ=WEEKLY", ["01-31", "02-07", "02-14", "02-21", "02-28", "03-07"]),
        ("FREQ=DAILY", ["01-31", "02-01", "02-02"]),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31", ["01-31", "03-31", "05-31", "07-31", "09-30 no", "11-30 no"]),
    ],
)
def test_every_month_that_lacks_the_day_is_told(rule: str, expected: list[str]) -> None:
    """From 31 January 2027, a Sunday. Where weekdays or a pace of days choose as well, no month lacks anything."""
    assert month_ends(rule, "2027-01-31", len(expected) + ("COUNT" in rule or "UNTIL" in rule)) == expected


def test_a_pace_of_days_lacks_nothing() -> None:
    """Every second day that is a 31st, as far as anybody looks."""
    found = month_ends("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=31", "2027-01-31", 20)
    assert found == ["01-31", "05-31", "08-31", "12-31"]


def test_months_are_told_as_far_as_anybody_looks() -> None:
    """Also behind the last day on which a rule with a count comes in that time."""
    found = month_ends("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=100", "2027-01-31", 20)
    assert found[-3:] == ["12-31", "01-31", "02-29 no"]
    assert len(found) == 14


def test_rows_are_in_the_order_of_time() -> None:
    """A month that lacks a day stands between the parts that a blackout leaves of a long window."""
    last = Blackout("last", date(2027, 4, 30), date(2027, 4, 30))
    given: dict[str, Any] = {"lasts": timedelta(days=3), "blackouts": (last,)}
    assert month_ends("FREQ=MONTHLY;BYMONTHDAY=29,31", "2027-04-01", 3, **given) == ["04-29", "04-30 no", "05-01"]
    later: dict[str, Any] = {"days_after": 3}
    told = month_ends("FREQ=MONTHLY;BYMONTHDAY=25,29", "2027-02-01", 3, **later)
    assert told == ["02-28", "02-28 no", "03-28"]


def test_a_month_that_ended_is_told_while_its_window_would_have_come() -> None:
    """Three days after the last of February is in March."""
    later: dict[str, Any] = {"days_after": 3, "after": datetime(2027, 3, 1, tzinfo=UTC)}
    assert month_ends("FREQ=MONTHLY;BYMONTHDAY=30", "2027-01-31", 2, **later) == ["02-28 no", "04-02"]


def test_a_month_is_told_when_the_window_would_have_come() -> None:
    """Days after the last of the month, and in the order of the rows; the first day is where the rule begins."""
    later: dict[str, Any] = {"days_after": 3}
    assert month_ends("FREQ=MONTHLY;BYMONTHDAY=30", "2027-01-31", 3, **later) == ["02-28 no", "04-02", "05-03"]
    told = month_ends("FREQ=MONTHLY;BYMONTHDAY=1,31", "2027-02-01", 5, **later)
    assert told == ["02-04", "02-28 no", "03-04", "04-03", "04-04"]


def test_a_day_that_moves_is_lacked_by_no_month() -> None:
    """One that is counted from the end does not move."""
    moves: dict[str, Any] = {"short_month": ShortMonth.LAST_DAY}
    assert month_ends("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31", 3, **moves) == ["01-31", "02-28", "03-31"]
    assert month_ends("FREQ=MONTHLY;BYMONTHDAY=-31", "2027-01-31", 2, **moves) == ["02-28 no", "03-01"]
