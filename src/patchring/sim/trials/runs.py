"""Many trials on all cores, resumable: a result is kept under scenario, seed, way and the version of the code that made
it, so a run that is broken off goes on where it was, and nothing old is taken for new.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

import patchring
from patchring.sim.trials.catalogue import way
from patchring.sim.trials.engine import Way, run
from patchring.sim.trials.fleet import TrialFleet, make_fleet
from patchring.sim.trials.outcome import outcome
from patchring.sim.trials.scenario import FleetSpec, Scenario
from patchring.sim.trials.world import World, make_world

_DEPENDS_ON = ("core/gate", "sim/trials")
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
        return hashlib.sha256(named + code_version().encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Result:
    scenario: str
    seed: int
    way: str
    outcome: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"scenario": self.scenario, "seed": self.seed, "way": self.way, **self.outcome}


@lru_cache(maxsize=1)
def code_version() -> str:
    """A digest of the modules that decide what a trial comes to."""
    root = Path(patchring.__file__).parent
    digest = hashlib.sha256()
    for folder in _DEPENDS_ON:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


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
        _keep(kept, trials[missing[number]].key, result)
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
    """A last line that was cut off when the run was broken off is left out."""
    found = {}
    for line in kept.read_text(encoding="utf-8").splitlines() if kept and kept.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[row.pop("key")] = Result(row.pop("scenario"), row.pop("seed"), row.pop("way"), row)
    return found


def _keep(kept: Path | None, key: str, result: Result) -> None:
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **result.as_json()}, sort_keys=True) + "\n")
