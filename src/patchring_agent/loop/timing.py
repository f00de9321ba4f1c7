"""How long to wait: bounds on what the server says, back-off with jitter on what it does not say."""

from __future__ import annotations

import zlib

CHECK_IN_S_MIN = 1
CHECK_IN_S_MAX = 86_400
PERMIT_RETRY_S_MAX = 3_600
BACK_OFF_S_FIRST = 5
BACK_OFF_S_MAX = 600
REFRESH_RETRY_S_FIRST = 900
PREPARE_RETRY_S = (60, 300, 900)


def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def check_in_ms(next_check_in_s: int) -> int:
    return clamp(next_check_in_s, CHECK_IN_S_MIN, CHECK_IN_S_MAX) * 1000


def permit_retry_ms(retry_after_s: int) -> int:
    """A server that names no time is asked again in a minute; at the latest after an hour, whatever it says."""
    return clamp(retry_after_s or 60, 1, PERMIT_RETRY_S_MAX) * 1000


def refresh_retry_ms(failure_count: int, refresh_interval_s: int) -> int:
    """A repository that cannot be read is tried again after 15 minutes, then 30, and at last at the usual times."""
    doubled_s: int = REFRESH_RETRY_S_FIRST * 2 ** min(failure_count - 1, 10)
    return min(doubled_s, refresh_interval_s) * 1000


def back_off_ms(failure_count: int, retry_after_s: int, seed: str) -> int:
    """Doubles from 5 s to 10 min, times 0.5 to 1.5 by a hash of `seed`, so that a fleet does not come back at once.

    Never sooner than the server asked for.
    """
    base_ms = min(BACK_OFF_S_FIRST * 2 ** min(failure_count - 1, 10), BACK_OFF_S_MAX) * 1000
    share = zlib.crc32(f"{seed}/{failure_count}".encode()) / 2**32
    spread_ms = int(base_ms * (0.5 + share))
    asked_ms = clamp(retry_after_s, 0, CHECK_IN_S_MAX) * 1000
    return max(spread_ms, asked_ms + int(base_ms * share) if asked_ms else 0)
