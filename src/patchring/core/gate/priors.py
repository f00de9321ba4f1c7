"""What is usual before anything is known (H6): labelled priors, and how soon what was seen takes their place.

The rates are on the high side of what managed clients and servers show, so that a fleet that nobody has watched yet is
slow to hold rather than quick to cry; whoever shows them says "learning" until WATCHED_DAYS device-days of the kind are
there.
"""

from collections.abc import Mapping

from patchring.core.gate.expectation import Past
from patchring.core.gate.signals import Signal

# Events a day of one device.
USUAL: Mapping[Signal, float] = {
    Signal.INSTALL_FAILURE: 0.0,
    Signal.SERVICE_FAILURE: 0.008,
    Signal.APP_CRASH: 0.02,
    Signal.FAILED_LOGON: 0.015,
    Signal.REBOOT_LOOP: 0.0004,
    Signal.PERFORMANCE: 0.005,
    Signal.TICKET: 0.005,
    Signal.MISSING_HEARTBEAT: 0.01,
}
# Of installations: those that fail for reasons of the device.
USUAL_FAILING = 0.02
# The prior counts as so many device-days of a kind.
PRIOR_DAYS = 250.0
WATCHED_DAYS = 1_000.0


def kind_past(signal: Signal, seen: Past) -> Past:
    """What a kind of devices showed, with the prior added as if it had been seen."""
    return Past(seen.events + USUAL[signal] * PRIOR_DAYS, seen.days + PRIOR_DAYS)


def learning(seen: Past) -> bool:
    """Whether the prior still says more than it should, and whoever reads a verdict is told so."""
    return seen.days < WATCHED_DAYS
