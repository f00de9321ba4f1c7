"""What happens in a trial whatever anybody decides: the noise of every day, outages, and what the patch would do to
each device once it is there. Drawn once for a scenario and seed, so that all ways of letting it out meet the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from patchring.core.gate.signals import Signal
from patchring.sim.trials.fleet import Bools, Floats, Ints, TrialFleet
from patchring.sim.trials.kinds import ROLES, SIGNALS, rate
from patchring.sim.trials.scenario import Defect, NoiseSpec, Scenario, Where

RELEASED_WEEKDAY, RELEASED_HOUR = 1, 18
# So much more noise people make in their working hours, and so much less the rest of the week; the mean is about 1.
OFFICE_LEVEL, REST_LEVEL = 2.2, 0.55
# Device, signal and hour of events.
Column3 = tuple[Ints, Ints, Ints]
NEVER = np.int32(1_000_000)
_SITE_DOWN = (Signal.MISSING_HEARTBEAT, Signal.FAILED_LOGON)
_CLOUD_DOWN = (Signal.FAILED_LOGON, Signal.TICKET, Signal.APP_CRASH)


@dataclass(frozen=True, eq=False)
class Events:
    """Sorted by hour; those of hour t are rows first[t] to first[t + 1]."""

    device: Ints
    signal: Ints
    first: Ints


@dataclass(frozen=True, eq=False)
class World:
    """`history` (n x signals): events of the `history_days` before. `background`: what happens without the patch.
    `on_days` (n x days): whether it is on at all. `breaks_after` (n): hours from the installation until the device
    breaks, NEVER for most; `shows` (n x signals): whether it shows by each signal then; `repaired`: whether taking the
    patch back helps. `bumps` (n x signals): hours after the installation of an event that only the restart made.
    `failing` (n x attempts): chances to compare with the share that fails."""

    scenario: Scenario
    seed: int
    fleet: TrialFleet
    rates: Floats
    history_days: int
    history: Ints
    background: Events
    on_days: Bools
    breaks_after: Ints
    shows: Bools
    repaired: Bools
    bumps: Ints
    failing: Floats

    @property
    def bad(self) -> bool:
        return bool((self.breaks_after < NEVER).any())

    def online(self, hour: int) -> Bools:
        """Devices that can be reached in this hour."""
        local, day, weekend = local_time(self.fleet, hour)
        there = (local >= self.fleet.starts) & (local < self.fleet.ends) & self.on_days[np.arange(len(local)), day]
        always = self.fleet.ends - self.fleet.starts == 24
        return there & (always | ~weekend)


def local_time(fleet: TrialFleet, hour: int) -> tuple[Ints, Ints, Bools]:
    """Hour of the day, day since the release, and whether it is a weekend, where each device is."""
    since = RELEASED_HOUR + hour + fleet.zone
    day = since // 24
    return (since % 24).astype(np.int32), day.astype(np.int32), (RELEASED_WEEKDAY + day) % 7 >= 5


def office(zone: int, hour: int) -> bool:
    """Whether people work in this zone in this hour after the release."""
    since = RELEASED_HOUR + hour + zone
    return 8 <= since % 24 < 18 and (RELEASED_WEEKDAY + since // 24) % 7 < 5


def make_world(scenario: Scenario, seed: int, fleet: TrialFleet) -> World:
    rng = np.random.default_rng([seed, 23])
    rates = _rates(rng, fleet, scenario.noise)
    breaks_after, shows, repaired = _defects(rng, fleet, scenario.patch.defects)
    days = scenario.hours // 24 + 3
    watched = scenario.fleet.history_days
    return World(
        scenario=scenario,
        seed=seed,
        fleet=fleet,
        rates=rates,
        history_days=watched,
        history=_history(rng, fleet, rates, scenario.noise, watched),
        background=_background(rng, fleet, rates, scenario),
        on_days=rng.random((fleet.size, days)) < fleet.on_share[:, None],
        breaks_after=breaks_after,
        shows=shows,
        repaired=repaired,
        bumps=_bumps(rng, rates, scenario.patch.bump),
        failing=rng.random((fleet.size, 3)),
    )


def _rates(rng: np.random.Generator, fleet: TrialFleet, noise: NoiseSpec) -> Floats:
    usual = np.array([[rate(role, signal) for signal in SIGNALS] for role in ROLES])[fleet.role]
    wild = rng.gamma(noise.spread, 1.0 / noise.spread, (fleet.size, len(SIGNALS)))
    per_tenant = rng.lognormal(0.0, 0.3, (int(fleet.tenant.max()) + 1, len(SIGNALS)))
    drawn: Floats = usual * wild * per_tenant[fleet.tenant] * noise.level
    return drawn


def level(hour: int, zone: int) -> float:
    """How much more than usual happens in this hour."""
    return OFFICE_LEVEL if office(zone, hour) else REST_LEVEL


def _background(rng: np.random.Generator, fleet: TrialFleet, rates: Floats, scenario: Scenario) -> Events:
    hours = scenario.hours
    found = [_daily(rng, fleet, rates, hours), *_outages(rng, fleet, scenario.noise, hours)]
    device, signal, at = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.argsort(at, kind="stable")
    first = np.searchsorted(at[order], np.arange(hours + 1))
    return Events(device[order].astype(np.int32), signal[order].astype(np.int32), first.astype(np.int32))


def _history(rng: np.random.Generator, fleet: TrialFleet, rates: Floats, noise: NoiseSpec, days: int) -> Ints:
    """What was seen before the patch, outages included."""
    seen = rng.poisson(rates * days)
    for device, signal, _ in _outages(rng, fleet, noise, days * 24):
        np.add.at(seen, (device, signal), 1)
    return seen.astype(np.int32)


def _outages(rng: np.random.Generator, fleet: TrialFleet, noise: NoiseSpec, hours: int) -> list[Column3]:
    found = []
    for _ in range(rng.poisson(noise.site_outages * fleet.tenant.max() / 100 * hours / 168)):
        where = np.flatnonzero(fleet.tenant == rng.integers(0, fleet.tenant.max() + 1))
        found.append(_outage(rng, where, _SITE_DOWN, 0.6, int(rng.integers(1, 8)), hours))
    for _ in range(rng.poisson(noise.cloud_outages * hours / 672)):
        found.append(_outage(rng, np.arange(fleet.size), _CLOUD_DOWN, 0.03, int(rng.integers(2, 10)), hours))
    return found


def _daily(rng: np.random.Generator, fleet: TrialFleet, rates: Floats, hours: int) -> Column3:
    """Devices by their rates, hours by how much goes on in them where the device is."""
    counts = rng.poisson(rates * hours / 24)
    device, signal = np.nonzero(counts)
    times = counts[device, signal]
    device, signal = np.repeat(device, times), np.repeat(signal, times)
    at = np.empty(len(device), dtype=np.int32)
    for zone in np.unique(fleet.zone):
        here = np.flatnonzero(fleet.zone[device] == zone)
        chances = np.array([level(hour, int(zone)) for hour in range(hours)])
        at[here] = rng.choice(hours, len(here), p=chances / chances.sum())
    return device.astype(np.int32), signal.astype(np.int32), at


def _outage(
    rng: np.random.Generator, where: Ints, signals: tuple[Signal, ...], share: float, lasts: int, hours: int
) -> Column3:
    begins = rng.integers(0, hours)
    device, signal = np.nonzero(rng.random((len(where), len(signals))) < share)
    at = np.minimum(begins + rng.integers(0, lasts, len(device)), hours - 1)
    numbers = np.array([SIGNALS.index(each) for each in signals])
    return where[device].astype(np.int32), numbers[signal].astype(np.int32), at.astype(np.int32)


def _bumps(rng: np.random.Generator, rates: Floats, bump: float) -> Ints:
    """An event within a day of the restart, as often as so much of a day's usual noise."""
    happens = rng.random(rates.shape) < rates * bump
    return np.where(happens, rng.integers(0, 24, rates.shape), NEVER).astype(np.int32)


def _defects(rng: np.random.Generator, fleet: TrialFleet, defects: Sequence[Defect]) -> tuple[Ints, Bools, Bools]:
    """The defect that comes first is the one that a device has."""
    breaks = np.full(fleet.size, NEVER, dtype=np.int32)
    shows = np.zeros((fleet.size, len(SIGNALS)), dtype=np.bool_)
    repaired = np.zeros(fleet.size, dtype=np.bool_)
    for defect in defects:
        chances = np.array([defect.signals.get(signal, 0.0) for signal in SIGNALS])
        drawn = defect.onset_h * rng.lognormal(0.0, defect.onset_spread, fleet.size)
        after = np.maximum(1, drawn).astype(np.int32)
        hit = there(fleet, defect.where) & (rng.random(fleet.size) < defect.share) & (after < breaks)
        breaks[hit] = after[hit]
        shows[hit] = (rng.random(shows.shape) < chances)[hit]
        repaired[hit] = (rng.random(fleet.size) < defect.reversible)[hit]
    return breaks, shows, repaired


def there(fleet: TrialFleet, where: Where) -> Bools:
    """Devices that have all that is named."""
    found = np.ones(fleet.size, dtype=np.bool_)
    for column in ("role", "build", "model", "app"):
        if name := getattr(where, column):
            found &= getattr(fleet, column) == fleet.names[column].index(name)
    return found if where.servers is None else found & (fleet.server == where.servers)
