"""How much harm is still to be expected of a patch on the next device of a facet, by what was seen of it.

Before anything is seen a patch is bad for a facet with the chance BAD, and if so then a share of the devices fails
within one of the onset windows (sequential.py has the grid). Devices that went through the windows without trouble
speak against the large shares first; events speak for them. The mean share that is left is the harm.

What breaks slowly cannot have shown yet on the devices that went before. But it will show on them first, and who went
later is taken back in time: so the slow window weighs less, the more devices are ahead.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from patchring.core.gate.sequential import ONSET_WEIGHTS, SHARES

# Of security updates in general; a vendor, product or type with a history of its own may have another.
BAD = 0.05


# So many failures of devices ahead are enough to hold the others.
NOTICED = 5.0
_SLOW = 2


def harm_by_logs(logs: Sequence[float], ahead: float = 0.0, bad: float = BAD) -> float:
    """The mean share (0 to 1), by the logarithms that Evidence keeps, shares within onsets. `ahead`: devices that have
    had the patch for longer by a day or more."""
    return _harm(tuple(logs), _rounded(ahead), bad)


@lru_cache(maxsize=65_536)
def _harm(logs: tuple[float, ...], ahead: float, bad: float) -> float:
    most = max(0.0, *logs)
    weighed = [weight * math.exp(log - most) for weight, log in zip(_WEIGHTS, logs, strict=True)]
    late = [share * math.exp(-share * ahead / NOTICED) for share in SHARES]
    shares = (*SHARES * _SLOW, *late)
    failing = math.fsum(share * each for share, each in zip(shares, weighed, strict=True))
    nothing = (1.0 - bad) * math.exp(-most)
    return bad * failing / (bad * math.fsum(weighed) + nothing)


def harm_if_clean(matured: Sequence[float], ahead: float = 0.0, bad: float = BAD) -> float:
    """The same where so many devices went through each window (Step.matured, added up) without any event.

    Counts are rounded down to two figures, so that it never rests on more than was seen."""
    return _clean(_rounded(matured[0]), _rounded(matured[1]), _rounded(matured[2]), _rounded(ahead), bad)


@lru_cache(maxsize=65_536)
def _clean(first: float, second: float, third: float, ahead: float, bad: float) -> float:
    logs = [-share * count for count in (first, second, third) for share in SHARES]
    return _harm(tuple(logs), ahead, bad)


def _rounded(count: float) -> float:
    if count < 1.0:
        return math.floor(count * 10) / 10
    step = 10.0 ** (math.floor(math.log10(count)) - 1)
    return math.floor(count / step) * step


_WEIGHTS = tuple(weight / len(SHARES) for weight in ONSET_WEIGHTS for _ in SHARES)
