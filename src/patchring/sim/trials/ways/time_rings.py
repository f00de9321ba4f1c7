"""Rings by time with a human, after Windows Autopatch: test, first, fast and broad at fixed days; no result is asked
for. A person looks at the tickets in working hours and pauses; the pause takes hours to reach the devices.
"""

from collections import deque
from dataclasses import dataclass

from patchring.sim.trials.engine import TICKET, Hour
from patchring.sim.trials.ways.staged import Staged
from patchring.sim.trials.world import World, office

SHARES = (0.01, 0.09, 0.30, 0.60)
# Where so few lack the patch, nobody thinks of a pause any more.
NOTHING_LEFT = 0.05


@dataclass(frozen=True)
class TimeRings:
    """`days` when each ring opens. The person stops when tickets of patched devices in a day are over `tickets_min` and
    over `factor` times what as many devices usually bring, or bring without the patch on that day; it takes `pause_h`
    until the devices hear of it."""

    days: tuple[float, ...] = (0.0, 1.0, 5.0, 10.0)
    tickets_min: int = 8
    factor: float = 2.0
    pause_h: int = 8

    def make(self, world: World) -> "TimeRingsRun":
        return TimeRingsRun(world, self)


class TimeRingsRun(Staged):
    def __init__(self, world: World, rule: TimeRings) -> None:
        super().__init__(world, SHARES)
        self.rule = rule
        self.tickets: deque[int] = deque(maxlen=24)
        self.others: deque[float] = deque(maxlen=24)
        self.usual = float(world.rates[:, TICKET].mean())
        self.noticed_at: int | None = None

    def watch(self, hour: Hour) -> None:
        self.tickets.append(int((hour.first_signal == TICKET).sum()))
        self.others.append(int((hour.control_signal == TICKET).sum()) / max(1, int((~self.has).sum())))

    def halt(self, hour: Hour) -> str:
        left = float((~self.has).mean())
        if self.noticed_at is None and office(0, hour.at) and left > NOTHING_LEFT:
            came, expected = sum(self.tickets), max(self.usual, sum(self.others)) * float(self.has.sum())
            if came >= self.rule.tickets_min and came > self.rule.factor * expected:
                self.noticed_at = hour.at
        if self.noticed_at is None or hour.at < self.noticed_at + self.rule.pause_h:
            return ""
        return "a person paused it after the tickets of a day"

    def next_stage(self, hour: Hour) -> bool:
        return hour.at >= self.rule.days[self.current + 1] * 24


def grid() -> list[TimeRings]:
    return [TimeRings(tickets_min=least, factor=factor) for least in (8, 16, 32) for factor in (2.0, 3.0, 5.0)]
