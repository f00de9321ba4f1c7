"""What is watched after a patch (H1), and how much of it is needed before it can say anything.

The figures are those of the prototype's method, tuned on one set of simulated patches and measured on another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """The first of each on a device after the installation counts; a soft one can have causes of its own everywhere."""

    INSTALL_FAILURE = "install_failure"
    SERVICE_FAILURE = "service_failure"
    APP_CRASH = "app_crash"
    FAILED_LOGON = "failed_logon"
    REBOOT_LOOP = "reboot_loop"
    PERFORMANCE = "performance"
    TICKET = "ticket"
    MISSING_HEARTBEAT = "missing_heartbeat"


@dataclass(frozen=True)
class SignalRule:
    """`weight`: its part of the budget of false alarms, against the others. `margin`: so much more than expected is
    still called nothing, because harmless patches differ. `count_min`: fewer events hold nothing. `soft`: one step
    brings at most so much of it that no outage elsewhere convicts a patch."""

    weight: float
    margin: float
    count_min: int
    soft: bool = False


RULES: Mapping[Signal, SignalRule] = {
    Signal.INSTALL_FAILURE: SignalRule(1.0, 1.5, 4),
    Signal.SERVICE_FAILURE: SignalRule(2.0, 0.3, 3),
    Signal.APP_CRASH: SignalRule(1.0, 0.4, 4),
    Signal.FAILED_LOGON: SignalRule(1.0, 0.5, 5, soft=True),
    Signal.REBOOT_LOOP: SignalRule(3.0, 0.3, 2),
    Signal.PERFORMANCE: SignalRule(1.0, 0.5, 5, soft=True),
    Signal.TICKET: SignalRule(1.0, 0.5, 4, soft=True),
    Signal.MISSING_HEARTBEAT: SignalRule(2.0, 0.5, 3),
}
