"""The gate's bookkeeping for a whole simulated fleet: what each facet and signal showed, and what was to be expected.

Columns do the adding up; whether something is held is asked of core, with the same evidence that the server keeps. A
step without events only shrinks every likelihood ratio by a sum, so steps are folded when somebody has to know.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patchring.core.gate.counting import TENANT_MAX, in_step
from patchring.core.gate.expectation import PSEUDO_EVENTS, RATE_MIN, RATIO_MAX, RATIO_MIN, SHRINK_DAYS
from patchring.core.gate.hold import EXCESS_MIN, Watched
from patchring.core.gate.hold import hold as core_hold
from patchring.core.gate.sequential import ONSETS_H, Evidence, Step
from patchring.core.gate.signals import RULES, Signal
from patchring.core.reason import Reason
from patchring.sim.trials.engine import INSTALL_FAILURE, Hour
from patchring.sim.trials.fleet import FACET_KINDS, Floats, Ints
from patchring.sim.trials.kinds import ROLES, SIGNALS
from patchring.sim.trials.world import HISTORY_DAYS, NEVER, World, level

# How long back devices without the patch are compared: a day for what is steady, two hours for an outage.
CONTROL_HOURS, OUTAGE_HOURS = 24, 2
BUMP_HOURS = 24
# What harmless patches bring on their first day, as a share of a day's usual noise: learned from those before.
USUAL_BUMP = 0.5
USUAL_FAILING = 0.02
TENANT = FACET_KINDS.index("tenant")
EVERYBODY = 0
# What a site that is down looks like: a tenant by itself is not judged by it, for it may have no control left.
SITE_SIGNALS = {SIGNALS.index(signal) for signal in (Signal.MISSING_HEARTBEAT, Signal.FAILED_LOGON)}
_MARGINS = np.array([RULES[signal].margin for signal in SIGNALS])


@dataclass
class Pair:
    """Evidence of one facet and signal up to the last fold, and the steps with events since."""

    evidence: Evidence = field(default_factory=Evidence)
    steps: list[tuple[int, float, Floats, float, Floats]] = field(default_factory=list)
    folded_expected: float = 0.0
    folded_matured: Any = 0.0
    tenants: set[int] = field(default_factory=set)
    events: int = 0


class Watch:
    """Fed hour by hour. `size`: devices by facet."""

    def __init__(self, world: World) -> None:
        fleet = self.fleet = world.fleet
        zones, self.zone = np.unique(fleet.zone, return_inverse=True)
        self.zones = [int(each) for each in zones]
        self.rates = _shrunk(world)
        facets, signals = len(fleet.facets), len(SIGNALS)
        self.shape = (facets, len(self.zones), signals)
        self.size = np.bincount(fleet.member.ravel(), minlength=facets)
        self.total = self._sums(np.arange(fleet.size, dtype=np.int32))
        self.has, self.at_risk, self.young = (np.zeros(self.shape) for _ in range(3))
        self.installed = np.zeros((world.scenario.hours, facets), dtype=np.int32)
        self.in_window = np.zeros((facets, len(ONSETS_H)))
        self.matured = np.zeros((facets, len(ONSETS_H)))
        self.expected = np.zeros((facets, signals))
        self.counts = np.zeros((facets, signals), dtype=np.int32)
        self.tried = np.zeros(facets)
        self.pairs: defaultdict[tuple[int, int], Pair] = defaultdict(Pair)
        self.tenant_count = np.array([len(np.unique(fleet.tenant[fleet.member[:, k] == f])) if k != TENANT else 1
                                      for f, k in enumerate(fleet.facet_kind)])  # fmt: skip
        self._control: deque[tuple[Floats, Floats]] = deque()
        self._seen, self._usual = np.zeros((facets, signals)), np.zeros((facets, signals))
        self._recent: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
        self._young: deque[tuple[int, Floats]] = deque()
        self._since = np.full(fleet.size, NEVER, dtype=np.int32)
        self._hours = world.scenario.hours

    def look(self, hour: Hour, silent: Any) -> Iterator[tuple[int, int, Pair]]:
        """Adds the hour. Gives the pairs of facet and signal that could be held now. `silent` (n): devices whose events
        are explained already, because their facet is held."""
        self._moved(hour)
        levels = np.array([level(hour.at, zone) for zone in self.zones])[:, None] / 24
        ratio = self._ratio(hour, levels)
        usual = ((self.at_risk + USUAL_BUMP * self.young) * levels).sum(axis=1)
        expected = usual * ratio * (1 + _MARGINS)
        dues = self.in_window / [closes - opens for opens, closes in ONSETS_H]
        tried = self._counts_of(hour.tried)
        expected[:, INSTALL_FAILURE] = tried * USUAL_FAILING * (1 + _MARGINS[INSTALL_FAILURE])
        touched = self._add(hour, expected, dues, tried, silent)
        self.expected += expected
        self.matured += dues
        self.tried += tried
        for facet, signal in touched:
            pair, rule = self.pairs[facet, signal], RULES[SIGNALS[signal]]
            if pair.events >= rule.count_min and pair.events > EXCESS_MIN * self.expected[facet, signal]:
                yield facet, signal, pair

    def held(self, facet: int, signal: int, pair: Pair, budget: float, words: str) -> Reason | None:
        """Core's answer for a pair that `look` gave."""
        installed = int((self._since < NEVER)[self.fleet.member[:, self.fleet.facet_kind[facet]] == facet].sum())
        watched = Watched(
            facet=words,
            signal=SIGNALS[signal],
            evidence=self._folded(facet, signal, pair),
            installed=max(installed, pair.events),
            left=int(self.size[facet]) - installed,
            tenants=len(pair.tenants),
            tenant_count=int(self.tenant_count[facet]),
        )
        found = core_hold(watched, budget)
        return found.reason if found else None

    def as_of_now(self, facet: int, signal: int) -> Evidence:
        """With the quiet hours since the last event: what looked bad and did not go on is forgiven."""
        pair = self.pairs[facet, signal]
        evidence = self._folded(facet, signal, pair)
        now = np.array([self.tried[facet], 0.0, 0.0]) if signal == INSTALL_FAILURE else self.matured[facet]
        quiet = np.maximum(0.0, now - pair.folded_matured)
        return evidence.after(
            Step(0, max(0.0, float(self.expected[facet, signal]) - pair.folded_expected), _three(quiet))
        )

    def _folded(self, facet: int, signal: int, pair: Pair) -> Evidence:
        evidence = pair.evidence
        for events, expected, dues, before_expected, before_matured in pair.steps:
            quiet_expected = max(0.0, before_expected - pair.folded_expected)
            quiet = np.maximum(0.0, before_matured - pair.folded_matured)
            evidence = evidence.after(Step(0, quiet_expected, _three(quiet)))
            evidence = evidence.after(Step(events, expected, _three(dues)))
            pair.folded_expected = before_expected + expected
            pair.folded_matured = before_matured + dues
        pair.steps.clear()
        pair.evidence = evidence
        return evidence

    def _add(self, hour: Hour, expected: Floats, dues: Floats, tried: Floats, silent: Any) -> set[tuple[int, int]]:
        """Events that count, by facet and signal; at most a few of a tenant a day, but for the tenant's own facet."""
        came: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        device = np.concatenate([hour.first_device, hour.failed])
        signal = np.concatenate([hour.first_signal, np.full(len(hour.failed), INSTALL_FAILURE, dtype=np.int32)])
        self._no_longer_at_risk(hour)
        for each, number in zip(device.tolist(), signal.tolist(), strict=True):
            if silent[each]:
                continue
            tenant = int(self.fleet.tenant[each])
            facets = self.fleet.member[each].tolist()
            if number not in SITE_SIGNALS:
                came[facets[TENANT], number].append(tenant)
            if self._admits(tenant, number, hour.at):
                for facet in facets[:TENANT]:
                    came[facet, number].append(tenant)
        for (facet, number), tenants in came.items():
            pair = self.pairs[facet, number]
            count = in_step(len(tenants), SIGNALS[number])
            due = np.array([tried[facet], 0.0, 0.0]) if number == INSTALL_FAILURE else dues[facet].copy()
            before = (
                np.array([self.tried[facet], 0.0, 0.0]) if number == INSTALL_FAILURE else self.matured[facet].copy()
            )
            mean = float(expected[facet, number])
            pair.steps.append((count, mean, due, float(self.expected[facet, number]), before))
            pair.events += count
            pair.tenants.update(tenants)
        return set(came)

    def _admits(self, tenant: int, signal: int, at: int) -> bool:
        recent = self._recent[tenant, signal]
        while recent and recent[0] <= at - 24:
            recent.popleft()
        if len(recent) >= TENANT_MAX:
            return False
        recent.append(at)
        return True

    def _moved(self, hour: Hour) -> None:
        """Devices that got the patch in the hour before, and those that gave it back."""
        at = hour.at
        if len(hour.gone):
            for device in hour.gone.tolist():
                self._forget(device, at)
        if at and len(hour.installed):
            new = self._sums(hour.installed)
            self.has += new
            self.at_risk += new
            self.young += new
            self._young.append((at + BUMP_HOURS, new))
            self.installed[at - 1] = self._counts_of(hour.installed)
            self._since[hour.installed] = at - 1
        while self._young and self._young[0][0] <= at:
            self.young -= self._young.popleft()[1]
        for number, (opens, closes) in enumerate(ONSETS_H):
            if (begin := at - 1 - int(opens)) >= 0:
                self.in_window[:, number] += self.installed[begin]
            if (end := at - 1 - int(closes)) >= 0:
                self.in_window[:, number] -= self.installed[end]
        np.maximum(self.at_risk, 0, out=self.at_risk)
        np.maximum(self.young, 0, out=self.young)

    def _forget(self, device: int, at: int) -> None:
        since, facets, zone = int(self._since[device]), self.fleet.member[device], self.zone[device]
        if since == NEVER:
            return
        self._since[device] = NEVER
        self.installed[since, facets] -= 1
        self.has[facets, zone] -= self.rates[device]
        self.at_risk[facets, zone] -= self.rates[device]
        for number, (opens, closes) in enumerate(ONSETS_H):
            if int(opens) + 2 <= at - since < int(closes) + 2:  # as the windows stood an hour ago
                self.in_window[facets, number] -= 1

    def _no_longer_at_risk(self, hour: Hour) -> None:
        if len(hour.first_device):
            members = self.fleet.member[hour.first_device]
            zones = np.repeat(self.zone[hour.first_device], members.shape[1])
            rates = self.rates[hour.first_device, hour.first_signal]
            signals = np.repeat(hour.first_signal, members.shape[1])
            np.subtract.at(self.at_risk, (members.ravel(), zones, signals), np.repeat(rates, members.shape[1]))

    def _ratio(self, hour: Hour, levels: Floats) -> Floats:
        """How much worse than usual the last day is for those without the patch, by facet and signal."""
        seen = np.zeros_like(self._seen)
        members = self.fleet.member[hour.control_device]
        signals = np.repeat(hour.control_signal, members.shape[1])
        np.add.at(seen, (members.ravel(), signals), 1.0)
        usual = (np.maximum(0.0, self.total - self.has) * levels).sum(axis=1)
        self._control.append((seen, usual))
        self._seen += seen
        self._usual += usual
        if len(self._control) > CONTROL_HOURS:
            old_seen, old_usual = self._control.popleft()
            self._seen -= old_seen
            self._usual -= old_usual
        last = list(self._control)[-OUTAGE_HOURS:]
        now = _ratio(sum(seen for seen, _ in last), sum(usual for _, usual in last))
        return np.maximum(_ratio(self._seen, self._usual), np.maximum(now, now[EVERYBODY]))

    def _sums(self, devices: Ints) -> Floats:
        found = np.zeros(self.shape)
        members = self.fleet.member[devices]
        zones = np.repeat(self.zone[devices], members.shape[1])
        np.add.at(found, (members.ravel(), zones), np.repeat(self.rates[devices], members.shape[1], axis=0))
        return found

    def _counts_of(self, devices: Ints) -> Any:
        return np.bincount(self.fleet.member[devices].ravel(), minlength=self.shape[0])


def _ratio(seen: Any, usual: Any) -> Floats:
    """Core's `Control.ratio`, for all facets and signals at once."""
    ratio: Floats = np.clip((seen + PSEUDO_EVENTS) / (np.maximum(0.0, usual) + PSEUDO_EVENTS), RATIO_MIN, RATIO_MAX)
    return ratio


def _shrunk(world: World) -> Floats:
    """What the history of a device lets expect a day, drawn to its role (core's `daily_rate`, for all at once)."""
    usual = np.zeros((len(ROLES), len(SIGNALS)))
    for role in range(len(ROLES)):
        of_role = world.fleet.role == role
        if of_role.any():
            usual[role] = world.history[of_role].mean(axis=0) / HISTORY_DAYS
    rates = (world.history + usual[world.fleet.role] * SHRINK_DAYS) / (HISTORY_DAYS + SHRINK_DAYS)
    rates = np.maximum(RATE_MIN, rates)
    rates[:, INSTALL_FAILURE] = 0.0
    shrunk: Floats = rates
    return shrunk


def _three(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
