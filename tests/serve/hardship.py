"""A whole server with a small fleet on the real wire, and what has to hold of it whatever was killed meanwhile."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from patchring.app.chain import broken_links
from patchring.cli.client import Client
from patchring.cli.demo_office import Office
from patchring.serve.clock import SystemClock
from patchring.serve.local import DATABASE_NAME, LocalServer
from patchring.serve.postgres.leftovers import processes_in
from patchring.serve.postgres.server import address_of
from patchring.serve.settings import Settings
from patchring.sim.catalogue import FRAMEWORK, SimUpdate
from patchring.sim.clocks import DeviceClock
from patchring.sim.device import SimDevice
from patchring.sim.faults import FaultRates, Faults
from patchring.sim.kinds import KINDS
from patchring.sim.link import Link, Unanswered, pinned_context
from patchring.sim.machine import Machine
from patchring.sim.roster import Place, SimTenant
from patchring.wire.messages import PermitAnswer, ReportsAnswer
from patchring.wire.signing import SigningKey
from patchring.wire.token import EnrolmentToken

SPEED = 8.0
RATES = FaultRates(answer_lost=0.02, agent_killed=0.005)
LATEST_START_S = 6.0
PROCESSES = ("web", "worker", "signer", "postgres")
POLICY = """
patchring: 1
title: Hardship
automation: automatic
expected_duration: 1m
rings:
  - {name: all, soak: {time: 1s, verified: 1}, growth: 4, at_once: 3}
windows:
  any time: {any_time: true}
segments:
  - {name: everything, ring: 0, window: any time, remedy: back}
approvals:
  - {name: security, when: {provider: windows_update, origin: Microsoft, classification: [security]}, decide: auto}
limits:
  tenant: 4
on_failure: {failed_max: 0, halt: patch}
remedies:
  back: {steps: [return_to_prior], scope: installed}
overrides:
  no_soak: {by: [Ada, Grace], reason: a test on simulated devices}
  single_ring: {by: [Ada, Grace], reason: a test on simulated devices}
"""
TENANT = SimTenant(
    slug="hardship",
    name="Hardship",
    kind="operator",
    site="Office",
    zone="Europe/Berlin",
    places=tuple(Place(f"HS-DESK-{n:02}", KINDS["workstation"]) for n in range(1, 13)),
)


@dataclass
class Told:
    """What devices were told and may rely on: reports taken, permits given."""

    receipts: set[str] = field(default_factory=set)
    permits: list[str] = field(default_factory=list)


class Witness(Link):
    """A device's way to the server that takes down what came through to the device."""

    told: Told

    async def ask(self, route: str, message: Any, shape: type[Any]) -> Any:
        answer = await super().ask(route, message, shape)
        if isinstance(answer, ReportsAnswer):
            self.told.receipts |= {r.report_id for r in answer.receipts if r.outcome in ("accepted", "repeated")}
        if isinstance(answer, PermitAnswer) and answer.permit is not None:
            self.told.permits.append(answer.permit.payload["permit_id"])
        return answer


@dataclass
class Hardship:
    """A running server, its devices, and a way to look behind its back."""

    server: LocalServer
    chance: random.Random
    devices: list[SimDevice] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    lives: list[asyncio.Task[None]] = field(default_factory=list)

    def pid(self, name: str) -> int | None:
        """The process of this name as it is now; None while it is down."""
        if name == "postgres":
            assert self.server._postgres is not None
            return self.server._postgres.pid
        process = self.server.family.children[name].process
        return process.pid if process is not None and process.returncode is None else None

    async def kill(self, name: str) -> None:
        """kill -9, as soon as there is something to kill."""
        await until(lambda: self.pid(name) is not None, f"{name} is there")
        pid = self.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """What the database says; raises psycopg.OperationalError while it is down."""
        address = make_conninfo(address_of(self.server.home / "postgres"), dbname=DATABASE_NAME)
        with psycopg.connect(address, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()

    def number(self, statement: str) -> int:
        return int(next(iter(self.rows(statement)[0].values())))

    def are_all_verified(self) -> bool:
        """Whether the patch is verified on every device; not while the database is down."""
        try:
            found = self.number("select count(*) from patchring.rollout_device where state = 'verified'")
        except psycopg.OperationalError:
            return False
        return found == len(TENANT.places)

    def publish(self, update: SimUpdate) -> None:
        for device in self.devices:
            device.machine.publish(update)

    def broken_links(self) -> list[int]:
        return broken_links(self.rows("select * from patchring.event order by seq"))


@contextlib.asynccontextmanager
async def hardship(home: Path, seed: int) -> AsyncIterator[Hardship]:
    """The server runs, and each device enrols and lives from some moment of the first seconds on."""
    people, agents = free_ports(2)
    ports = {"people_port": people, "agents_port": agents}
    settings = Settings(home, **ports, check_in_interval=8, check_in_interval_busy=3, feeds_fetched=False)
    async with LocalServer(settings) as server:
        world = Hardship(server, random.Random(seed))
        token = await asyncio.to_thread(_take_on, server)
        parsed = EnrolmentToken.parse(token)
        verify = await pinned_context(settings.agents_address, parsed.server)
        async with httpx.AsyncClient(base_url=settings.agents_address, verify=verify, trust_env=False) as http:
            for place in TENANT.places:
                world.devices.append(_device(world, http, place, seed))
            world.publish(FRAMEWORK)
            world.lives = [asyncio.create_task(_live(world, device, token)) for device in world.devices]
            try:
                yield world
            finally:
                for life in world.lives:
                    life.cancel()
                await asyncio.wait(world.lives)


def _take_on(server: LocalServer) -> str:
    folder = server.home / "policies"
    folder.mkdir()
    (folder / f"{TENANT.slug}.yaml").write_text(POLICY, encoding="utf-8")
    with contextlib.closing(Client(server.settings.people_address, server.operator_token)) as api:
        office = Office(api, server.home / "keys", folder)
        office.take_on(TENANT)
        return office.token(TENANT, len(TENANT.places))


def _device(world: Hardship, http: httpx.AsyncClient, place: Place, seed: int) -> SimDevice:
    machine = Machine(place, "0.1.0+sim")
    machine.prepare([FRAMEWORK])
    faults, clock = Faults(RATES, seed, place.name), DeviceClock(SystemClock(), SPEED)
    link = Witness(http, SigningKey.generate(), faults, clock.wall_ms)
    link.told = world.told
    return SimDevice(machine, link, clock, faults)


async def _live(world: Hardship, device: SimDevice, token: str) -> None:
    """Join as soon as the server lets it, then live on."""
    await asyncio.sleep(world.chance.random() * LATEST_START_S)
    while not device.device_id:
        try:
            await device.enrol(token, EnrolmentToken.parse(token).root)
        except Unanswered:
            await asyncio.sleep(0.2)
    await device.live()


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


async def until(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until something holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        await asyncio.sleep(0.1)


def family_of(pid: int) -> list[int]:
    """A process and everything below it, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def alive(pids: list[int], home: Path) -> list[int]:
    """Those of the processes that still run, and whoever works in the database's folder."""
    return sorted({pid for pid in pids if _runs(pid)} | set(processes_in(home / "postgres" / "data")))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
