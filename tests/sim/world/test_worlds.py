"""The whole system under faults: no rule is broken, and whoever takes a guard out is noticed."""

from collections import Counter
from typing import Any

import pytest

from patchring.sim.world.faults import Fault, WorldRates
from patchring.sim.world.memory import MemoryDatabase, MemoryTables
from patchring.sim.world.runs import DEVICES_MIN, run_one
from patchring.sim.world.scenario import scenario_of
from patchring.sim.world.virtual import VirtualLoop
from patchring.sim.world.world import build, live, run_world
from tests.databases import Cluster
from tests.sim.world.guards import GUARDS, Guard, caught_at
from tests.sim.world.lockstep import run_in_both
from tests.sim.world.postgres import run_on_postgres

SEEDS = range(1, 9)
# What once broke a rule, and what it was.
FOUND = {211: "a request that came late took a permit back that was in use, and left one that nobody used"}
# Noticed within a second or two.
QUICK = {"windows at the permit", "blackouts at the permit", "limits, at the permit and in the slots"}


@pytest.mark.parametrize("seed", [*SEEDS, *FOUND])
def test_nothing_is_broken_whatever_goes_wrong(seed: int) -> None:
    result = run_one(seed)
    assert result.broken == []
    assert result.devices >= DEVICES_MIN


def test_every_kind_of_fault_is_fired() -> None:
    fired: Counter[str] = Counter()
    for seed in SEEDS:
        fired.update(run_one(seed).faults)
    assert set(fired) == {fault.value for fault in Fault}


def test_the_same_seed_gives_the_same_world() -> None:
    assert _all_rows(3) == _all_rows(3)


def _all_rows(seed: int) -> dict[str, list[Any]]:
    tables = MemoryTables()

    async def body(loop: VirtualLoop) -> None:
        await live(build(scenario_of(seed), MemoryDatabase(tables), tables, WorldRates()))

    run_world(seed, body)
    return {name: tables.rows(name) for name in ("event", "permit", "report", "rollout_device", "denial")}


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(211, marks=pytest.mark.long)]
)
def test_the_store_in_memory_answers_as_postgresql_does(cluster: Cluster, seed: int) -> None:
    result, compared = run_in_both(cluster, seed)
    assert result.broken == []
    assert len(compared) > 80, "most statements of the rollout path have to be compared"


@pytest.mark.parametrize("seed", [4, pytest.param(5, marks=pytest.mark.long)])
def test_nothing_is_broken_on_postgresql(cluster: Cluster, seed: int) -> None:
    assert run_on_postgres(cluster, seed).broken == []


@pytest.mark.parametrize(
    "guard",
    [pytest.param(each, id=each.name, marks=() if each.name in QUICK else pytest.mark.long) for each in GUARDS],
)
def test_each_guard_that_is_taken_out_is_missed(guard: Guard) -> None:
    assert caught_at(guard, range(1, 200)) is not None
