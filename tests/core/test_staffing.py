"""Somebody is there, or nothing begins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchring.core.policy.calendar import Staffing
from patchring.core.schedule.staffing import Shift, ShiftKind, unstaffed

TEN = timedelta(minutes=10)
TOO_SOON = "dana is on shift until 2026-11-23 12:05 UTC, not until 2026-11-23 12:25 UTC"
WORK, CALL = ShiftKind.ON_SHIFT, ShiftKind.ON_CALL


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{text}").replace(tzinfo=UTC)


def shift(begins: str, ends: str, kind: ShiftKind = WORK, person: str = "dana", **given: Any) -> Shift:
    return Shift(person, kind, utc(begins), utc(ends), **given)


def said(staffing: Staffing, *shifts: Shift, at: str = "12:00") -> str:
    found = unstaffed(staffing, shifts, utc(at), TEN)
    return found.text if found else ""


def test_what_asks_for_nobody_needs_nobody() -> None:
    assert said(Staffing.NONE) == ""


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([shift("11:45", "12:25")], ""),
        ([shift("11:46", "12:25")], "dana is on shift only since 2026-11-23 11:46 UTC, not since 2026-11-23 11:45 UTC"),
        ([shift("11:45", "12:24")], "dana is on shift until 2026-11-23 12:24 UTC, not until 2026-11-23 12:25 UTC"),
        ([shift("08:00", "12:05"), shift("12:05", "16:00")], ""),
        ([shift("08:00", "12:05"), shift("12:06", "16:00")], TOO_SOON),
        ([shift("08:00", "12:05"), shift("12:05", "16:00", person="erin")], TOO_SOON),
        ([shift("13:00", "16:00"), shift("18:00", "20:00")], "nobody is on shift until 2026-11-23 13:00 UTC"),
        ([shift("08:00", "16:00", CALL, acknowledged=True)], "nobody is on shift and no shift is known"),
        ([], "nobody is on shift and no shift is known"),
    ],
)  # fmt: skip
def test_on_shift_is_one_person_before_during_and_after(shifts: list[Shift], expected: str) -> None:
    """A quarter of an hour before and after; whoever is at home does not count, and a handover is not one person."""
    assert said(Staffing.ON_SHIFT, *shifts) == expected


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([shift("12:00", "12:01", CALL, acknowledged=True)], ""),
        ([shift("08:00", "16:00", WORK, acknowledged=True)], ""),
        ([shift("08:00", "16:00", CALL)], "dana is on call and has not acknowledged the shift"),
        ([shift("08:00", "12:00", CALL, acknowledged=True), shift("14:00", "16:00", CALL)],
         "nobody is on call until 2026-11-23 14:00 UTC"),
    ],
)  # fmt: skip
def test_on_call_is_somebody_who_acknowledged(shifts: list[Shift], expected: str) -> None:
    assert said(Staffing.ON_CALL, *shifts) == expected


def test_the_order_of_shifts_says_nothing() -> None:
    rota = [shift("08:00", "12:05"), shift("12:05", "16:00"), shift("07:00", "09:00", person="erin")]
    assert {said(Staffing.ON_SHIFT, *order) for order in (rota, rota[::-1], rota[1:] + rota[:1])} == {""}
