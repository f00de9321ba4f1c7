"""The simulated fleet: every machine of the roster with its agent, in one event loop."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations

import httpx

from patchring.core.clock import Clock
from patchring.sim.catalogue import UPDATES, SimUpdate
from patchring.sim.clocks import DeviceClock
from patchring.sim.device import SimDevice
from patchring.sim.faults import FaultRates, Faults
from patchring.sim.link import Link, pinned_context
from patchring.sim.machine import Machine
from patchring.sim.roster import SimTenant
from patchring.wire.signing import SigningKey
from patchring.wire.token import EnrolmentToken

AGENT_VERSION = "0.1.0+sim"
CONNECTIONS_MAX = 40
ENROLMENTS_AT_ONCE = 8


@dataclass(frozen=True)
class FleetSettings:
    """`speed`: how much faster the devices' boot clocks run. `seed`: the same one gives the same faults and paces."""

    agents_url: str
    speed: float = 6.0
    seed: int = 1
    rates: FaultRates = field(default_factory=FaultRates)


class Fleet:
    """`async with Fleet(...) as fleet:` then enrol, and let live; what is left running ends with the block."""

    def __init__(self, settings: FleetSettings, clock: Clock) -> None:
        self.devices: dict[str, SimDevice] = {}
        self._settings = settings
        self._clock = clock
        self._http: httpx.AsyncClient | None = None
        self._lives: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Fleet":
        return self

    async def __aexit__(self, *_: object) -> None:
        for life in self._lives:
            life.cancel()
        for life in self._lives:
            with suppress(asyncio.CancelledError):
                await life
        if self._http is not None:
            await self._http.aclose()

    async def enrol(self, tenant: SimTenant, token: str) -> Mapping[str, str]:
        """Every machine of a tenant gets its place; the ids by name. Raises Unanswered, Rejected, ServerNotTrusted."""
        parsed = EnrolmentToken.parse(token)
        if self._http is None:
            self._http = await self._connect(parsed.server)
        gate = asyncio.Semaphore(ENROLMENTS_AT_ONCE)
        made = [self._device(place.name, tenant) for place in tenant.places]

        async def one(device: SimDevice) -> None:
            async with gate:
                await device.enrol(token, parsed.root)

        await asyncio.gather(*[one(device) for device in made])
        self.devices |= {device.name: device for device in made}
        return {device.name: device.device_id for device in made}

    def start(self, names: Iterable[str]) -> None:
        """Let these devices live from now on."""
        for name in names:
            self._lives.append(asyncio.create_task(self.devices[name].live(), name=f"device {name}"))

    def publish(self, update: SimUpdate) -> int:
        """The vendor publishes an update: machines it is meant for see it with their next check-in. How many."""
        meant = [device for device in self.devices.values() if device.machine.meant_for([update])]
        for device in meant:
            device.machine.publish(update)
        return len(meant)

    def all_scanned(self) -> bool:
        """Whether the server has acknowledged a scan of every device."""
        return all(device.disk.kept.acknowledged_digest for device in self.devices.values())

    def having(self, update: SimUpdate) -> list[str]:
        """The machines on which the version after the update is installed, by name."""
        return [d.name for d in self.devices.values() if d.machine.installed.get(update.product) == update.after]

    def begun_forward(self, update: SimUpdate) -> list[int]:
        """When installations of the update began, the way back left out, in milliseconds of wall time."""
        found = [each for device in self.devices.values() for each in device.machine.begun]
        wanted = (update.product, update.after)
        return sorted(each.at_ms for each in found if (each.product, each.version) == wanted)

    def down_together(self) -> list[tuple[str, str]]:
        """Pairs of one redundancy group that were down at the same time: there should never be one."""
        groups: dict[tuple[str, str], list[SimDevice]] = {}
        for device in self.devices.values():
            if device.machine.place.redundancy:
                prefix = device.name.split("-")[0]
                groups.setdefault((prefix, device.machine.place.redundancy), []).append(device)
        pairs = [pair for members in groups.values() for pair in combinations(members, 2)]
        return [(a.name, b.name) for a, b in pairs if _overlap(a.machine, b.machine)]

    def unhealthy(self) -> list[str]:
        """The machines on which a service is down, by name."""
        return [device.name for device in self.devices.values() if device.machine.stopped]

    def failed_lives(self) -> list[BaseException]:
        """What ended a device's life though nobody ended it: bugs of the simulator."""
        ended = [life for life in self._lives if life.done() and not life.cancelled()]
        return [error for error in (life.exception() for life in ended) if error is not None]

    async def _connect(self, fingerprint: str) -> httpx.AsyncClient:
        verify = await pinned_context(self._settings.agents_url, fingerprint)
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
        return httpx.AsyncClient(base_url=self._settings.agents_url, verify=verify, limits=limits, trust_env=False)

    def _device(self, name: str, tenant: SimTenant) -> SimDevice:
        assert self._http is not None, "the fleet connects before it has devices"
        place = next(place for place in tenant.places if place.name == name)
        machine = Machine(place, AGENT_VERSION)
        machine.prepare(UPDATES)
        faults = Faults(self._settings.rates, self._settings.seed, name)
        clock = DeviceClock(self._clock, self._settings.speed)
        link = Link(self._http, SigningKey.generate(), faults, clock.wall_ms)
        return SimDevice(machine, link, clock, faults)


def _overlap(one: Machine, other: Machine) -> bool:
    return any(a.from_ms < b.to_ms and b.from_ms < a.to_ms for a in one.downs for b in other.downs)
