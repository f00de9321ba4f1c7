"""The first month of small providers: 300 devices with 5 clients, and 2,000 with 40, without any history.

Broken devices, patches that were held though nothing was wrong, and patches that neither were held nor reached nearly
everybody: those are the ones that nobody could tell.
"""

import os
from pathlib import Path

import msgspec
import numpy as np

from bench.figures import Figure, at_most, shown
from patchring.sim.trials import cases
from patchring.sim.trials.runs import Result, Trial, run_all
from patchring.sim.trials.scenario import FleetSpec, Scenario
from patchring.sim.trials.summary import share

FLEETS = (FleetSpec(devices=300, tenants=5, internal=8, history_days=0),
          FleetSpec(devices=2_000, tenants=40, internal=40, history_days=0))  # fmt: skip
BAD, GOOD = 150, 300
REACHED = 0.9
KEPT = Path("build/gates_small.jsonl")


def run() -> list[Figure]:
    KEPT.parent.mkdir(exist_ok=True)
    return [figure for fleet in FLEETS for figure in _figures(fleet)]


def _figures(fleet: FleetSpec) -> list[Figure]:
    seeds, name = list(cases.MEASURED_ON), f"{fleet.devices} devices"
    bad = [cases.bad(seed, other=True) for seed in seeds[:BAD]]
    good = [cases.good(seed) for seed in seeds[BAD : BAD + GOOD]]
    ours, others = _results(fleet, bad, "standard"), _results(fleet, bad, "all_at_once")
    fine = _results(fleet, good, "standard")
    held = sum(_held(each) for each in fine)
    unclear = sum(not _held(each) and each.outcome["installed_share"] < REACHED for each in fine)
    return [
        shown(f"{name}: left broken, mean", _mean(ours, "left_broken"), "devices"),
        shown(f"{name}: left broken, worst", max(each.outcome["left_broken"] for each in ours), "devices"),
        at_most(f"{name}: broken, against all at once", _mean(ours, "broken") / _mean(others, "broken"), "times", 0.5),
        shown(f"{name}: bad patches held before the vendor's word", sum(_held(each) for each in ours), f"of {BAD}"),
        at_most(f"{name}: good patches held", 100 * held / GOOD, "%", 2),
        shown(f"{name}: upper end of 95 %", 100 * share(held, GOOD).high, "%"),
        at_most(f"{name}: inconclusive (under 90 % after 28 days)", 100 * unclear / GOOD, "%", 5),
        shown(f"{name}: days exposed", _mean(fine, "exposure_days"), "days"),
    ]


def _results(fleet: FleetSpec, scenarios: list[Scenario], way: str) -> list[Result]:
    here = [msgspec.structs.replace(each, fleet=fleet) for each in scenarios]
    return run_all([Trial(each, each.seeds[0], way) for each in here], os.cpu_count() or 1, KEPT)


def _held(result: Result) -> bool:
    return result.outcome["held_at"] is not None


def _mean(results: list[Result], name: str) -> float:
    return float(np.mean([each.outcome[name] for each in results]))
