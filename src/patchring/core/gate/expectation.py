"""How many events were to be expected without the patch: from the devices' own past, and from those that do not have
it yet in the same hours. A difference in differences, as a ratio of rates.
"""

from dataclasses import dataclass

# Devices that have not been watched for long are like their kind: the kind's rate counts as so many days of their own.
SHRINK_DAYS = 14.0
# Events of the control that are added on both sides, so that few of them say little.
PSEUDO_EVENTS = 3.0
# Fewer for everybody in the last hours: an outage is to be seen at once, in a small fleet as well.
OUTAGE_PSEUDO_EVENTS = 0.5
# With a smaller share of the fleet without the patch there is nobody to compare with.
CONTROL_SHARE_MIN = 0.02
RATIO_MIN, RATIO_MAX = 0.25, 50.0
# No rate is nothing: what was never seen may happen once in so many device-days.
RATE_MIN = 1.0 / 20_000.0


@dataclass(frozen=True)
class Past:
    """Events on one device, or on all of a kind, in so many days before the patch."""

    events: float
    days: float


@dataclass(frozen=True)
class Control:
    """What devices of the same facet that do not have the patch yet did in the same hours, and what their own past let
    expect. None of them: both are zero."""

    seen: float
    expected: float

    @property
    def ratio(self) -> float:
        """How much worse than usual these hours are for everybody; few devices hardly say."""
        found = (self.seen + PSEUDO_EVENTS) / (self.expected + PSEUDO_EVENTS)
        return min(RATIO_MAX, max(RATIO_MIN, found))


def daily_rate(own: Past, kind: Past) -> float:
    """Events a day of one device: its own past, drawn to that of its kind the less it was watched (gamma-Poisson)."""
    usual = kind.events / kind.days if kind.days > 0 else 0.0
    return max(RATE_MIN, (own.events + usual * SHRINK_DAYS) / (own.days + SHRINK_DAYS))


def expected(device_days: float, rate: float, control: Control, bump: float = 1.0) -> float:
    """Events to expect of devices with this mean rate in so many device-days. `bump`: how much more any harmless patch
    brings, by the restart alone; learned from those that went well."""
    return device_days * rate * control.ratio * bump
