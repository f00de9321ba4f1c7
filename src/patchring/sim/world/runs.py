"""Many worlds in memory on all cores, resumable by seed and version of the code."""

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import structlog

from patchring.sim.results import code_version, keep_result, read_results
from patchring.sim.world.faults import WorldRates
from patchring.sim.world.ground import Tables
from patchring.sim.world.memory import MemoryDatabase, MemoryTables
from patchring.sim.world.rules import broken
from patchring.sim.world.scenario import scenario_of
from patchring.sim.world.virtual import VirtualLoop
from patchring.sim.world.world import World, build, live, run_world

DEVICES_MIN, TENANTS_MIN, RINGS_MIN = 20, 2, 3
_DEPENDS_ON = tuple(f"patchring/{room}" for room in ("core", "app", "store", "wire", "policyfile", "sim"))
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class WorldResult:
    """What one world came to. `rollouts`: patches that went to at least DEVICES_MIN devices of TENANTS_MIN tenants in
    RINGS_MIN rings. `faults`: how often each was fired. `hours`: of virtual time. `broken`: rules, with what broke
    them."""

    seed: int
    rollouts: int
    devices: int
    faults: dict[str, int]
    hours: float
    broken: list[str]


@lru_cache(maxsize=1)
def worlds_version() -> str:
    return code_version((*_DEPENDS_ON, "patchring_agent/loop"))


def run_one(seed: int) -> WorldResult:
    """One world in memory, with all its faults."""
    tables = MemoryTables()

    async def body(loop: VirtualLoop) -> tuple[World, float]:
        world = build(scenario_of(seed), MemoryDatabase(tables), tables, WorldRates())
        return world, await live(world)

    world, took_s = run_world(seed, body)
    return result_of(seed, world, took_s)


def result_of(seed: int, world: World, took_s: float) -> WorldResult:
    """`took_s`: virtual seconds."""
    fired = {fault.value: count for fault, count in sorted(world.faults.fired.items())}
    return WorldResult(seed, rollouts_in(world.tables), len(world.devices), fired, took_s / 3600, broken(world))


def rollouts_in(tables: Tables) -> int:
    """How many patches went far enough out to count."""
    patch_of = {row["patch_id"]: row["patch_key"] for row in tables.rows("patch")}
    key_of = {row["rollout_id"]: patch_of[row["patch_id"]] for row in tables.rows("rollout")}
    placed: dict[str, set[tuple[object, object, int]]] = {key: set() for key in key_of.values()}
    for row in tables.rows("rollout_device"):
        placed[key_of[row["rollout_id"]]].add((row["device_id"], row["tenant_id"], row["ring"]))
    return sum(_is_wide(each) for each in placed.values())


def _is_wide(placed: set[tuple[object, object, int]]) -> bool:
    devices, tenants, rings = ({row[column] for row in placed} for column in range(3))
    return len(devices) >= DEVICES_MIN and len(tenants) >= TENANTS_MIN and len(rings) >= RINGS_MIN


def run_all(seeds: Sequence[int], jobs: int, kept: Path, progress: Progress | None = None) -> list[WorldResult]:
    """In the order of the seeds; `kept`: a file of earlier results, which is read and added to."""
    found = kept_results(kept)
    missing = [seed for seed in seeds if seed not in found]
    for result in _running(missing, jobs):
        found[result.seed] = result
        keep_result(kept, worlds_version(), asdict(result))
        if progress:
            progress(sum(each.rollouts for each in found.values()), len(found))
    return [found[seed] for seed in seeds]


def kept_results(kept: Path) -> dict[int, WorldResult]:
    """By seed; those of this very code alone."""
    rows = [row for row in read_results(kept) if row.pop("key") == worlds_version()]
    return {row["seed"]: WorldResult(**row) for row in rows}


def _running(seeds: Sequence[int], jobs: int) -> Iterator[WorldResult]:
    with ProcessPoolExecutor(jobs, initializer=_prepare) as pool:
        yield from pool.map(_one_of_many, seeds, chunksize=16)


def quiet() -> None:
    """What processes of a world complain of are its faults."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _prepare() -> None:
    """Garbage is collected once for each world."""
    quiet()
    gc.disable()
    gc.freeze()


def _one_of_many(seed: int) -> WorldResult:
    result = run_one(seed)
    gc.collect()
    return result
