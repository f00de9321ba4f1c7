"""The ways by name. What can be tuned of the others was, by `python -m bench.gates_tune`: of what holds at most one of
fifty good patches (the person with tickets: two of 150), the setting that leaves the fewest devices broken at an
exposure near ours.
"""

from collections.abc import Callable, Mapping

from patchring.sim.errors import WrongScenario
from patchring.sim.trials.engine import Way
from patchring.sim.trials.ways import fixed_window, patchring, plain, thresholds, time_rings
from patchring.sim.trials.world import World

Make = Callable[[World], Way]

WAYS: Mapping[str, tuple[str, Make]] = {
    "careful": ("Patchring, careful", patchring.Maker("careful")),
    "standard": ("Patchring, standard", patchring.Maker("standard")),
    "fast": ("Patchring, fast", patchring.Maker("fast")),
    "all_at_once": ("all at once", plain.Defer(0).make),
    "defer": ("everything after 7 days", plain.Defer(7).make),
    "time_rings": ("rings by time, with a human", time_rings.TimeRings(tickets_min=8, factor=3.0).make),
    "thresholds": ("thresholds of a half, installations only, at our exposure", thresholds.Thresholds(soak_h=20).make),
    "thresholds_signals": ("thresholds, tuned, with our signals", thresholds.Thresholds(0.5, 0.10, 20, True, 4).make),
    "fixed_window": ("a fixed window, tuned, with our signals", fixed_window.FixedWindow(20, 10.0, 2.5).make),
}


def way(name: str) -> Make:
    """Raises WrongScenario for a way that there is not."""
    if name not in WAYS:
        raise WrongScenario(f"no such way of letting a patch out: {name}. There are: {', '.join(WAYS)}")
    return WAYS[name][1]
