"""Many trials on all cores, resumable: a result is kept under scenario, seed, way and the version of the code."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from patchring.sim.results import code_version, keep_result, read_results
from patchring.sim.trials.catalogue import way
from patchring.sim.trials.engine import Way, run
from patchring.sim.trials.fleet import TrialFleet, make_fleet
from patchring.sim.trials.outcome import outcome
from patchring.sim.trials.scenario import FleetSpec, Scenario
from patchring.sim.trials.world import World, make_world

_DEPENDS_ON = ("patchring/core/gate", "patchring/sim/trials")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """`make`: another way than those of the catalogue, under a name of its own."""

    scenario: Scenario
    seed: int
    way: str
    make: Callable[[World], Way] | None = None

    @property
    def key(self) -> str:
        named = msgspec.json.encode((self.scenario, self.seed, self.way), order="sorted")
        return hashlib.sha256(named + trials_version().encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Result:
    scenario: str
    seed: int
    way: str
    outcome: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"scenario": self.scenario, "seed": self.seed, "way": self.way, **self.outcome}


@lru_cache(maxsize=1)
def trials_version() -> str:
    return code_version(_DEPENDS_ON)


@lru_cache(maxsize=2)
def _fleet(spec: FleetSpec) -> TrialFleet:
    return make_fleet(spec)


def run_one(trial: Trial) -> Result:
    world = make_world(trial.scenario, trial.seed, _fleet(trial.scenario.fleet))
    make = trial.make or way(trial.way)
    way_out = make(world)
    found = outcome(world, run(world, way_out), way_out.stage)
    return Result(trial.scenario.name, trial.seed, trial.way, found.as_json())


def run_all(
    trials: Sequence[Trial], jobs: int = 1, kept: Path | None = None, progress: Progress | None = None
) -> list[Result]:
    """In the order of `trials`. `kept`: a file of earlier results, which is read and added to."""
    known = _read(kept)
    found: dict[int, Result] = {n: known[trial.key] for n, trial in enumerate(trials) if trial.key in known}
    missing = [n for n in range(len(trials)) if n not in found]
    for number, result in _running([trials[n] for n in missing], jobs):
        found[missing[number]] = result
        keep_result(kept, trials[missing[number]].key, result.as_json())
        if progress:
            progress(len(found), len(trials))
    return [found[number] for number in range(len(trials))]


def _running(trials: Sequence[Trial], jobs: int) -> Iterator[tuple[int, Result]]:
    if jobs <= 1 or len(trials) < 2:
        for number, trial in enumerate(trials):
            yield number, run_one(trial)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run_one, trial): number for number, trial in enumerate(trials)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _read(kept: Path | None) -> dict[str, Result]:
    rows = list(read_results(kept))
    return {row.pop("key"): Result(row.pop("scenario"), row.pop("seed"), row.pop("way"), row) for row in rows}
