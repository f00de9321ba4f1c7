"""A clock that stands still until it is told to go on."""

from datetime import datetime, timedelta


class ManualClock:
    """Starts at an aware instant and moves forward only, like the real one."""

    def __init__(self, start: datetime) -> None:
        assert start.tzinfo is not None, "a clock wants an aware instant"
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Go on by a duration; the new instant."""
        return self.move_to(self._now + by)

    def move_to(self, at: datetime) -> datetime:
        """Go on to an instant that is not in the past; that instant."""
        assert at >= self._now, f"the clock stands at {self._now} and cannot go back to {at}"
        self._now = at
        return at
