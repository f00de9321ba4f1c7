"""Groups with a success and an error threshold, after hawkBit's rollouts: the next group begins when so large a share
of this one is done; everything stops when so large a share of this one failed.

As it ships, what failed is an installation, and both thresholds are a half. With our signals, what failed is a device
that showed any hard signal, more often than such devices usually do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patchring.core.gate.signals import RULES
from patchring.sim.trials.engine import INSTALL_FAILURE, Hour
from patchring.sim.trials.kinds import SIGNALS
from patchring.sim.trials.ways.staged import Staged
from patchring.sim.trials.world import World

SHARES = (0.01, 0.05, 0.14, 0.30, 0.50)
_HARD = np.array([not RULES[signal].soft and number != INSTALL_FAILURE for number, signal in enumerate(SIGNALS)])


@dataclass(frozen=True)
class Thresholds:
    """`success`: share of a group that has the patch before the next one begins, not before `soak_h` after the group
    began. `error`: share of the group's devices that failed. `signals`: whether our signals count; then the usual share
    in the same time is taken off, and fewer than `count_min` devices say nothing."""

    success: float = 0.5
    error: float = 0.5
    soak_h: int = 0
    signals: bool = False
    count_min: int = 3
    shares: Sequence[float] = SHARES

    def make(self, world: World) -> "ThresholdsRun":
        return ThresholdsRun(world, self)


class ThresholdsRun(Staged):
    def __init__(self, world: World, rule: Thresholds) -> None:
        super().__init__(world, rule.shares)
        self.rule = rule
        self.sizes = np.bincount(self.stage, minlength=len(rule.shares))
        self.tried_in, self.failed_in = np.zeros((2, len(rule.shares)))
        self.usual = world.rates[:, _HARD].sum(axis=1)

    def watch(self, hour: Hour) -> None:
        self.tried_in += np.bincount(self.stage[hour.tried], minlength=len(self.tried_in))
        self.failed_in += np.bincount(self.stage[hour.failed], minlength=len(self.failed_in))

    def halt(self, hour: Hour) -> str:
        for number in range(self.current + 1):
            if self._over(number, hour.at):
                return f"group {number + 1} is over its error threshold"
        return ""

    def _over(self, number: int, at: int) -> bool:
        if not self.rule.signals:
            return bool(self.failed_in[number] > self.rule.error * self.sizes[number])
        here = (self.stage == number) & self.has
        installed = int(here.sum())
        if not installed:
            return False
        failed = int(self.fired[here][:, _HARD].any(axis=1).sum()) + max(
            0.0, float(self.failed_in[number]) - 0.05 * float(self.tried_in[number])
        )
        expected = float((self.usual[here] * np.minimum(28.0, (at - self.since[here]) / 24)).sum())
        return bool(failed >= self.rule.count_min and failed - expected > self.rule.error * installed)

    def next_stage(self, hour: Hour) -> bool:
        here = self.stage == self.current
        done = (self.has & here).sum() >= self.rule.success * here.sum()
        return bool(done and hour.at >= self.opened_at[-1] + self.rule.soak_h)


def grid() -> list[Thresholds]:
    """With our signals: what may be tuned."""
    return [
        Thresholds(success=success, error=error, soak_h=soak, signals=True, count_min=least)
        for success in (0.5, 0.7)
        for error in (0.04, 0.08, 0.10, 0.12, 0.16)
        for soak in (12, 18, 20, 24)
        for least in (4,)
    ]
