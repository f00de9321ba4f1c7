"""What needs no statistics."""

from datetime import timedelta

import pytest

from patchring.core.gate.signals import Signal
from patchring.core.gate.triggers import PAUSE, pause

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("signal", "weight", "age", "expected"),
    [
        (Signal.REBOOT_LOOP, 12, 2 * HOUR, PAUSE),
        (Signal.MISSING_HEARTBEAT, 8, 12 * HOUR, PAUSE),
        (Signal.MISSING_HEARTBEAT, 8, 12.1 * HOUR, None),
        (Signal.REBOOT_LOOP, 7.9, 2 * HOUR, None),
        (Signal.TICKET, 25, 1 * HOUR, None),
        (Signal.INSTALL_FAILURE, 25, 0 * HOUR, None),
    ],
)
def test_a_device_that_costs_much_and_does_not_come_back(
    signal: Signal, weight: float, age: timedelta, expected: timedelta | None
) -> None:
    assert pause(signal, weight, age) == expected
