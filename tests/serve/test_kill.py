"""kill -9 of anything at any moment: what was answered is kept, nothing is granted or installed twice, everything comes
back by itself, and in the end no process is left."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchring.serve.postgres.leftovers import processes_in
from patchring.sim.catalogue import FRAMEWORK
from tests.serve.hardship import PROCESSES, TENANT, Hardship, alive, family_of, free_ports, hardship, until

pytestmark = pytest.mark.anyio

SEED = 20261123
PAUSE_S = 1.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the account of the database can get into; real disk, since what was answered has to be on it."""
    folder = Path(tempfile.mkdtemp(prefix="patchring-kill-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


async def test_whatever_is_killed_nothing_answered_is_lost_and_nothing_happens_twice(home: Path) -> None:
    others = set(family_of(os.getpid()))  # what this process runs anyhow, such as the other tests' database
    async with hardship(home, SEED) as world:
        before, chance = {name: world.pid(name) for name in PROCESSES}, random.Random(SEED)
        await _kill_each(world, chance)
        await until(lambda: len(world.told.permits) > 1, "permits are granted")
        await _kill_each(world, chance)
        await until(world.are_all_verified, "the patch is verified on every device", 90)
        await until(lambda: not _unsettled(world), f"every permit is settled: {_unsettled(world)}")
        assert [life for life in world.lives if life.done()] == []
        pids = {name: world.pid(name) for name in PROCESSES}
        assert None not in pids.values()
        assert all(pids[name] != before[name] for name in PROCESSES)
        _nothing_lost(world)
        _nothing_twice(world)
        assert world.broken_links() == []
        left = sorted(set(family_of(os.getpid())) - others)
        assert set(pids.values()) <= set(left)
    assert alive(left, home) == []


async def _kill_each(world: Hardship, chance: random.Random) -> None:
    """Every process once, in random order and at random moments."""
    for name in chance.sample(PROCESSES, len(PROCESSES)):
        await asyncio.sleep(chance.random() * 2 * PAUSE_S)
        await world.kill(name)


def _unsettled(world: Hardship) -> list[dict[str, object]]:
    return world.rows("select permit_id, granted_at, started_at from patchring.permit where settled_at is null")


def _nothing_lost(world: Hardship) -> None:
    """Every report that a device has a receipt for is there, and every permit that it was handed."""
    reports = {str(row["report_id"]) for row in world.rows("select report_id from patchring.report")}
    permits = {str(row["permit_id"]) for row in world.rows("select permit_id from patchring.permit")}
    assert len(world.told.receipts) > 3 * len(TENANT.places)
    assert world.told.receipts - reports == set()
    assert set(world.told.permits) - permits == set()


def _nothing_twice(world: Hardship) -> None:
    """One device for each machine; never two live permits of a device; each installation begun once."""
    assert world.number("select count(*) from patchring.device") == len(TENANT.places)
    overlaps = """
    select one.permit_id from patchring.permit one join patchring.permit other on other.tenant_id = one.tenant_id
      and other.device_id = one.device_id and other.permit_id <> one.permit_id
      and other.granted_at >= one.granted_at and other.granted_at < one.settled_at
    """
    assert world.rows(overlaps) == []
    started = "select action_id from patchring.permit where started_at is not null group by 1 having count(*) > 1"
    assert world.rows(started) == []
    assert world.rows("select slot_key from patchring.slot where in_flight <> 0") == []
    assert world.rows("select permit_id from patchring.permit_slot") == []
    begun = Counter((device.name, each.product) for device in world.devices for each in device.machine.begun)
    assert begun == {(place.name, FRAMEWORK.product): 1 for place in TENANT.places}


def test_kill_of_the_parent_leaves_no_process_behind(home: Path) -> None:
    """The whole family goes with it, the database by a clean stop, and the next start finds nothing in its way."""
    people, agents = free_ports(2)
    ports = ["--people-port", str(people), "--agents-port", str(agents)]
    command = [sys.executable, "-m", "patchring.cli.main", "up", "--home", str(home), *ports]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as parent:
            assert parent.stdout is not None
            said = parent.stdout.readline()
            assert said.startswith("Page:"), said
            family = family_of(parent.pid)
            assert len(family) >= 5
            assert processes_in(home / "postgres" / "data") != []
            parent.send_signal(signal.SIGKILL)
        end = time.monotonic() + 40
        while alive(family, home) and time.monotonic() < end:
            time.sleep(0.05)
        assert alive(family, home) == []
