"""What patches break by Patchring's way, and by the ways of others, on the same simulated fleet of 30,000 devices.

Tuned on one set of seeds and defects (`cases.TUNED_ON`, `cases.FIRST`), measured here on another (`cases.MEASURED_ON`,
`cases.OTHER`). The settings of the others come from `python -m bench.gates_tune`, at the same rate of false holds.
Results are kept in build/gates.jsonl by the version of the code, so a run that was broken off goes on.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.figures import Figure, at_most, shown
from patchring.sim.trials import cases
from patchring.sim.trials.catalogue import WAYS
from patchring.sim.trials.runs import Result, Trial, run_all, run_one
from patchring.sim.trials.scenario import Scenario
from patchring.sim.trials.summary import Spread, Summary, summarise

BAD, GOOD = 100, 250
# Of the other ways fewer good patches say enough: they were tuned to hold as few of them.
GOOD_OF_OTHERS = 60
KEPT = Path("build/gates.jsonl")
OURS = "standard"
SAME_SIGNALS = ("thresholds_signals", "fixed_window")


def run() -> list[Figure]:
    KEPT.parent.mkdir(exist_ok=True)
    seeds = list(cases.MEASURED_ON)
    bad = [cases.bad(seed, other=True) for seed in seeds[:BAD]]
    good = [cases.good(seed) for seed in seeds[BAD : BAD + GOOD]]
    results = {name: _results(name, [*bad, *good[: GOOD if name == OURS else GOOD_OF_OTHERS]]) for name in WAYS}
    kinds = {(each.name, each.seeds[0]): (bool(each.patch.defects), each.patch.kev) for each in [*bad, *good]}
    rows = {row.way: row for name in WAYS for row in summarise(results[name], kinds)}
    _print(rows)
    return [*_figures(rows), *_classes(results), *_speed()]


def _results(name: str, scenarios: Sequence[Scenario]) -> list[Result]:
    return run_all([Trial(each, each.seeds[0], name) for each in scenarios], os.cpu_count() or 1, KEPT)


def _figures(rows: dict[str, Summary]) -> list[Figure]:
    ours = rows[OURS]
    held = ours.false_holds
    assert held is not None, "there are good patches"
    left = {name: _mean(row.left_broken) for name, row in rows.items()}
    strongest = min(SAME_SIGNALS, key=lambda name: left[name])
    return [
        at_most("good patches held, standard", 100 * held.count / held.of, "%", 2),
        at_most("good patches held, upper end of 95 %", 100 * held.high, "%", 3),
        shown(f"left broken, strongest with our signals ({strongest})", left[strongest], "devices"),
        shown("its exposure against ours", _days(rows[strongest]) / _days(ours), "times"),
        at_most("left broken, ours against it", left[OURS] / left[strongest], "times", 1 / 3.5),
        shown("exposure of plain thresholds against ours", _days(rows["thresholds"]) / _days(ours), "times"),
        at_most("left broken, ours against plain thresholds", left[OURS] / left["thresholds"], "times", 0.1),
        at_most("left broken, ours against rings by time", left[OURS] / left["time_rings"], "times", 1 / 3),
        at_most("exposure, ours against rings by time", _days(ours) / _days(rows["time_rings"]), "times", 0.45),
        shown("days exposed, exploited ones", _mean(ours.exposure_kev_days), "days"),
        shown("devices overdue, exploited ones", 100 * _mean(ours.overdue_kev_share), "%"),
    ]


def _classes(results: dict[str, list[Result]]) -> list[Figure]:
    """The worst classes apart, never in a mean alone."""
    ours = results[OURS]
    slow = [each.outcome["left_broken"] for each in ours if each.scenario in cases.SLOW]
    controllers = [each.outcome["controllers_broken"] for each in ours if each.scenario == "controllers"]
    return [
        at_most(f"slow onset, left broken, mean of {len(slow)}", float(np.mean(slow)), "devices", 60),
        shown("slow onset, left broken, worst", float(np.max(slow)), "devices"),
        at_most(f"domain controllers broken, worst of {len(controllers)}", float(np.max(controllers)), "devices", 10),
    ]


def _speed() -> list[Figure]:
    """One core, one scenario that goes its whole way."""
    scenario = cases.good(cases.MEASURED_ON[-1])
    began = time.process_time()
    run_one(Trial(scenario, scenario.seeds[0], "standard"))
    return [at_most("30,000 devices over 28 days, CPU", time.process_time() - began, "s", 10)]


def _print(rows: dict[str, Summary]) -> None:
    goods = f"{GOOD} good ones ({GOOD_OF_OTHERS} for the others)"
    table = Table(title=f"{BAD} bad patches, {goods}: mean (95 %) / median / 95th / worst", title_justify="left")
    for column in ("way", "broken", "left broken", "servers", "bad held", "good held", "days", "exploited"):
        table.add_column(column)
    for row in rows.values():
        spreads = (_told(row.broken), _told(row.left_broken), _told(row.servers_broken))
        held = [f"{each.count} of {each.of}" if each else "no data" for each in (row.held, row.false_holds)]
        table.add_row(row.way, *spreads, *held, _told(row.exposure_days, 2), _told(row.exposure_kev_days, 2))
    Console(width=190).print(table)


def _told(each: Spread | None, digits: int = 0) -> str:
    if each is None:
        return "no data"
    mean = f"{each.mean:.{max(1, digits)}f} ({each.low:.{max(1, digits)}f}-{each.high:.{max(1, digits)}f})"
    return f"{mean} / {each.median:.{digits}f} / {each.p95:.{digits}f} / {each.worst:.{digits}f}"


def _mean(each: Spread | None) -> float:
    assert each is not None, "there are trials of it"
    return each.mean


def _days(row: Summary) -> float:
    return _mean(row.exposure_days)
