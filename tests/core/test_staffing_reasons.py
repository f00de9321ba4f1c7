"""What is told of a missing person, for people and for programs."""

import pytest

from patchring.core.policy.calendar import Staffing
from patchring.core.reason import Reason
from patchring.core.schedule.staffing import Shift, ShiftKind, unstaffed
from tests.core.test_staffing import CALL, TEN, TOO_SOON, shift, utc

MISSING = [
    (Staffing.ON_SHIFT, [shift("08:00", "12:05")],
     Reason("shift_too_short", TOO_SOON, {"person": "dana", "minutes": "40"})),
    (Staffing.ON_SHIFT, [shift("12:30", "16:00")],
     Reason("nobody_on_shift", "nobody is on shift until 2026-11-23 12:30 UTC")),
    (Staffing.ON_CALL, [shift("08:00", "16:00", CALL), shift("08:00", "16:00", CALL, person="ada")],
     Reason("on_call_silent", "ada, dana is on call and has not acknowledged the shift", {"person": "ada, dana"})),
    (Staffing.ON_CALL, [], Reason("nobody_on_call", "nobody is on call and no shift is known")),
    (Staffing.ON_CALL, [shift("11:00", "12:00", CALL)],
     Reason("nobody_on_call", "nobody is on call and no shift is known")),
]  # fmt: skip


@pytest.mark.parametrize(("staffing", "shifts", "said"), MISSING)
def test_who_is_missing(staffing: Staffing, shifts: list[Shift], said: Reason) -> None:
    """Ten minutes of work with a quarter of an hour before and after are forty."""
    assert unstaffed(staffing, shifts, utc("12:00"), TEN) == said


def test_a_shift_that_begins_now_has_begun() -> None:
    """It is not one to wait for: `until` names the next."""
    later = shift("14:00", "16:00", CALL)
    found = unstaffed(Staffing.ON_CALL, [shift("12:00", "12:00", CALL), later], utc("12:00"), TEN)
    assert found == Reason("nobody_on_call", "nobody is on call until 2026-11-23 14:00 UTC")


def test_kinds_are_called_as_in_calendars_and_tables() -> None:
    """The words of the API and of the database."""
    assert [kind.value for kind in ShiftKind] == ["on_shift", "on_call"]
