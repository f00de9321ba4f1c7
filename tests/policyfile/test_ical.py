"""iCalendar files: zones, clock changes, whole days, series with changed instances; what is no calendar is refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.policyfile.ical import CalendarInvalid, DayOff, read_calendar, read_days_off
from patchring.policyfile.zones import zone

BERLIN = zone("Europe/Berlin")
BEGIN, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)


def ics(*lines: str) -> bytes:
    """A calendar of one event, or of several that `BEGIN:VEVENT` takes apart."""
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20261001T000000Z"]
    return "\r\n".join([*text, *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


def spans(content: bytes) -> list[str]:
    found = read_calendar(content, BERLIN, BEGIN, END)
    return [f"{each.begins_at:%m-%d %H:%M}/{each.ends_at:%m-%d %H:%M}" for each in found]


def test_a_time_without_a_zone_is_of_the_zone_given() -> None:
    assert spans(ics("DTSTART:20261105T080000", "DTEND:20261105T160000")) == ["11-05 07:00/11-05 15:00"]
    assert spans(ics("DTSTART:20261105T080000Z", "DURATION:PT2H")) == ["11-05 08:00/11-05 10:00"]
    zoned = ics("DTSTART;TZID=America/New_York:20261105T080000", "DTEND;TZID=America/New_York:20261105T090000")
    assert spans(zoned) == ["11-05 13:00/11-05 14:00"]


def test_a_series_stays_at_its_local_time_when_the_clocks_change() -> None:
    """Berlin goes back on 25 October 2026; the shift lasts eight elapsed hours on both sides."""
    rule = ics("DTSTART:20261024T220000", "DTEND:20261025T060000", "RRULE:FREQ=DAILY;COUNT=3")
    assert spans(rule) == ["10-24 20:00/10-25 05:00", "10-25 21:00/10-26 06:00", "10-26 21:00/10-27 06:00"]


def test_until_is_an_instant_and_excepted_dates_are_left_out() -> None:
    content = ics(
        "DTSTART:20261102T080000",
        "DURATION:PT8H",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261111T070000Z",
        "EXDATE:20261104T080000",
    )
    assert spans(content) == ["11-02 07:00/11-02 15:00", "11-09 07:00/11-09 15:00", "11-11 07:00/11-11 15:00"]


def test_a_changed_instance_takes_the_place_of_the_one_it_changes() -> None:
    content = ics(
        "DTSTART:20261102T080000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT",
        "BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20261103T080000", "DTSTART:20261103T120000", "DURATION:PT4H",
        "END:VEVENT",
        "BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20261104T080000", "STATUS:CANCELLED", "DTSTART:20261104T080000",
        "DURATION:PT8H",
    )  # fmt: skip
    assert spans(content) == ["11-02 07:00/11-02 15:00", "11-03 11:00/11-03 15:00"]


def test_cancelled_events_and_those_that_last_no_time_are_left_out() -> None:
    assert spans(ics("DTSTART:20261105T080000", "DURATION:PT8H", "STATUS:CANCELLED")) == []
    assert spans(ics("DTSTART:20261105T080000")) == []


def test_whole_days_are_local_and_both_included() -> None:
    """An end is the first day that is not in it."""
    content = ics("SUMMARY:Fair", "DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261027")
    days = read_days_off(content, BERLIN, date(2026, 10, 1), date(2026, 12, 31))
    assert days == [DayOff("Fair", date(2026, 10, 24), date(2026, 10, 26))]
    yearly = ics("SUMMARY:Christmas", "DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY")
    assert read_days_off(yearly, BERLIN, date(2026, 1, 1), date(2027, 12, 31)) == [
        DayOff("Christmas", date(year, 12, 25), date(year, 12, 25)) for year in (2026, 2027)
    ]
    assert read_days_off(ics("DTSTART:20261105T080000", "DURATION:PT8H"), BERLIN, BEGIN.date(), END.date()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "expected"),
        (b"hello", "expected an iCalendar file"),
        (b"\xff\xfe\x00", "expected an iCalendar file"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "expected a calendar with events"),
        (ics("SUMMARY:no begin"), r"event 1 \(no begin\): expected DTSTART"),
        (ics("SUMMARY:back", "DTSTART:20261105T080000", "DTEND:20261105T070000"), "an end before the begin"),
        (ics("DTSTART:20261105T080000", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"), "expected FREQ=DAILY"),
        (b"x" * (2 * 1024 * 1024 + 1), "expected at most"),
    ],
)
def test_what_is_no_calendar_is_refused_with_advice(content: bytes, says: str) -> None:
    with pytest.raises(CalendarInvalid, match=says):
        read_calendar(content, BERLIN, BEGIN, END)


def test_too_many_occurrences_are_refused() -> None:
    content = ics("DTSTART:19000101T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    with pytest.raises(CalendarInvalid, match="at most 20000 occurrences"):
        read_calendar(content, UTC, datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


LINES = st.sampled_from(
    ["DTSTART:20261105T080000", "DTEND:20261105T160000", "RRULE:FREQ=DAILY", "RRULE:FREQ=", "EXDATE:2026", "DURATION:P",
     "DTSTART;TZID=Nowhere:20261105T080000", "DTSTART;VALUE=DATE:20261399", "RECURRENCE-ID:20261105T080000", "\x00",
     "DURATION:-P1D", "BEGIN:VEVENT", "END:VEVENT", "RRULE:FREQ=DAILY;UNTIL=20261399T000000Z", "SUMMARY:\xc3\x28"]
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_file_is_read_or_refused(lines: list[str]) -> None:
    """Nothing but CalendarInvalid ever comes out."""
    try:
        found = read_calendar(ics(*lines), BERLIN, BEGIN, END)
    except CalendarInvalid:
        return
    assert all(each.begins_at < each.ends_at for each in found)
