"""What a window will do, with the reason for each that is skipped, cut or moved."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.calendar import Blackout, Hours, ShortMonth, Window
from patchring.core.schedule.preview import Planned, Skipped, preview
from patchring.core.schedule.windows import blackout_at, open_window
from patchring.policyfile import zone

BERLIN = zone("Europe/Berlin")
OFFICE = Hours({day: ((time(8), time(18)),) for day in range(5)})
CUT = "cut to what lies outside the client's operating hours"
FAIR = Blackout("fair", date(2026, 11, 28), date(2026, 11, 29), "client")


def told(row: Planned | Skipped) -> str:
    if isinstance(row, Skipped):
        return f"{row.on} skipped: {row.reason.text}"
    opens, closes = row.opens_at.astimezone(BERLIN), row.closes_at.astimezone(BERLIN)
    why = "; ".join(reason.text for reason in row.reasons)
    return f"{opens:%m-%d %H:%M} to {closes:%m-%d %H:%M} {why}".strip()


def test_a_week_with_a_fair_in_it() -> None:
    """Cut at the first and the last midnight, left out between."""
    night = Window("night", "FREQ=DAILY", time(22), timedelta(hours=12), outside_hours=True)
    rows = preview(night, (FAIR,), OFFICE, BERLIN, datetime(2026, 11, 26, 12, tzinfo=UTC), 5)
    assert [told(row) for row in rows] == [
        f"11-26 22:00 to 11-27 08:00 {CUT}",
        "11-27 22:00 to 11-28 00:00 cut by blackout fair (client), 2026-11-28 to 2026-11-29",
        "2026-11-28 skipped: falls into blackout fair (client), 2026-11-28 to 2026-11-29",
        f"11-30 00:00 to 11-30 08:00 {CUT}; cut by blackout fair (client), 2026-11-28 to 2026-11-29",
        f"11-30 22:00 to 12-01 08:00 {CUT}",
    ]


def test_months_without_the_day_are_named() -> None:
    monthly = Window("end", "FREQ=MONTHLY;BYMONTHDAY=31", time(2), timedelta(hours=4), short_month=ShortMonth.SKIP)
    rows = preview(monthly, (), None, BERLIN, datetime(2027, 1, 1, tzinfo=UTC), 4)
    assert [told(row) for row in rows] == [
        "01-31 02:00 to 01-31 06:00",
        "2027-02-28 skipped: February 2027 has no day 31",
        "03-31 02:00 to 03-31 06:00",
        "2027-04-30 skipped: April 2027 has no day 31",
    ]


def test_the_hour_that_the_clocks_skip() -> None:
    nightly = Window("night", "FREQ=DAILY", time(2, 30), timedelta(hours=1))
    rows = preview(nightly, (), None, BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC), 1)
    assert [told(row) for row in rows] == [
        "03-29 03:30 to 03-29 04:30 the clocks skip 02:30 on that day, so it opens at 03:30"
    ]


def test_a_window_within_working_hours_says_that_it_never_opens() -> None:
    noon = Window("noon", "FREQ=WEEKLY;BYDAY=MO", time(12), timedelta(hours=1), outside_hours=True)
    rows = preview(noon, (), OFFICE, BERLIN, datetime(2026, 11, 24, tzinfo=UTC), 1)
    assert [told(row) for row in rows] == ["2026-11-30 skipped: all of it lies in the client's operating hours"]


def test_any_time_is_one_row() -> None:
    after = datetime(2026, 11, 24, tzinfo=UTC)
    rows = preview(Window("any", "", time(0), timedelta(0)), (), None, BERLIN, after, 5)
    assert [row.opens_at for row in rows if isinstance(row, Planned)] == [after]
    rows = preview(Window("any", "", time(0), timedelta(0)), (FAIR,), None, BERLIN, after, 5)
    assert [told(row)[:26] for row in rows] == ["11-24 01:00 to 11-28 00:00", "11-30 00:00 to 12-29 01:00"]


@given(minute=st.integers(0, 21 * 24 * 60), start=st.integers(0, 23), lasts=st.integers(1, 40), mind=st.booleans())
@settings(deadline=None)
def test_an_instant_is_in_a_row_exactly_when_something_may_begin(
    minute: int, start: int, lasts: int, mind: bool
) -> None:
    """What people are shown is what the permit decides."""
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    now = begin + timedelta(minutes=minute)
    rule = Window("w", "FREQ=DAILY", time(start), timedelta(hours=lasts), outside_hours=mind)
    rows = preview(rule, (FAIR,), OFFICE, BERLIN, begin, 80)
    shown = any(isinstance(row, Planned) and row.opens_at <= now < row.closes_at for row in rows)
    allowed = open_window(rule, BERLIN, now, OFFICE) is not None and blackout_at((FAIR,), BERLIN, now) is None
    assert shown == allowed
