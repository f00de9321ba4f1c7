"""A patch that does nothing, a thousand times on 30,000 devices: how often it is held. Takes a quarter of an hour."""

import os
from pathlib import Path

from bench.figures import Figure, at_most, shown
from patchring.sim.trials import cases
from patchring.sim.trials.runs import Trial, run_all
from patchring.sim.trials.summary import share

SEEDS = cases.MEASURED_ON
HELD_MAX = 20
KEPT = Path("build/gates_placebo.jsonl")


def run() -> list[Figure]:
    KEPT.parent.mkdir(exist_ok=True)
    trials = [Trial(cases.placebo(seed), seed, "standard") for seed in SEEDS]
    results = run_all(trials, os.cpu_count() or 1, KEPT)
    held = sum(each.outcome["held_at"] is not None for each in results)
    own = sum(each.outcome["tenant_holds"] > 0 for each in results)
    return [
        shown("placebos", len(results), "patches"),
        at_most("held for more than one tenant", held, "patches", HELD_MAX),
        shown("upper end of 95 %", 100 * share(held, len(results)).high, "%"),
        shown("held for one tenant by itself", own, "patches"),
    ]
