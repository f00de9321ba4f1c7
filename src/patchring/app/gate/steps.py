"""From what a tenant saw since its last look to one step of evidence for each signal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patchring.app.gate.sums import Sums
from patchring.core.gate.counting import in_step
from patchring.core.gate.expectation import Control, Past, daily_rate, expected
from patchring.core.gate.onset import matured
from patchring.core.gate.priors import USUAL_FAILING, kind_past
from patchring.core.gate.sequential import Step
from patchring.core.gate.signals import RULES, Signal

NOTHING_POOLED: Mapping[str, Any] = {"days": 0.0, "tried": 0, "matured": [0.0, 0.0, 0.0], "events": {}, "unread": {}}
# An event that comes with no time gone by since the last look took a second of its device.
SECOND_H = 1 / 3600


@dataclass(frozen=True)
class Grown:
    """What is new of one signal: its step, and how many devices more it is unread on."""

    step: Step
    unread: int

    @property
    def nothing(self) -> bool:
        return self.step == Step(0, 0.0, (0.0, 0.0, 0.0)) and self.unread == 0


def grown(signal: Signal, sums: Sums, pooled: Mapping[str, Any], controls: Mapping[Signal, Control]) -> Grown:
    """`pooled`: what `as_kept` gave at the last look, or NOTHING_POOLED."""
    events = in_step(max(0, sums.events.get(signal, 0) - int(pooled["events"].get(signal.value, 0))), signal)
    unread = sums.unread.get(signal, 0) - int(pooled["unread"].get(signal.value, 0))
    margin = 1 + RULES[signal].margin
    if signal is Signal.INSTALL_FAILURE:
        tried = max(0, sums.tried - int(pooled["tried"]))
        return Grown(Step(events, tried * USUAL_FAILING * margin, (float(tried), 0.0, 0.0)), unread)
    days, parts = _exposed(sums, pooled, events)
    usual = daily_rate(Past(0.0, 0.0), kind_past(signal, Past(0.0, 0.0)))
    mean = expected(days, usual, controls.get(signal, Control(0.0, 0.0))) * margin
    return Grown(Step(events, mean, parts), unread)


def _exposed(sums: Sums, pooled: Mapping[str, Any], events: int) -> tuple[float, tuple[float, float, float]]:
    days = max(0.0, sums.days - float(pooled["days"]))
    first, second, third = (
        max(0.0, now - float(was)) for now, was in zip(sums.matured, pooled["matured"], strict=True)
    )
    if events and days == 0.0:
        least = matured([(0.0, SECOND_H, events)])
        return events * SECOND_H / 24, least
    return days, (first, second, third)
