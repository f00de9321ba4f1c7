"""Which events count, and what was to be expected."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from patchring.core.gate.counting import SOFT_STEP_MAX, Event, counted, first_of_each, in_step
from patchring.core.gate.expectation import RATE_MIN, Control, Past, daily_rate, expected
from patchring.core.gate.signals import RULES, Signal

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)


def event(device: int, tenant: int, hour: float) -> Event:
    return Event(UUID(int=device), UUID(int=tenant), BEGIN + timedelta(hours=hour))


def test_a_device_that_fails_all_day_fails_once() -> None:
    events = [event(1, 1, 5), event(2, 1, 3), event(1, 1, 2), event(1, 1, 9)]
    assert first_of_each(events) == [event(1, 1, 2), event(2, 1, 3)]


def test_a_site_that_is_down_counts_three_times_a_day() -> None:
    """Of each tenant by itself; the fourth counts when the first is a day old."""
    site = [event(number, 1, number / 10) for number in range(1, 11)]
    other = [event(20, 2, 0.35)]
    events = first_of_each([*site, *other, event(30, 1, 24.1)])
    assert counted(events, 2) == [site[0], site[1], site[2], other[0], event(30, 1, 24.1)]
    assert counted(events, 1) == events, "what lives in one tenant has nobody else to ask"


@pytest.mark.parametrize("signal", list(Signal))
def test_an_outage_of_a_cloud_counts_little_in_a_step(signal: Signal) -> None:
    """Of soft signals; of the others every event counts."""
    assert in_step(400, signal) == (SOFT_STEP_MAX if RULES[signal].soft else 400)
    assert in_step(2, signal) == 2


def test_a_device_that_was_hardly_watched_is_like_its_kind() -> None:
    """And one that was watched for a year is like itself."""
    kind = Past(28.0, 280.0)
    assert daily_rate(Past(0, 0), kind) == pytest.approx(0.1)
    assert daily_rate(Past(0, 28), kind) == pytest.approx(1.4 / 42)
    assert daily_rate(Past(73, 365), kind) == pytest.approx((73 + 1.4) / 379)
    assert daily_rate(Past(0, 0), Past(0, 0)) == RATE_MIN


def test_bad_hours_for_everybody_are_no_fault_of_the_patch() -> None:
    """What those without it do in the same hours; few of them say little, and nothing without bound."""
    assert Control(0, 0).ratio == 1
    assert Control(1, 0).ratio == pytest.approx(4 / 3)
    assert Control(300, 100).ratio == pytest.approx(303 / 103)
    assert (Control(10_000, 10).ratio, Control(0, 1_000).ratio) == (50.0, 0.25)
    assert expected(10.0, 0.1, Control(300, 100), 1.5) == pytest.approx(10 * 0.1 * 303 / 103 * 1.5)


def test_a_kind_without_any_day_is_as_rare_as_anything_can_be() -> None:
    """And one that was watched for half a day is what it showed in it."""
    assert daily_rate(Past(0, 0), Past(1.0, 0.5)) == pytest.approx(2.0)
