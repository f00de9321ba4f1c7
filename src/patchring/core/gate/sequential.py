"""Evidence that may be looked at any time (H4): a mixture of likelihood ratios, kept as logarithms.

Under "the patch does nothing" events come like a Poisson stream with at most the expected mean. A hypothesis says that
a share r of the devices fails within a window of ages after the installation, evenly: each device that spends a part of
that window in this step adds r times the part to the mean. With x events where dE were expected, and dA such parts
added up over the devices (so many of them "matured"), its likelihood ratio changes by

    log L += x log(1 + r dA / dE) - r dA

Each L is a martingale that begins at 1 when the patch does nothing, and so is their mean E by fixed weights. By Ville's
inequality E ever reaches 1/a with a chance of at most a, however often anybody looks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

SHARES = (0.005, 0.01, 0.02, 0.05, 0.10, 0.20, 0.50, 1.0)
# Ages between which a defect is taken to show, in hours: at once, within days, slowly.
ONSETS_H = ((0.0, 6.0), (6.0, 48.0), (48.0, 192.0))
ONSET_WEIGHTS = (0.5, 0.3, 0.2)
# Nothing is certain: an event where none was expected is much, and not infinitely much.
EXPECTED_MIN = 1e-6


@dataclass(frozen=True)
class Step:
    """What came in since the last look. `events`: first events of devices after the patch. `expected`: mean of what
    was to be expected, the margin included. `matured`: for each of ONSETS_H, how many devices have reached it since."""

    events: int
    expected: float
    matured: tuple[float, float, float]

    def __post_init__(self) -> None:
        assert self.events >= 0, "events are counted"
        assert self.expected >= 0, "nothing is expected less than never"
        assert all(each >= 0 for each in self.matured), "devices do not become younger"


_START = (0.0,) * (len(SHARES) * len(ONSETS_H))


@dataclass(frozen=True)
class Evidence:
    """Everything that was seen of one signal on one facet, added up. `logs` has one logarithm for each share and onset,
    onset by onset."""

    events: int = 0
    expected: float = 0.0
    logs: tuple[float, ...] = _START

    def after(self, step: Step) -> "Evidence":
        """With one more step; the same steps in the same order give the same bits."""
        mean = max(step.expected, EXPECTED_MIN)
        moved = tuple(
            log + _change(step.events, mean, share * matured)
            for (matured, share), log in zip(_grid(step.matured), self.logs, strict=True)
        )
        return replace(self, events=self.events + step.events, expected=self.expected + step.expected, logs=moved)

    @property
    def log_e(self) -> float:
        """The logarithm of E. 0 at the beginning."""
        weighted = [log + math.log(weight) for log, weight in zip(self.logs, _WEIGHTS, strict=True)]
        most = max(weighted)
        return most + math.log(math.fsum(math.exp(each - most) for each in weighted))

    @property
    def chance(self) -> float:
        """At most so likely at any look, if the patch does nothing."""
        return math.exp(-max(0.0, self.log_e))


def _grid(matured: Sequence[float]) -> list[tuple[float, float]]:
    return [(count, share) for count in matured for share in SHARES]


_WEIGHTS = tuple(weight / len(SHARES) for weight in ONSET_WEIGHTS for _ in SHARES)


def _change(events: int, mean: float, more: float) -> float:
    return events * math.log1p(more / mean) - more
