"""`python -m bench.gates_tune`: what the others' ways come to at each setting, on the seeds that are for tuning.

The rate of false holds is the same for all: of 150 good patches at most two may be held, else a setting is out. Of
those that are left the one with the fewest broken devices is the way's, at an exposure near ours.
"""

import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from patchring.sim.trials import cases
from patchring.sim.trials.runs import Result, Trial, run_all
from patchring.sim.trials.ways import fixed_window, thresholds, time_rings

GOOD, BAD = 150, 40
FALSE_MAX = 2
# A setting that is out already is not tried on.
SOME = 10
KEPT = Path("build/gates_tune.jsonl")
GRIDS: dict[str, Sequence[Any]] = {
    "time_rings": time_rings.grid(),
    "thresholds_signals": thresholds.grid(),
    "fixed_window": fixed_window.grid(),
}


def main(names: Sequence[str]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    console = Console(width=160)
    for name in names or GRIDS:
        table = Table(title=name, title_justify="left")
        for column in ("setting", "false holds", "left broken", "broken", "exposure in days"):
            table.add_column(column)
        for setting in GRIDS[name]:
            table.add_row(*_row(name, setting))
        console.print(table)


def _row(name: str, setting: Any) -> tuple[str, ...]:
    words = ", ".join(
        f"{key} {value}" for key, value in dataclasses.asdict(setting).items() if key not in ("shares", "days")
    )
    seeds = list(cases.TUNED_ON)
    good: list[Result] = []
    held = 0
    for begin in range(0, GOOD, SOME):
        some = [cases.good(seed) for seed in seeds[begin : begin + SOME]]
        good += _results(f"{name}: {words}", setting, some)
        held = sum(each.outcome["held_at"] is not None for each in good)
        if held > FALSE_MAX:
            break
    exposure = float(np.mean([each.outcome["exposure_days"] for each in good]))
    if held > FALSE_MAX:
        return words, f"{held} of {len(good)}", "", "", f"{exposure:.2f}"
    bad = _results(f"{name}: {words}", setting, [cases.bad(seed) for seed in seeds[GOOD : GOOD + BAD]])
    left, broken = (float(np.mean([each.outcome[key] for each in bad])) for key in ("left_broken", "broken"))
    return words, f"{held} of {len(good)}", f"{left:.1f}", f"{broken:.1f}", f"{exposure:.2f}"


def _results(name: str, setting: Any, scenarios: Sequence[Any]) -> list[Result]:
    trials = [Trial(scenario, scenario.seeds[0], name, setting.make) for scenario in scenarios]
    return run_all(trials, os.cpu_count() or 1, KEPT)


if __name__ == "__main__":
    main(sys.argv[1:])
