"""A bound on how often something may happen: a bucket of tokens for each key, in the memory of one process."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

KEYS_MAX = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateBound:
    """`burst` at once, then `per_second`. `seconds` reads a clock that never goes back, such as `time.monotonic`."""

    def __init__(self, burst: int, per_second: float, seconds: Callable[[], float]) -> None:
        self._burst = burst
        self._per_second = per_second
        self._seconds = seconds
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until one more is allowed for this key; 0 when it is now. Takes nothing."""
        bucket = self._filled(key)
        return 0.0 if bucket.left >= 1 else (1 - bucket.left) / self._per_second

    def take(self, key: str) -> None:
        """Count one; below nothing it does not go."""
        bucket = self._filled(key)
        bucket.left = max(0.0, bucket.left - 1)

    def _filled(self, key: str) -> _Bucket:
        """The bucket with what has flowed in since. The keys that were used longest ago are forgotten first."""
        now = self._seconds()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        bucket.left = min(float(self._burst), bucket.left + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets.move_to_end(key)
        if len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        return bucket
