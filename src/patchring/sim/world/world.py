"""One world from its beginning to its end: everything of the server and of the devices in one loop, under virtual time.

The faults last for `FAULTS_FOR`; then people clear up, and everything has to come to an end by itself.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from patchring.app.permits.office import PermitOffice
from patchring.app.services import Services
from patchring.app.work import Work
from patchring.app.worker import handlers, rollout
from patchring.app.worker.claim import DueItem, claim
from patchring.app.worker.loop import Handler, Worker
from patchring.core.rollout.states import IN_FLIGHT, DeviceState, RolloutState
from patchring.sim.device import SimDevice
from patchring.sim.world.breaking import BreakingDatabase, ProcessDied
from patchring.sim.world.device import device_of
from patchring.sim.world.faults import WorldFaults, WorldRates
from patchring.sim.world.ground import GroundTenant, Tables, lay_tenant
from patchring.sim.world.link import Door
from patchring.sim.world.people import People
from patchring.sim.world.scenario import Scenario
from patchring.sim.world.virtual import VirtualLoop, WorldClock
from patchring.store.database import Database
from patchring.store.errors import StoreError
from patchring.wire.signing import SigningKey

HOUR_S = 3_600.0
FAULTS_FOR_S = 6 * HOUR_S
END_S = 7 * 24 * HOUR_S
LOOK_S = HOUR_S / 2
# Seldomer than in life: most looks find nothing new, and cost most of a world's time.
LOOK_AGAIN = timedelta(minutes=15)
CHECK_IN_S, CHECK_IN_BUSY_S = 3_600, 600
CLAIMED_AT_ONCE = 8
IDLE_S = 20.0
ENDED = frozenset({RolloutState.COMPLETED, RolloutState.ROLLED_BACK, RolloutState.ABANDONED})


async def _nothing(work: Work, item: DueItem) -> None:
    """What findings, the catalogue and the gate would do: a world has no feeds, and the gate has tests of its own."""


async def _look_at_rollout(work: Work, item: DueItem) -> None:
    await rollout.handle(work, item, look_again=LOOK_AGAIN)


HANDLERS: Mapping[str, Handler] = {
    **handlers.HANDLERS,
    "rollout": Handler(_look_at_rollout),
    **dict.fromkeys(("gate", "finding", "catalogue"), Handler(_nothing)),
}


@dataclass
class World:
    """`tables` looks behind the back of all roles."""

    scenario: Scenario
    tables: Tables
    clock: WorldClock
    faults: WorldFaults
    tenants: list[GroundTenant]
    devices: list[SimDevice]
    door: Door
    people: People
    worker: Worker
    database: Database
    stirred: asyncio.Event

    @property
    def loop_s(self) -> float:
        return asyncio.get_running_loop().time()


def build(
    scenario: Scenario,
    database: Any,
    tables: Tables,
    rates: WorldRates,
) -> World:
    """Everything in its place; nothing runs yet. Call it inside the loop."""
    clock, faults = WorldClock(asyncio.get_running_loop()), WorldFaults(rates, scenario.seed)
    stirred = asyncio.Event()
    breaking = cast(Database, BreakingDatabase(database, faults, stirred.set))
    permit_key = SigningKey.from_seed(scenario.seed.to_bytes(32, "big"))
    tenants = [lay_tenant(tables, told, permit_key, scenario.seed, clock.now()) for told in scenario.tenants]
    office = PermitOffice(breaking, clock, permit_key)
    services = Services(
        breaking,
        clock,
        office,
        bytes(32),
        check_in_interval=CHECK_IN_S,
        check_in_interval_busy=CHECK_IN_BUSY_S,
    )
    door = Door(services)
    devices = [
        device_of(ground, tenant.tenant_id, tenant.pinned_root, door, clock, faults)
        for tenant in tenants
        for ground in tenant.devices
    ]
    for device in devices:
        device.machine.prepare([patch.update for patch in scenario.patches])
    people = People(services, tables, faults)
    worker = Worker(breaking, clock, HANDLERS)
    return World(scenario, tables, clock, faults, tenants, devices, door, people, worker, breaking, stirred)


async def live(world: World) -> float:
    """Until everything has come to an end, or `END_S`; the virtual seconds that it took."""
    lives = [asyncio.create_task(_start(world, device)) for device in world.devices]
    lives += [asyncio.create_task(each) for each in (_work(world), _publish(world), _stop_things(world))]
    try:
        return await _until_the_end(world, lives)
    finally:
        rest = [*lives, *world.door.late]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


async def _until_the_end(world: World, lives: list[asyncio.Task[Any]]) -> float:
    await asyncio.sleep(FAULTS_FOR_S)
    world.faults.over()
    while world.door.late:
        await asyncio.wait(set(world.door.late))
    await world.people.clear_up()
    while world.loop_s < END_S:
        await asyncio.sleep(LOOK_S)
        for task in lives:
            if task.done() and (error := task.exception()) is not None:
                raise error
        if over(world):
            return world.loop_s
        await world.people.resume_failed()
    return world.loop_s


def over(world: World) -> bool:
    """Whether every patch has its rollouts, each of them came to its end or waits for a good reason, and nobody has
    anything left to say: a device that was suspended may be the last."""
    rollouts = world.tables.rows("rollout")
    enough = len({row["patch_id"] for row in rollouts}) >= len(world.scenario.patches)
    ended = enough and all(row["state"] in ENDED or waits_well(world.tables, row) for row in rollouts)
    return ended and _all_quiet(world)


def _all_quiet(world: World) -> bool:
    if any(device.disk.kept.journal or device.machine.half_done for device in world.devices):
        return False
    return all(row["processed_at"] is not None for row in world.tables.rows("report"))


def waits_well(tables: Tables, rollout: Mapping[str, Any]) -> bool:
    """Whether it says itself that somebody else has to act, and nothing of it is under way."""
    key = rollout["tenant_id"], rollout["rollout_id"]
    placed = [row for row in tables.rows("rollout_device") if (row["tenant_id"], row["rollout_id"]) == key]
    rings = [row for row in tables.rows("rollout_ring") if (row["tenant_id"], row["rollout_id"]) == key]
    said = {each["code"] for each in rollout["reasons"]}
    for ring in rings:
        said |= {each["code"] for each in ring["reasons"] if ring["state"] == "waiting" and not ring["device_count"]}
    still = _HELD_BY_STOPS if "stopped" in said else frozenset()
    under_way = any(row["state"] in IN_FLIGHT and row["state"] not in still for row in placed)
    return not under_way and bool(said & _FOR_OTHERS)


# A stop; a hold; what failed elsewhere, or has to be verified there first; and what nobody is left to verify.
_FOR_OTHERS = frozenset(
    {"stopped", "hold_incident", "failed_elsewhere", "verified_missing", "verified_out_of_reach", "ring_0_missing"}
)
# A stop keeps what is offered from beginning, also the restart after an installation.
_HELD_BY_STOPS = frozenset({DeviceState.OFFERED, DeviceState.REBOOT_PENDING})


async def _start(world: World, device: SimDevice) -> None:
    await asyncio.sleep(world.faults.between(0, 600))
    await device.live()


async def _publish(world: World) -> None:
    for patch in sorted(world.scenario.patches, key=lambda each: each.published_h):
        await _sleep_until(world, patch.published_h * HOUR_S)
        for device in world.devices:
            device.machine.publish(patch.update)


async def _stop_things(world: World) -> None:
    for at_h, what in world.scenario.halts:
        await _sleep_until(world, at_h * HOUR_S)
        await world.people.stop(what)


async def _sleep_until(world: World, at_s: float) -> None:
    await asyncio.sleep(max(0.0, at_s - world.loop_s))


async def _work(world: World) -> None:
    """The worker's loop: what is due, now and then; a process that died is started again and knows nothing."""
    while True:
        items: list[DueItem] = []
        with suppress(StoreError, ProcessDied):
            items = await claim(world.database, CLAIMED_AT_ONCE, world.clock.now())
        for item in items:
            with suppress(ProcessDied):
                await world.worker.do(item)
        if items:
            await asyncio.sleep(world.faults.between(0.05, 2.0))
        else:
            await _idle(world)


async def _idle(world: World) -> None:
    """Until a row is due, or the lease that a dead worker had on one has run out."""
    while (pause_s := _until_due_s(world)) > 0:
        world.stirred.clear()
        timer = asyncio.get_running_loop().call_later(pause_s, world.stirred.set)
        await world.stirred.wait()
        timer.cancel()
    await asyncio.sleep(world.faults.between(0.2, IDLE_S))


def _until_due_s(world: World) -> float:
    now = world.clock.now()
    due_at = (row["lease_until"] or row["wake_at"] for row in world.tables.rows("due"))
    soonest = min(due_at, default=now + timedelta(hours=1))
    return float(min(soonest - now, timedelta(hours=1)).total_seconds())


@contextmanager
def chance_of(seed: int) -> Iterator[None]:
    """All chance of this process from one seed: ids and nonces come from `secrets`, pauses from `random`."""
    drawn = random.Random(f"{seed}/entropy")  # noqa: S311 - chance for a simulation
    before = secrets.token_bytes, secrets.token_hex
    random.seed(seed)
    secrets.token_bytes = lambda count=None: drawn.randbytes(count or 32)  # type: ignore[assignment]
    secrets.token_hex = lambda count=None: drawn.randbytes(count or 32).hex()  # type: ignore[assignment]
    try:
        yield
    finally:
        secrets.token_bytes, secrets.token_hex = before


def run_world(seed: int, body: Callable[[VirtualLoop], Awaitable[Any]]) -> Any:
    """Run one world's coroutine in a loop of its own, with chance and time of its own."""
    loop = VirtualLoop()
    with chance_of(seed):
        try:
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(body(loop))
        finally:
            asyncio.set_event_loop(None)
            loop.close()
