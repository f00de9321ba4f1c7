"""The manual clock stands still, and moves forward when it is told to."""

from datetime import UTC, datetime, timedelta

import pytest

from patchring.core.clock import Clock
from patchring.serve.clock import SystemClock
from patchring.testing.clock import ManualClock

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_it_stands_still() -> None:
    """Reading it does not move it."""
    clock = ManualClock(NOON)
    assert (clock.now(), clock.now()) == (NOON, NOON)


def test_it_goes_on_when_told() -> None:
    """By a duration or to an instant; each says the new instant."""
    clock = ManualClock(NOON)
    assert clock.advance(timedelta(minutes=5)) == NOON + timedelta(minutes=5)
    assert clock.move_to(NOON + timedelta(hours=1)) == clock.now() == NOON + timedelta(hours=1)


def test_it_never_goes_back() -> None:
    """Like the real one, whatever a test would like."""
    with pytest.raises(AssertionError, match="cannot go back"):
        ManualClock(NOON).advance(timedelta(seconds=-1))


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(NOON)])
def test_every_clock_says_aware_utc(clock: Clock) -> None:
    """The contract that the fake shares with the real one."""
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second
