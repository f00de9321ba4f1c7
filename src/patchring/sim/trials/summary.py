"""Many trials of one way, added up: means with intervals, and beside them the median, the 95th percentile and the
worst, because what hurts is the tail."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from patchring.sim.trials.runs import Result

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Spread:
    """`low`, `high`: 95 % interval of the mean, by resampling with a fixed seed; the mean itself where there is one."""

    mean: float
    low: float
    high: float
    median: float
    p95: float
    worst: float


@dataclass(frozen=True)
class Share:
    """`count` of `of`; `low`, `high`: 95 % interval (Wilson)."""

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """One way over its trials. None: there was no such trial. `held`: of the bad patches, stopped by the way itself for
    more than one tenant; `false_holds`: of the good ones."""

    way: str
    broken: Spread | None
    left_broken: Spread | None
    servers_broken: Spread | None
    held: Share | None
    false_holds: Share | None
    exposure_days: Spread | None
    exposure_kev_days: Spread | None
    overdue_kev_share: Spread | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def summarise(results: Iterable[Result], kinds: Mapping[tuple[str, int], tuple[bool, bool]]) -> list[Summary]:
    """A row for each way, in the order in which they came. `kinds`: whether the patch of a scenario and seed is bad,
    and whether it is exploited."""
    by_way: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_way[result.way].append(result)
    return [_summary(way, found, kinds) for way, found in by_way.items()]


def _summary(way: str, results: Sequence[Result], kinds: Mapping[tuple[str, int], tuple[bool, bool]]) -> Summary:
    bad = [each.outcome for each in results if kinds[each.scenario, each.seed][0]]
    good = [each for each in results if not kinds[each.scenario, each.seed][0]]
    kev = [each.outcome for each in good if kinds[each.scenario, each.seed][1]]
    ordinary = [each.outcome for each in good if not kinds[each.scenario, each.seed][1]]
    return Summary(
        way,
        _spread(bad, "broken"),
        _spread(bad, "left_broken"),
        _spread(bad, "servers_broken"),
        _held(bad),
        _held([each.outcome for each in good]),
        _spread(ordinary, "exposure_days"),
        _spread(kev, "exposure_days"),
        _spread(kev, "overdue_share"),
    )


def _spread(outcomes: Sequence[Mapping[str, Any]], name: str) -> Spread | None:
    if not outcomes:
        return None
    values = np.array([each[name] for each in outcomes], dtype=float)
    again = np.random.default_rng(7).choice(values, (2_000, len(values))).mean(axis=1)
    low, high = np.quantile(again, (0.025, 0.975))
    figures = (values.mean(), low, high, np.median(values), np.quantile(values, 0.95), values.max())
    return Spread(*(round(float(each), 4) for each in figures))


def _held(outcomes: Sequence[Mapping[str, Any]]) -> Share | None:
    if not outcomes:
        return None
    return share(sum(each["held_at"] is not None for each in outcomes), len(outcomes))


def share(count: int, of: int) -> Share:
    """With Wilson's interval, which is right for few and for none."""
    p, z2 = count / of, _Z * _Z
    centre = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(count, of, round(max(0.0, centre - half), 4), round(min(1.0, centre + half), 4))
