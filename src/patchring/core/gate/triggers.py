"""What needs no statistics (H4): a device that costs much and does not come back, or restarts again and again.

It is no verdict yet, for a server may fail for reasons of its own. But until others of its kind have been well for a
while, or the evidence holds them, nobody else of its kind goes.
"""

from datetime import timedelta

from patchring.core.gate.promotion import HIGH_WEIGHT
from patchring.core.gate.signals import Signal

HARD = frozenset({Signal.REBOOT_LOOP, Signal.MISSING_HEARTBEAT})
# Later than that after the installation it is as likely to be something else.
SOON = timedelta(hours=12)
PAUSE = timedelta(hours=24)


def pause(signal: Signal, weight: float, age: timedelta) -> timedelta | None:
    """How long nobody else of the device's role goes; None: this is no hard trigger. `weight`: what the device costs;
    `age`: since its installation."""
    return PAUSE if signal in HARD and weight >= HIGH_WEIGHT and age <= SOON else None
