"""How many devices may go next, inside the frame of rings and soak that the policy sets and people sign.

The frame says when at the earliest, this says how many: so a soak stretches by itself when something odd is seen, and
never becomes shorter than the policy's floor. Four bounds, and the tightest one counts:

- one device: its consequence weight times the harm that is still to be expected stays below `device_max`;
- all that were permitted recently: the sum of that stays in `budget`, in weighted devices;
- each facet: those that got it recently are at most `growth` times those that have aged, and a few to begin with;
- a redundancy group: never more than half, until the patched half has aged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Pace:
    """`budget` and `device_max` in weighted devices. `recent`: as long as an installation counts as recent, after that
    it has aged. `start_share` of a facet, at least `start_min`, may go before any has aged; `_high` are for facets of
    devices that cost much. `reserve_share` of the devices is kept until `reserve_until` after the release, so that
    there is somebody to compare with. `group_aged`: when half of a redundancy group has aged."""

    budget: float
    device_max: float
    recent: timedelta = timedelta(hours=24)
    growth: float = 10.0
    growth_high: float = 4.0
    start_min: int = 8
    start_min_high: int = 6
    start_share: float = 0.01
    reserve_share: float = 0.05
    reserve_until: timedelta = timedelta(days=7)
    group_aged: timedelta = timedelta(hours=96)


PACES: Mapping[str, Pace] = {
    "careful": Pace(budget=3.0, device_max=0.5),
    "standard": Pace(budget=6.0, device_max=0.5),
    "fast": Pace(budget=12.0, device_max=1.0),
    "exploited": Pace(budget=20.0, device_max=1.0, reserve_share=0.0, group_aged=timedelta(hours=24)),
}
HIGH_WEIGHT = 8.0


@dataclass(frozen=True)
class FacetCount:
    """Devices of a facet: how many there are, how many got the patch recently (or are about to), and how many have had
    it for longer. `high`: their mean consequence weight is HIGH_WEIGHT or more."""

    size: int
    recent: int
    aged: int
    high: bool


def facet_room(count: FacetCount, pace: Pace) -> int:
    """How many more devices of the facet may get it now."""
    growth = pace.growth_high if count.high else pace.growth
    least = pace.start_min_high if count.high else pace.start_min
    start = max(least, int(pace.start_share * count.size))
    return max(0, max(start, int(growth * count.aged)) - count.recent)


def group_room(size: int, patched: int, youngest: timedelta | None, pace: Pace) -> int:
    """How many more of a redundancy group of this size. `youngest`: since when its latest installation; None: none."""
    half = max(1, size // 2)
    if patched == 0 or youngest is None:
        return half
    if patched < half:
        return half - patched
    return size - patched if youngest >= pace.group_aged else 0
