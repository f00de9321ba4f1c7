"""The whole system under faults, a hundred thousand rollouts long: takes hours, and goes on where it was broken off."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from itertools import count, islice
from pathlib import Path

from tests.databases import running_cluster
from tests.sim.world.guards import GUARDS, caught_at
from tests.sim.world.postgres import run_on_postgres

from bench.figures import Figure, at_least, at_most, shown
from patchring.sim.results import keep_result
from patchring.sim.world.faults import Fault
from patchring.sim.world.runs import WorldResult, kept_results, run_all, worlds_version

IN_MEMORY, ON_POSTGRES = 100_000, 300
FIRST_SEED, FIRST_SEED_ON_POSTGRES = 100_000, 1
PIECE = 400
FIRED_MIN = 1_000
KEPT, KEPT_ON_POSTGRES = Path("build/worlds.jsonl"), Path("build/worlds_postgres.jsonl")


def run() -> list[Figure]:
    KEPT.parent.mkdir(exist_ok=True)
    memory, postgres = _in_memory(), _on_postgres()
    fired = Counter[str]()
    for result in memory:
        fired.update(result.faults)
    missed = [guard.name for guard in GUARDS if caught_at(guard, range(1, 200)) is None]
    for name in missed:
        print(f"nobody missed: {name}")
    return [
        *_figures("in memory", memory, IN_MEMORY),
        *[at_least(f"fired: {fault.value}", fired[fault.value], "times", FIRED_MIN) for fault in Fault],
        *_figures("on PostgreSQL", postgres, ON_POSTGRES),
        shown("guards taken out in turn", len(GUARDS), "guards"),
        at_most("guards that nobody missed", len(missed), "guards", 0),
    ]


def _figures(where: str, results: list[WorldResult], wanted: int) -> list[Figure]:
    broken = [result for result in results if result.broken]
    for result in broken:
        print(f"seed {result.seed} {where}: {result.broken[0]}")
    print(f"seeds {where}: {results[0].seed} to {results[-1].seed}")
    return [
        at_least(f"rollouts {where}", sum(result.rollouts for result in results), "rollouts", wanted),
        shown(f"worlds {where}", len(results), "worlds"),
        at_most(f"worlds {where} with a broken rule", len(broken), "worlds", 0),
    ]


def _in_memory() -> list[WorldResult]:
    def piece(seeds: list[int]) -> list[WorldResult]:
        return run_all(seeds, os.cpu_count() or 1, KEPT)

    return _until(IN_MEMORY, FIRST_SEED, piece)


def _on_postgres() -> list[WorldResult]:
    known = kept_results(KEPT_ON_POSTGRES)
    with running_cluster(None) as cluster:

        def one(seed: int) -> WorldResult:
            if seed not in known:
                known[seed] = run_on_postgres(cluster, seed)
                keep_result(KEPT_ON_POSTGRES, worlds_version(), asdict(known[seed]))
            return known[seed]

        return _until(ON_POSTGRES, FIRST_SEED_ON_POSTGRES, lambda seeds: [one(seed) for seed in seeds])


def _until(rollouts: int, first_seed: int, piece: Callable[[list[int]], list[WorldResult]]) -> list[WorldResult]:
    """Piece after piece, until there are that many rollouts."""
    results: list[WorldResult] = []
    seeds = count(first_seed)
    while sum(result.rollouts for result in results) < rollouts:
        results += piece(list(islice(seeds, PIECE if rollouts > PIECE else 10)))
        print(f"{sum(result.rollouts for result in results):,} rollouts in {len(results):,} worlds")
    return results
