"""One time that a window is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Occurrence:
    """One window in UTC. `closes_at` is the first instant that is not in it."""

    name: str
    opens_at: datetime
    closes_at: datetime

    def holds(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at

    def fits(self, now: datetime, duration: timedelta) -> bool:
        """Whether something that takes `duration` ends before the window does (W2)."""
        return now + duration <= self.closes_at
