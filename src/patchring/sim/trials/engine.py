"""The hours of a trial: what happens is told to a way of letting the patch out, and what it asks for is done.

A way sees what an operator would: events that devices report, installations that failed, who is on. It never sees the
defect. What it holds is taken back from the devices that have it, when they are next on.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import numpy as np

from patchring.core.gate.signals import Signal
from patchring.sim.trials.fleet import Bools, Ints
from patchring.sim.trials.kinds import SIGNALS
from patchring.sim.trials.world import NEVER, World, local_time

INSTALL_FAILURE = SIGNALS.index(Signal.INSTALL_FAILURE)
TICKET = SIGNALS.index(Signal.TICKET)
# People call some hours after it broke.
TICKET_DELAY_H = 4
RETRY_AFTER_H = 24
ATTEMPTS_MAX = 3
# From the hold to the moment when the first devices have the prior version again.
TAKEN_BACK_AFTER_H = 2
# From the vendor's word that a patch is bad to the moment when a person has stopped it everywhere.
PERSON_READS_AFTER_H = 12
WINDOW_BEGINS, WINDOW_ENDS = 22, 5


@dataclass(frozen=True, eq=False)
class Hour:
    """What is known in hour `at`. `open`: devices that may be asked now: on, in their window, without the patch, not
    held and not just failed. `first_device`, `first_signal`: first events after the installation, for each device and
    signal once. `control_device`, `control_signal`: events of devices that do not have the patch. `installed`: devices
    that got it in the hour before, `gone`: those that lost it. `tried`, `failed`: installations of the hour before."""

    at: int
    online: Bools
    open: Bools
    first_device: Ints
    first_signal: Ints
    control_device: Ints
    control_signal: Ints
    installed: Ints
    gone: Ints
    tried: Ints
    failed: Ints


@dataclass(frozen=True, eq=False)
class Hold:
    """`devices`: who is not asked any more, and gives the patch back. `facet` in words; `reason`: one sentence."""

    facet: str
    devices: Bools
    reason: str
    tenant_only: bool = False


@dataclass(frozen=True, eq=False)
class Orders:
    """What a way asks for in one hour. `permits`: numbers of open devices."""

    permits: Ints
    holds: tuple[Hold, ...] = ()


class Way(Protocol):
    """A way of letting a patch out. Made anew for each trial. `stage` (n): the ring or group of each device, as the way
    sorts them, from 0."""

    stage: Ints

    def look(self, hour: Hour) -> Orders: ...


@dataclass(eq=False)
class Course:
    """How it went, device by device. Hours; NEVER: not."""

    installed_at: Ints
    first_installed_at: Ints
    broken_at: Ints
    broken_now: Bools
    held: Bools
    holds: list[tuple[int, Hold]] = field(default_factory=list)
    permits: int = 0
    failed: int = 0
    stopped_by_person_at: int | None = None


_NONE = np.empty(0, dtype=np.int32)


def hours(count: int) -> timedelta:
    return timedelta(hours=count)


def run(world: World, way: Way) -> Course:
    """The whole trial. The same world and way give the same course."""
    return _Run(world).through(way)


class _Run:
    def __init__(self, world: World) -> None:
        n = world.fleet.size
        self.world = world
        self.course = Course(_never(n), _never(n), _never(n), _flags(n), _flags(n))
        self.seen = np.zeros((n, len(SIGNALS)), dtype=np.bool_)
        self.wanted_back_at = np.full(n, NEVER, dtype=np.int32)
        self.retry_at = np.zeros(n, dtype=np.int32)
        self.attempts = np.zeros(n, dtype=np.int32)
        hours = world.scenario.hours + 1
        self.breaks: list[list[Ints]] = [[] for _ in range(hours)]
        self.events: list[list[tuple[Ints, int]]] = [[] for _ in range(hours)]
        clients = ~world.fleet.server & (world.fleet.ends - world.fleet.starts < 24)
        self.any_time = clients
        self.last = (_NONE, _NONE, _NONE)

    def through(self, way: Way) -> Course:
        for at in range(self.world.scenario.hours):
            online = self.world.online(at)
            self._break(at)
            gone = self._take_back(at, online)
            first, control = self._events(at)
            installed, tried, failed = self.last
            hour = Hour(at, online, self._open(at, online), *first, *control, installed, gone, tried, failed)
            orders = way.look(hour)
            self._hold(at, orders)
            self._stop_by_person(at)
            self._install(at, orders.permits)
        return self.course

    def _open(self, at: int, online: Bools) -> Bools:
        local, _, _ = local_time(self.world.fleet, at)
        in_window = self.any_time | (local >= WINDOW_BEGINS) | (local < WINDOW_ENDS)
        course = self.course
        free: Bools = (course.installed_at == NEVER) & ~course.held & (self.retry_at <= at)
        return online & in_window & free

    def _break(self, at: int) -> None:
        for devices in self.breaks[at]:
            still = devices[self.course.installed_at[devices] + self.world.breaks_after[devices] == at]
            self.course.broken_at[still] = np.minimum(self.course.broken_at[still], at)
            self.course.broken_now[still] = True

    def _take_back(self, at: int, online: Bools) -> Ints:
        """A device that broke may not be on: somebody goes there."""
        course = self.course
        due = (self.wanted_back_at <= at) & (course.installed_at < NEVER) & (online | course.broken_now)
        gone = np.flatnonzero(due).astype(np.int32)
        course.installed_at[gone] = NEVER
        course.broken_now[gone] &= ~self.world.repaired[gone]
        self.seen[gone] = False
        return gone

    def _events(self, at: int) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """First events of devices that have the patch, and events of those that do not."""
        all_of = self.world.background
        rows = slice(int(all_of.first[at]), int(all_of.first[at + 1]))
        device, signal = all_of.device[rows], all_of.signal[rows]
        for devices, number in self.events[at]:
            still = devices[self.course.installed_at[devices] < NEVER]
            device = np.concatenate([device, still])
            signal = np.concatenate([signal, np.full(len(still), number, dtype=np.int32)])
        has = self.course.installed_at[device] < NEVER
        control = device[~has], signal[~has]
        device, signal = device[has], signal[has]
        new = ~self.seen[device, signal]
        key = np.unique(device[new].astype(np.int64) * len(SIGNALS) + signal[new])
        first = (key // len(SIGNALS)).astype(np.int32), (key % len(SIGNALS)).astype(np.int32)
        self.seen[first] = True
        return first, control

    def _hold(self, at: int, orders: Orders) -> None:
        for hold in orders.holds:
            self.course.holds.append((at, hold))
            self._stop(hold.devices, at)

    def _stop(self, devices: Bools, at: int) -> None:
        self.course.held |= devices
        self.wanted_back_at[devices] = np.minimum(self.wanted_back_at[devices], at + TAKEN_BACK_AFTER_H)

    def _stop_by_person(self, at: int) -> None:
        """Whatever a way sees or not: some day the vendor says so, and somebody reads it."""
        confirmed = self.world.scenario.patch.confirmed_h
        if confirmed is not None and at == int(confirmed) + PERSON_READS_AFTER_H:
            self.course.stopped_by_person_at = at
            self._stop(np.ones_like(self.course.held), at)

    def _install(self, at: int, permits: Ints) -> None:
        permits = permits[~self.course.held[permits]]
        draws = self.world.failing[permits, np.minimum(self.attempts[permits], ATTEMPTS_MAX - 1)]
        bad = (draws < self.world.scenario.patch.failing) | self._breaks_the_installation(permits)
        failed, installed = permits[bad], permits[~bad]
        self.attempts[permits] += 1
        self.retry_at[failed] = np.where(self.attempts[failed] < ATTEMPTS_MAX, at + RETRY_AFTER_H, NEVER)
        course = self.course
        course.permits += len(permits)
        course.failed += len(failed)
        course.installed_at[installed] = at
        course.first_installed_at[installed] = np.minimum(course.first_installed_at[installed], at)
        self._will_happen(at, installed)
        self.last = (installed, permits, failed)

    def _breaks_the_installation(self, devices: Ints) -> Bools:
        """A defect that shows by an installation that fails does so at once, and leaves the device as it was."""
        breaks = self.world.breaks_after[devices] < NEVER
        shows: Bools = self.world.shows[devices, INSTALL_FAILURE]
        return breaks & shows

    def _will_happen(self, at: int, devices: Ints) -> None:
        """Puts down when these devices will break and what they will show."""
        hit = devices[self.world.breaks_after[devices] < NEVER]
        after = self.world.breaks_after[hit]
        for when in np.unique(after):
            self._put_down(self.breaks, at + int(when), hit[after == when])
        for number in range(len(SIGNALS)):
            shown = self.world.shows[hit, number]
            delay = after + (TICKET_DELAY_H if number == TICKET else 0)
            self._events_at(at, hit[shown], number, delay[shown])
            bump = self.world.bumps[devices, number]
            self._events_at(at, devices[bump < NEVER], number, 1 + bump[bump < NEVER])

    def _events_at(self, at: int, devices: Ints, signal: int, after: Ints) -> None:
        for when in np.unique(after):
            hour = at + int(when)
            if hour < len(self.events):
                self.events[hour].append((devices[after == when], signal))

    def _put_down(self, hours: list[list[Ints]], hour: int, devices: Ints) -> None:
        if hour < len(hours):
            hours[hour].append(devices)


def _flags(n: int) -> Bools:
    return np.zeros(n, dtype=np.bool_)


def _never(n: int) -> Ints:
    return np.full(n, NEVER, dtype=np.int32)
