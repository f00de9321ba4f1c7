"""The gate's bookkeeping for a whole simulated fleet: what each facet and signal showed, and what was to be expected.

Columns do the adding up; whether something is held is asked of core, with the same evidence that the server keeps.
"""

from collections import defaultdict, deque
from typing import Any

import numpy as np

from patchring.core.gate.counting import TENANT_MAX
from patchring.core.gate.expectation import (
    CONTROL_SHARE_MIN,
    OUTAGE_PSEUDO_EVENTS,
    PSEUDO_EVENTS,
    RATE_MIN,
    RATIO_MAX,
    RATIO_MIN,
    SHRINK_DAYS,
    Past,
)
from patchring.core.gate.hold import EXCESS_MIN, Watched
from patchring.core.gate.hold import Hold as CoreHold
from patchring.core.gate.hold import hold as core_hold
from patchring.core.gate.priors import USUAL_FAILING, kind_past
from patchring.core.gate.sequential import ONSETS_H, Evidence
from patchring.core.gate.signals import RULES, Signal
from patchring.sim.trials.engine import INSTALL_FAILURE, Hour
from patchring.sim.trials.fleet import FACET_KINDS, Bools, Floats, Ints, TrialFleet
from patchring.sim.trials.kinds import ROLES, SIGNALS
from patchring.sim.trials.pairs import Pair, Seen
from patchring.sim.trials.world import NEVER, World, level

# How long back devices without the patch are compared: a day for what is steady, two hours for an outage.
CONTROL_HOURS, OUTAGE_HOURS = 24, 2
BUMP_HOURS = 24
# What harmless patches bring on their first day, as a share of a day's usual noise: learned from those before.
USUAL_BUMP = 0.5
TENANT = FACET_KINDS.index("tenant")
EVERYBODY = 0
# What a site that is down looks like: a tenant by itself is not judged by it, for it may have no control left.
SITE_SIGNALS = {SIGNALS.index(signal) for signal in (Signal.MISSING_HEARTBEAT, Signal.FAILED_LOGON)}
# What an outage anywhere brings: it counts only while there is somebody to compare with.
COMPARED_SIGNALS = SITE_SIGNALS | {SIGNALS.index(signal) for signal in (Signal.TICKET, Signal.PERFORMANCE)}
_MARGINS = np.array([RULES[signal].margin for signal in SIGNALS])


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
        self.tried = np.zeros(facets)
        self.pairs: dict[tuple[int, int], Pair] = {}
        self.tenant_count = _tenant_counts(fleet)
        self._control: deque[tuple[Floats, Floats]] = deque()
        self._seen, self._usual = np.zeros((facets, signals)), np.zeros((facets, signals))
        self._recent: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
        self._young: deque[tuple[int, Floats]] = deque()
        self._since = np.full(fleet.size, NEVER, dtype=np.int32)

    def look(self, hour: Hour, silent: Bools) -> list[tuple[int, int]]:
        """Adds the hour. Gives the facets and signals that could be held now. `silent` (n): devices whose events are
        explained already, because their facet is held."""
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
        return [key for key in sorted(touched) if self._may_be_held(*key)]

    def _may_be_held(self, facet: int, signal: int) -> bool:
        """What core asks first; nothing else is worth folding for."""
        events = self.pairs[facet, signal].events
        enough = events >= RULES[SIGNALS[signal]].count_min
        return enough and events > EXCESS_MIN * float(self.expected[facet, signal])

    def held(self, facet: int, signal: int, budget: float) -> CoreHold | None:
        """Core's answer for one of those that `look` gave."""
        if not self._may_be_held(facet, signal):
            return None
        pair, installed = self.pairs[facet, signal], self.installed_now(facet)
        watched = Watched(
            facet=self.fleet.facets[facet],
            signal=SIGNALS[signal],
            evidence=pair.fold(),
            installed=max(installed, pair.events),
            left=int(self.size[facet]) - installed,
            tenants=len(pair.tenants),
            tenant_count=int(self.tenant_count[facet]),
            everybody=facet == EVERYBODY,
        )
        return core_hold(watched, budget)

    def failing_share(self, facet: int, signal: int) -> float:
        """Of the devices of the facet that have the patch."""
        events = self.pairs[facet, signal].events
        return events / max(1, events, self.installed_now(facet))

    def installed_now(self, facet: int) -> int:
        has = self._since < NEVER
        return int(has[self.fleet.member[:, self.fleet.facet_kind[facet]] == facet].sum())

    def installed_at(self, device: int) -> int:
        """Hour; NEVER: it does not have the patch."""
        return int(self._since[device])

    def as_of_now(self, facet: int, signal: int) -> Evidence:
        return self.pairs[facet, signal].as_of(float(self.expected[facet, signal]), self._due_before(facet, signal))

    def explained(self, devices: Bools) -> None:
        """What these devices showed says nothing of other facets: theirs is held."""
        for key, pair in self.pairs.items():
            if pair.touches(devices):
                self.pairs[key] = pair.without(devices)

    def _due_before(self, facet: int, signal: int) -> Floats:
        """An installation fails at once: each one that was tried is due then, and never again."""
        if signal == INSTALL_FAILURE:
            return np.array([self.tried[facet], 0.0, 0.0])
        return self.matured[facet].copy()

    def _add(self, hour: Hour, expected: Floats, dues: Floats, tried: Floats, silent: Bools) -> set[tuple[int, int]]:
        """Events that count, by facet and signal; at most a few of a tenant a day, but for the tenant's own facet."""
        came: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        device = np.concatenate([hour.first_device, hour.failed])
        signal = np.concatenate([hour.first_signal, np.full(len(hour.failed), INSTALL_FAILURE, dtype=np.int32)])
        self._no_longer_at_risk(hour)
        alone = self.installed_now(EVERYBODY) > (1 - CONTROL_SHARE_MIN) * self.fleet.size
        for each, number in zip(device.tolist(), signal.tolist(), strict=True):
            if silent[each] or (alone and number in COMPARED_SIGNALS):
                continue
            facets = self.fleet.member[each].tolist()
            if number not in SITE_SIGNALS:
                came[facets[TENANT], number].append(each)
            if self._admits(int(self.fleet.tenant[each]), number, hour.at):
                for facet in facets[:TENANT]:
                    came[facet, number].append(each)
        for (facet, number), devices in came.items():
            due = np.array([tried[facet], 0.0, 0.0]) if number == INSTALL_FAILURE else dues[facet].copy()
            before = float(self.expected[facet, number]), self._due_before(facet, number)
            tenants = self.fleet.tenant[devices].tolist()
            self._pair(facet, number).add(Seen(devices, tenants, float(expected[facet, number]), due, *before))
        return set(came)

    def _pair(self, facet: int, signal: int) -> Pair:
        return self.pairs.setdefault((facet, signal), Pair(SIGNALS[signal]))

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
        seen_now = np.sum([seen for seen, _ in last], axis=0)
        usual_now = np.sum([usual for _, usual in last], axis=0)
        everywhere = _ratio(seen_now[EVERYBODY], usual_now[EVERYBODY], OUTAGE_PSEUDO_EVENTS)
        return np.maximum(_ratio(self._seen, self._usual), np.maximum(_ratio(seen_now, usual_now), everywhere))

    def _sums(self, devices: Ints) -> Floats:
        found = np.zeros(self.shape)
        members = self.fleet.member[devices]
        zones = np.repeat(self.zone[devices], members.shape[1])
        np.add.at(found, (members.ravel(), zones), np.repeat(self.rates[devices], members.shape[1], axis=0))
        return found

    def _counts_of(self, devices: Ints) -> Any:
        return np.bincount(self.fleet.member[devices].ravel(), minlength=self.shape[0])


def _tenant_counts(fleet: TrialFleet) -> Ints:
    """How many tenants have devices of each facet."""
    pairs = np.unique(fleet.member.astype(np.int64) * (int(fleet.tenant.max()) + 1) + fleet.tenant[:, None])
    return np.bincount(pairs // (int(fleet.tenant.max()) + 1), minlength=len(fleet.facets))


def _ratio(seen: Any, usual: Any, pseudo: float = PSEUDO_EVENTS) -> Floats:
    """Core's `Control.ratio`, for all facets and signals at once."""
    return np.clip((seen + pseudo) / (np.maximum(0.0, usual) + pseudo), RATIO_MIN, RATIO_MAX)


def _shrunk(world: World) -> Floats:
    """What the history of a device lets expect a day, drawn to its role (core's `daily_rate`, for all at once)."""
    usual = np.zeros((len(ROLES), len(SIGNALS)))
    for role in range(len(ROLES)):
        of_role = world.fleet.role == role
        days = float(of_role.sum()) * world.history_days
        events = world.history[of_role].sum(axis=0)
        for number, signal in enumerate(SIGNALS):
            seen = kind_past(signal, Past(float(events[number]), days))
            usual[role, number] = seen.events / seen.days
    rates = (world.history + usual[world.fleet.role] * SHRINK_DAYS) / (world.history_days + SHRINK_DAYS)
    rates = np.maximum(RATE_MIN, rates)
    rates[:, INSTALL_FAILURE] = 0.0
    shrunk: Floats = rates
    return shrunk
