"""What one facet showed by one signal: hours with events, and core's evidence of them, folded when it is asked for.

A quiet hour only shrinks every likelihood ratio by its part, so quiet hours add up to one step, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from patchring.core.gate.counting import in_step
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import Signal
from patchring.sim.trials.fleet import Bools, Floats


@dataclass(frozen=True, eq=False)
class Seen:
    """An hour with events. `devices` and their `tenants`; what was `expected` in it and the parts of the windows that
    were spent in it (`due`); both added up over all hours before."""

    devices: Sequence[int]
    tenants: Sequence[int]
    expected: float
    due: Floats
    expected_before: float
    due_before: Floats


@dataclass
class Pair:
    """`seen` in the order of time; those before `folded` are in `evidence`."""

    signal: Signal
    seen: list[Seen] = field(default_factory=list)
    events: int = 0
    tenants: set[int] = field(default_factory=set)
    folded: int = 0
    evidence: Evidence = field(default_factory=Evidence)
    _expected: float = 0.0
    _due: Any = 0.0

    def add(self, seen: Seen) -> None:
        self.seen.append(seen)
        self.events += in_step(len(seen.devices), self.signal)
        self.tenants.update(seen.tenants)

    def fold(self) -> Evidence:
        """With every hour that had events."""
        for seen in self.seen[self.folded :]:
            quiet = self._quiet(seen.expected_before, seen.due_before)
            step = Step(in_step(len(seen.devices), self.signal), seen.expected, _three(seen.due))
            self.evidence = self.evidence.after(quiet).after(step)
            self._expected, self._due = seen.expected_before + seen.expected, seen.due_before + seen.due
        self.folded = len(self.seen)
        return self.evidence

    def as_of(self, expected: float, due: Floats) -> Evidence:
        """With the quiet hours since the last event: what looked bad and did not go on is forgiven."""
        return self.fold().after(self._quiet(expected, due))

    def without(self, devices: Bools) -> "Pair":
        """As if nothing had been seen of these devices: they are explained by something else."""
        left = Pair(self.signal)
        for seen in self.seen:
            keep = [number for number, device in enumerate(seen.devices) if not devices[device]]
            if keep:
                some = replace(seen, devices=[seen.devices[n] for n in keep], tenants=[seen.tenants[n] for n in keep])
                left.add(some)
        return left

    def touches(self, devices: Bools) -> bool:
        return any(devices[device] for seen in self.seen for device in seen.devices)

    def _quiet(self, expected: float, due: Floats) -> Step:
        return Step(0, max(0.0, expected - self._expected), _three(np.maximum(0.0, due - self._due)))


def _three(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
