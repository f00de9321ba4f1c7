"""A canary judged once after a fixed window, after Kayenta: each stage waits, then compares its devices with as many
that do not have the patch, signal by signal, by the Mann-Whitney test. A signal that is worse by more than the level,
and by more than the increase that is allowed, stops it.
"""

import math
from dataclasses import dataclass

import numpy as np

from patchring.sim.trials.engine import Hour
from patchring.sim.trials.fleet import Floats, Ints
from patchring.sim.trials.kinds import SIGNALS
from patchring.sim.trials.ways.staged import Staged
from patchring.sim.trials.world import World

SHARES = (0.01, 0.04, 0.15, 0.30, 0.50)


@dataclass(frozen=True)
class FixedWindow:
    """`window_h` of every stage; `z_max`: so many standard deviations are too many; `increase_max`: and so many times
    the control's mean; `failed_share` of installations."""

    window_h: int = 24
    z_max: float = 4.0
    increase_max: float = 2.0
    failed_share: float = 0.15

    def make(self, world: World) -> "FixedWindowRun":
        return FixedWindowRun(world, self)


class FixedWindowRun(Staged):
    def __init__(self, world: World, rule: FixedWindow) -> None:
        super().__init__(world, SHARES)
        self.rule = rule
        shape = (self.fleet.size, len(SIGNALS))
        self.counts: Ints = np.zeros(shape, dtype=np.int32)
        self.judged = 0

    def watch(self, hour: Hour) -> None:
        """Counts of the window that runs, on both sides."""
        np.add.at(self.counts, (hour.first_device, hour.first_signal), 1)
        np.add.at(self.counts, (hour.control_device, hour.control_signal), 1)

    def halt(self, hour: Hour) -> str:
        if self.tried > 20 and self.failed > self.rule.failed_share * self.tried:
            return "too many installations failed"
        if not self._over(hour.at):
            return ""
        treated = self.counts[self.has & (self.stage == self.current)]
        control = self.counts[~self.has]
        self.counts[:] = 0
        self.judged += 1
        for number, signal in enumerate(SIGNALS):
            if self._worse(treated[:, number], control[:, number]):
                return f"{signal} is worse than in the control group"
        return ""

    def _worse(self, treated: Ints, control: Ints) -> bool:
        if not len(treated) or not len(control):
            return False
        if float(treated.mean()) <= self.rule.increase_max * max(float(control.mean()), 1.0 / len(control)):
            return False
        return _z(treated, control) > self.rule.z_max

    def _over(self, at: int) -> bool:
        """Every stage is judged once."""
        return at >= self.opened_at[-1] + self.rule.window_h and self.judged <= self.current

    def next_stage(self, hour: Hour) -> bool:
        return self.judged > self.current


def _z(treated: Floats, control: Floats) -> float:
    """The Mann-Whitney statistic in standard deviations, for counts with many ties: how much larger `treated` is."""
    values, which = np.unique(np.concatenate([treated, control]), return_inverse=True)
    if len(values) == 1:
        return 0.0
    sizes = np.bincount(which)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[which]
    n, m = len(treated), len(control)
    rank_sum = float(ranks[:n].sum())
    ties = float((sizes.astype(np.float64) ** 3 - sizes).sum())
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    return (rank_sum - n * (total + 1) / 2) / math.sqrt(variance) if variance > 0 else 0.0


def grid() -> list[FixedWindow]:
    return [
        FixedWindow(window_h=window, z_max=z, increase_max=increase)
        for window in (12, 18, 20, 24)
        for z in (4.0, 6.0, 10.0)
        for increase in (2.5, 4.0)
    ]
