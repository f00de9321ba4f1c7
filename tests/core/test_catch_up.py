"""A device that was away during its window: it begins when it is seen again, or waits, and never by surprise."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from patchring.core.policy.calendar import Blackout, CatchUp, Hours, Window
from patchring.core.schedule.catch_up import Silence, caught_up
from patchring.core.schedule.windows import last_window
from patchring.policyfile import zone

BERLIN = zone("Europe/Berlin")
OFFICE = Hours({day: ((time(8), time(18)),) for day in range(5)})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def night(**given: Any) -> Window:
    """Sunday 01:00 to 05:00 in Berlin: 22 November from 00:00 to 04:00 UTC."""
    two_days: dict[str, Any] = {"catch_up": CatchUp.WHEN_SEEN, "catch_up_within": timedelta(days=2)}
    return Window("sunday", "FREQ=WEEKLY;BYDAY=SU", time(1), timedelta(hours=4), **(two_days | given))


AWAY = Silence(utc("20T16:00"), utc("23T17:30"))


def asked(at: str, window: Window | None = None, silence: Silence | None = AWAY, **given: Any) -> str | None:
    found = caught_up(window or night(), BERLIN, utc(at), silence, **given)
    return f"{found.opens_at:%dT%H:%M}-{found.closes_at:%dT%H:%M}" if found else None


def test_a_notebook_that_was_away_all_of_sunday_begins_on_monday_evening() -> None:
    """From its return until two days after the window ended."""
    assert asked("23T18:00") == "23T17:30-24T04:00"


def test_the_policy_has_to_say_so() -> None:
    assert asked("23T18:00", night(catch_up=CatchUp.NEXT_WINDOW)) is None


@pytest.mark.parametrize(
    ("why", "silence"),
    [
        ("it was there at the first instant", Silence(utc("22T00:00"), utc("23T17:30"))),
        ("it was there at the end", Silence(utc("20T16:00"), utc("22T03:59"))),
        ("nobody knows", None),
        ("it is away still", Silence(utc("20T16:00"), utc("23T18:01"))),
    ],
)
def test_who_could_have_begun_waits_for_the_next_window(why: str, silence: Silence | None) -> None:
    assert asked("23T18:00", silence=silence) is None, why


def test_it_ends() -> None:
    assert asked("24T03:59") is not None
    assert asked("24T04:00") is None


def test_never_in_the_clients_hours_whether_or_not_the_window_minds_them() -> None:
    silence = Silence(utc("20T16:00"), utc("23T09:00"))
    assert asked("23T10:00", silence=silence, hours=OFFICE) is None
    assert asked("23T18:00", silence=silence, hours=OFFICE) == "23T17:00-24T04:00"


def test_never_in_a_blackout() -> None:
    fair = Blackout("fair", date(2026, 11, 23), date(2026, 11, 23))
    assert asked("23T18:00", blackouts=(fair,)) is None
    assert asked("23T23:00", blackouts=(fair,)) is not None, "it is the 24th in Berlin"


def test_a_window_in_parts_is_missed_when_all_of_it_was() -> None:
    """Saturday 12:00 to Monday 12:00 is cut at Monday 08:00; a device that was seen on Saturday did not miss it."""
    hours: dict[str, Any] = {"outside_hours": True, "catch_up_within": timedelta(days=2)}
    long = Window("long", "FREQ=WEEKLY;BYDAY=SA", time(12), timedelta(days=2), catch_up=CatchUp.WHEN_SEEN, **hours)
    found = last_window(long, BERLIN, utc("23T18:00"), OFFICE)
    assert found is not None
    assert (found.opens_at, found.closes_at) == (utc("21T11:00"), utc("23T07:00"))
    assert asked("23T18:00", long, hours=OFFICE) == "23T17:30-24T07:00"
    assert asked("23T18:00", long, Silence(utc("21T12:00"), utc("23T17:30")), hours=OFFICE) is None


def test_a_window_ends_with_its_last_part() -> None:
    """Where it minds the hours: its own, or else those of the policy; one that does not ask for it is whole."""
    monday = Window("monday", "FREQ=WEEKLY;BYDAY=MO", time(6), timedelta(hours=4))
    own = Hours({0: ((time(6), time(7)), (time(9), time(18)))})

    def ended(window: Window) -> tuple[datetime, datetime] | None:
        found = last_window(window, BERLIN, utc("24T12:00"), OFFICE)
        return (found.opens_at, found.closes_at) if found else None

    assert ended(monday) == (utc("23T05:00"), utc("23T09:00"))
    assert ended(replace(monday, outside_hours=True)) == (utc("23T05:00"), utc("23T07:00"))
    assert ended(replace(monday, outside_hours=True, hours=own)) == (utc("23T06:00"), utc("23T08:00"))
    assert ended(replace(monday, outside_hours=True, start=time(9))) is None


def test_the_window_before() -> None:
    """The last one that ended, not the one that is open; none for any time."""
    open_now = utc("22T02:00")
    before = last_window(night(), BERLIN, open_now)
    assert before is not None
    assert before.closes_at == utc("15T04:00")
    assert last_window(Window("any", "", time(0), timedelta(0)), BERLIN, open_now) is None


def test_what_it_may_begin_in_has_the_name_of_its_window() -> None:
    """So that the permit says why it was not a Sunday."""
    found = caught_up(night(), BERLIN, utc("23T18:00"), AWAY)
    assert found is not None
    assert found.name == "sunday, caught up"


def test_back_at_the_very_end_of_the_window_it_missed_it() -> None:
    """Nothing could have begun in no time."""
    assert asked("22T05:00", silence=Silence(utc("20T16:00"), utc("22T04:00"))) == "22T04:00-24T04:00"


def test_a_window_that_never_was_is_not_missed() -> None:
    """All of it lies in hours in which people work."""
    noon = Window("noon", "FREQ=WEEKLY;BYDAY=MO", time(12), timedelta(hours=1), outside_hours=True)
    silent = replace(noon, catch_up=CatchUp.WHEN_SEEN, catch_up_within=timedelta(days=2))
    assert asked("23T18:00", silent, Silence(utc("20T16:00"), utc("23T17:30")), hours=OFFICE) is None


def test_before_it_was_seen_again_nothing_begins() -> None:
    """Nor in hours of its own, which go before the policy's."""
    assert asked("23T17:29") is None
    own = Hours({0: ((time(18), time(20)),)})
    assert asked("23T18:00", night(hours=own), hours=OFFICE) is None
    assert asked("23T19:30", night(hours=own), hours=OFFICE) == "23T19:00-24T04:00"
