"""What the others that stage have in common: groups of devices, one after the other, and a halt of everything."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from patchring.sim.trials.engine import Hold, Hour, Orders
from patchring.sim.trials.fleet import Ints
from patchring.sim.trials.kinds import SIGNALS
from patchring.sim.trials.world import NEVER, World


class Staged(ABC):
    """`shares` of the fleet by stage; servers and sensitive systems last, as administrators sort them."""

    def __init__(self, world: World, shares: Sequence[float], servers_last: bool = True) -> None:
        self.world, self.fleet = world, world.fleet
        rng = np.random.default_rng([world.seed, 41])
        careful = self.fleet.server | self.fleet.sensitive if servers_last else np.zeros(self.fleet.size, dtype=bool)
        order = np.lexsort((rng.random(self.fleet.size), careful))
        bounds = np.round(np.cumsum(shares) / sum(shares) * self.fleet.size).astype(int)
        self.stage: Ints = np.empty(self.fleet.size, dtype=np.int32)
        self.stage[order] = np.searchsorted(bounds, np.arange(self.fleet.size), side="right")
        self.current = 0
        self.halted = False
        self.has = np.zeros(self.fleet.size, dtype=np.bool_)
        self.since = np.full(self.fleet.size, NEVER, dtype=np.int32)
        self.fired = np.zeros((self.fleet.size, len(SIGNALS)), dtype=np.bool_)
        self.tried, self.failed = 0, 0
        self.opened_at = [0]

    def look(self, hour: Hour) -> Orders:
        self.has[hour.installed], self.has[hour.gone] = True, False
        self.since[hour.installed] = hour.at - 1
        self.fired[hour.first_device, hour.first_signal] = True
        self.tried += len(hour.tried)
        self.failed += len(hour.failed)
        self.watch(hour)
        if self.halted:
            return Orders(np.empty(0, dtype=np.int32))
        why = self.halt(hour)
        if why:
            self.halted = True
            return Orders(np.empty(0, dtype=np.int32), (Hold("all", np.ones_like(self.has), why),))
        if self.current < int(self.stage.max()) and self.next_stage(hour):
            self.current += 1
            self.opened_at.append(hour.at)
        return Orders(np.flatnonzero(hour.open & (self.stage <= self.current)).astype(np.int32))

    def in_stage(self, number: int) -> Ints:
        return np.flatnonzero(self.stage == number)

    @abstractmethod
    def watch(self, hour: Hour) -> None:
        """What else the way keeps of an hour."""

    @abstractmethod
    def halt(self, hour: Hour) -> str:
        """Why it stops now; empty: it does not."""

    @abstractmethod
    def next_stage(self, hour: Hour) -> bool: ...
