"""What most do: everything at once, or after some days. Nothing is looked at; only the vendor's word stops it."""

from dataclasses import dataclass

import numpy as np

from patchring.sim.trials.engine import Hour, Orders
from patchring.sim.trials.fleet import Ints
from patchring.sim.trials.world import World


@dataclass(frozen=True)
class Defer:
    """Everything, `days` after the release; 0: at once. A device is asked when it is next on and in its window."""

    days: float = 0.0

    def make(self, world: World) -> "DeferRun":
        return DeferRun(world, self.days)


class DeferRun:
    def __init__(self, world: World, days: float) -> None:
        self.stage: Ints = np.zeros(world.fleet.size, dtype=np.int32)
        self.days = days

    def look(self, hour: Hour) -> Orders:
        begun = hour.at >= self.days * 24
        return Orders(np.flatnonzero(hour.open if begun else np.zeros_like(hour.open)).astype(np.int32))
