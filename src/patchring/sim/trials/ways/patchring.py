"""Patchring's own way: rings and soak as the frame, evidence by facet that holds, room that grows as devices age.

Who is held is core's `hold`, how many go next is core's `promotion` and `harm`; here is only the counting for a fleet.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from patchring.core.gate.harm import harm_by_logs, harm_if_clean
from patchring.core.gate.hold import Hold, shares_of_budget
from patchring.core.gate.promotion import HIGH_WEIGHT, PACES, FacetCount, Pace, facet_room, group_room
from patchring.core.gate.signals import RULES, Signal
from patchring.core.gate.triggers import pause
from patchring.sim.trials import engine
from patchring.sim.trials.engine import Hour, Orders
from patchring.sim.trials.fleet import FACET_KINDS, Bools, Floats, Ints, TrialFleet
from patchring.sim.trials.kinds import ROLES, SIGNALS
from patchring.sim.trials.watch import TENANT, Watch
from patchring.sim.trials.world import NEVER, World

# How the chance that something is wrong is spread over the kinds of facets, in the order of FACET_KINDS.
KIND_SHARES = np.array([0.20, 0.20, 0.15, 0.12, 0.15, 0.18])
SAMPLE_PER_FACET = 15
CHUNK = 256
# A facet is held along with the one that fails most when its own share is at least so much of that one's.
ALIKE = 0.3
WEIGH_EVERY_H = 2


@dataclass(frozen=True)
class Frame:
    """The rings that people sign: hours that a ring soaks at least, counted from the hour when `soak_count` of its
    devices have the patch."""

    soaks_h: tuple[int, int, int] = (6, 24, 24)
    soak_count: tuple[int, int, int] = (5, 30, 10)


FRAME = Frame()


class Patchring:
    """One trial of our way. `pace`: a name of PACES; a patch that is exploited goes by `exploited`."""

    def __init__(self, world: World, pace: Pace, frame: Frame) -> None:
        self.world, self.fleet, self.pace, self.frame = world, world.fleet, pace, frame
        self.watch = Watch(world)
        rng = np.random.default_rng([world.seed, 37])
        self.stage: Ints = rings(world.fleet, rng)
        self.rank = np.lexsort((rng.random(self.fleet.size), self.fleet.weight, self.stage))
        self.reserve = rng.random(self.fleet.size) < pace.reserve_share
        self.budgets = _budgets(self.fleet)
        self.held = np.zeros(self.fleet.size, dtype=np.bool_)
        self.suspects: set[tuple[int, int]] = set()
        self.harm = np.full(len(self.fleet.facets), harm_if_clean((0.0, 0.0, 0.0)))
        self.high = _high(self.fleet)
        self.spent: deque[float] = deque()
        self.recent: deque[Ints] = deque()
        self.recent_count, self.aged = (np.zeros(len(self.fleet.facets), dtype=np.int64) for _ in range(2))
        self.opened: list[int | None] = [0, None, None, None]
        self.ring_count = np.zeros(5, dtype=np.int64)
        self.enough_at: dict[int, int] = {}
        self.groups = _Groups(self.fleet, pace)
        self.paused_until = np.zeros(len(ROLES), dtype=np.int64)

    def look(self, hour: Hour) -> Orders:
        self._count(hour)
        holds = tuple(self._holds(hour))
        return Orders(self._permits(hour), holds)

    def _count(self, hour: Hour) -> None:
        """Installations of the last hour are recent until they have aged."""
        self.recent.append(hour.installed)
        self.recent_count += self._by_facet(hour.installed)
        if len(self.recent) > self.pace.recent.total_seconds() / 3600:
            aged = self._by_facet(self.recent.popleft())
            self.recent_count -= aged
            self.aged += aged
            self.spent.popleft()
        self.ring_count += np.bincount(self.stage[hour.installed], minlength=5)
        self.groups.moved(hour)

    def _by_facet(self, devices: Ints) -> Ints:
        return np.bincount(self.fleet.member[devices].ravel(), minlength=len(self.fleet.facets))

    def _holds(self, hour: Hour) -> Iterator[engine.Hold]:
        """First the facet of whose patched devices the largest share fails, and with it those that explain it nearly as
        well: few events do not tell a role from the model that its devices happen to be. Then the others are asked
        again without what those devices showed, so that a defect of one role does not hold everything."""
        touched = self.watch.look(hour, self.held)
        self.suspects.update(touched)
        crossed = [key for key in touched if self._crossing(key)]
        while crossed:
            share = {key: self.watch.failing_share(*key) for key in crossed}
            alike = [key for key in crossed if share[key] >= ALIKE * max(share.values())]
            devices = np.zeros_like(self.held)
            for facet, signal in {facet: (facet, signal) for facet, signal in alike}.values():
                hold = self._crossing((facet, signal))
                assert hold is not None, "it crossed a moment ago"
                of_facet = self.fleet.member[:, self.fleet.facet_kind[facet]] == facet
                devices |= of_facet
                own = bool(self.fleet.facet_kind[facet] == TENANT)
                yield engine.Hold(self.fleet.facets[facet], of_facet, hold.reason.text, tenant_only=own)
            self.held |= devices
            self.watch.explained(devices)
            crossed = [key for key in crossed if key not in alike and self._crossing(key)]

    def _crossing(self, key: tuple[int, int]) -> Hold | None:
        facet, signal = key
        return self.watch.held(facet, signal, self.budgets[self.fleet.facets[facet], SIGNALS[signal]])

    def _permits(self, hour: Hour) -> Ints:
        self._open_rings(hour.at)
        open_rings = np.array([opened is not None for opened in (*self.opened, self.opened[3])])
        if self.opened[3] is not None and not self._canary_done(hour.at):
            open_rings[4] = False
        self._pause(hour)
        asked = hour.open & open_rings[self.stage] & ~self.held & (self.paused_until[self.fleet.role] <= hour.at)
        if hour.at < self.pace.reserve_until.total_seconds() / 3600:
            asked &= ~self.reserve
        candidates = self.rank[asked[self.rank]].astype(np.int32)
        if not len(candidates):
            self.spent.append(0.0)
            return candidates
        if hour.at % WEIGH_EVERY_H == 0:
            self._weigh()
        taken, cost = self._take(candidates, self.pace.budget - sum(self.spent), hour.at)
        self.spent.append(cost)
        return taken

    def _pause(self, hour: Hour) -> None:
        """Hard triggers, by role."""
        for device, number in zip(hour.first_device.tolist(), hour.first_signal.tolist(), strict=True):
            age = engine.hours(hour.at - self.watch.installed_at(device))
            if (lasts := pause(SIGNALS[number], float(self.fleet.weight[device]), age)) is not None:
                self.paused_until[self.fleet.role[device]] = hour.at + lasts.total_seconds() // 3600

    def _open_rings(self, at: int) -> None:
        """Ring n opens when enough of the ring before it have the patch for as long as that one soaks; the canaries of
        ring 3 go with ring 2, for no ring before can show what breaks servers."""
        for ring, (soak, needed) in enumerate(zip(self.frame.soaks_h, self.frame.soak_count, strict=True)):
            available = int((self.stage == ring).sum()) if ring < 2 else int((self.stage == 3).sum())
            if self.ring_count[ring if ring < 2 else 3] >= max(1, min(needed, available * 0.6)):
                self.enough_at.setdefault(ring, at)
            done = ring in self.enough_at and at >= self.enough_at[ring] + soak
            if ring < 2 and done and self.opened[ring + 1] is None:
                self.opened[ring + 1] = at
        if self.opened[2] is not None and self.opened[3] is None:
            self.opened[3] = at

    def _canary_done(self, at: int) -> bool:
        return 2 in self.enough_at and at >= self.enough_at[2] + self.frame.soaks_h[2]

    def _weigh(self) -> None:
        matured = self.watch.matured
        shared = np.flatnonzero(self.fleet.facet_kind != TENANT)
        for facet in shared.tolist():
            self.harm[facet] = harm_if_clean(matured[facet], float(self.aged[facet]))
        for facet, signal in sorted(self.suspects):
            evidence = self.watch.as_of_now(facet, signal)
            if evidence.log_e <= 0.0:
                self.suspects.discard((facet, signal))
                continue
            self.harm[facet] = max(self.harm[facet], harm_by_logs(evidence.logs, float(self.aged[facet])))

    def _take(self, candidates: Ints, budget: float, at: int) -> tuple[Ints, float]:
        """In their order, while the budget, every facet and the redundancy group have room."""
        room = self._rooms()
        taken: list[int] = []
        cost = 0.0
        for begin in range(0, len(candidates), CHUNK):
            some = candidates[begin : begin + CHUNK]
            members = self.fleet.member[some]
            costs = self.fleet.weight[some] * (self.harm[members[:, :TENANT]] @ KIND_SHARES)
            possible = (room[members].min(axis=1) > 0) & (costs <= min(self.pace.device_max, budget - cost))
            for place in np.flatnonzero(possible).tolist():
                device, facets = int(some[place]), members[place]
                if cost + costs[place] > budget or room[facets].min() <= 0 or not self.groups.takes(device, at):
                    continue
                room[facets] -= 1
                cost += float(costs[place])
                taken.append(device)
            if room[0] <= 0 or budget - cost < 1e-6:
                break
        return np.array(taken, dtype=np.int32), cost

    def _rooms(self) -> Ints:
        size, recent, aged = self.watch.size.tolist(), self.recent_count.tolist(), self.aged.tolist()
        return np.array(
            [
                facet_room(FacetCount(size[each], recent[each], aged[each], bool(self.high[each])), self.pace)
                for each in range(len(size))
            ]
        )


class _Groups:
    """Redundancy groups: how many of each have the patch, and since when its latest."""

    def __init__(self, fleet: TrialFleet, pace: Pace) -> None:
        count = int(fleet.group.max()) + 1
        self.group, self.pace = fleet.group, pace
        self.size = np.bincount(fleet.group[fleet.group >= 0], minlength=count)
        self.patched, self.latest = np.zeros(count, dtype=np.int64), np.full(count, NEVER, dtype=np.int64)
        self.asked: dict[int, int] = {}

    def moved(self, hour: Hour) -> None:
        for devices, change in ((hour.installed, 1), (hour.gone, -1)):
            for group in self.group[devices][self.group[devices] >= 0].tolist():
                self.patched[group] += change
                self.latest[group] = hour.at - 1 if change > 0 else self.latest[group]
        self.asked.clear()

    def takes(self, device: int, at: int) -> bool:
        group = int(self.group[device])
        if group < 0:
            return True
        youngest = engine.hours(at - int(self.latest[group])) if self.latest[group] < NEVER else None
        patched = int(self.patched[group])
        if group_room(int(self.size[group]), patched, youngest, self.pace) <= self.asked.get(group, 0):
            return False
        self.asked[group] = self.asked.get(group, 0) + 1
        return True


def rings(fleet: TrialFleet, rng: np.random.Generator) -> Ints:
    """0: the operator's own clients; 1: a sample of low-risk devices that covers every facet; 2: the rest of them; 3:
    the canaries of servers and sensitive systems, redundant ones first; 4: the other servers and sensitive systems."""
    careful = fleet.server | fleet.sensitive
    ring = np.where(careful, 4, 2).astype(np.int32)
    ring[fleet.internal & ~fleet.server] = 0
    ring[_sample(fleet, rng, (ring == 2), fleet.weight)] = 1
    alone_last = fleet.weight + 100.0 * (fleet.group < 0)
    ring[_sample(fleet, rng, (ring == 4), alone_last)] = 3
    return ring


def _sample(fleet: TrialFleet, rng: np.random.Generator, among: Bools, cost: Floats) -> list[int]:
    """Up to SAMPLE_PER_FACET of each facet, the cheapest first, no tenant twice for a facet where that can be."""
    order = np.lexsort((rng.random(fleet.size), cost))
    order = order[among[order]]
    wanted = np.full(len(fleet.facets), SAMPLE_PER_FACET)
    wanted[fleet.facet_kind == TENANT] = 0
    seen: set[tuple[int, int]] = set()
    found = []
    for device in order.tolist():
        facets, tenant = fleet.member[device, 1:TENANT].tolist(), int(fleet.tenant[device])
        useful = [facet for facet in facets if wanted[facet] > 0 and (facet, tenant) not in seen]
        if useful:
            found.append(device)
            wanted[facets] -= 1
            seen.update((facet, tenant) for facet in facets)
    return found


def _high(fleet: TrialFleet) -> Bools:
    places = fleet.member.ravel()
    total = np.bincount(places, weights=np.repeat(fleet.weight, fleet.member.shape[1]))
    high: Bools = total / np.maximum(1, np.bincount(places)) >= HIGH_WEIGHT
    return high & (fleet.facet_kind != TENANT)


KIND_BUDGET = {"all": 0.2, "role": 0.25, "build": 0.1, "model": 0.1, "app": 0.1, "role_build": 0.15, "tenant": 0.1}


def _budgets(fleet: TrialFleet) -> dict[tuple[str, Signal], float]:
    """The budget of false alarms by facet and signal: so much for each kind of facet, evenly within it."""
    sizes = np.bincount(fleet.facet_kind, minlength=len(FACET_KINDS))
    weights = {
        (name, signal): KIND_BUDGET[FACET_KINDS[kind]] / sizes[kind] * RULES[signal].weight
        for name, kind in zip(fleet.facets, fleet.facet_kind.tolist(), strict=True)
        for signal in SIGNALS
    }
    return shares_of_budget(weights)


@dataclass(frozen=True)
class Maker:
    """Our way at a pace of PACES, inside a frame; an exploited patch goes at its own pace, and soaks half as long."""

    pace: str
    frame: Frame = FRAME

    def __call__(self, world: World) -> Patchring:
        if world.scenario.patch.kev:
            first, second, third = (max(1, soak // 2) for soak in self.frame.soaks_h)
            return Patchring(world, PACES["exploited"], replace(self.frame, soaks_h=(first, second, third)))
        return Patchring(world, PACES[self.pace], self.frame)
