"""A window that a device missed while it was away (W3): it waits for the next one, or begins when it is seen again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from patchring.core.policy.calendar import Blackout, CatchUp, Hours, Window
from patchring.core.schedule.hours import outside
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.windows import blackout_at, last_window


@dataclass(frozen=True)
class Silence:
    """The last time that a device was away: heard of at `from_at`, then not before `to_at`; aware UTC."""

    from_at: datetime
    to_at: datetime

    def covers(self, window: Occurrence) -> bool:
        """Whether nothing was heard of it while the window was open."""
        return self.from_at < window.opens_at and self.to_at >= window.closes_at


def caught_up(
    window: Window,
    zone: tzinfo,
    now: datetime,
    silence: Silence | None,
    hours: Hours | None = None,
    blackouts: Sequence[Blackout] = (),
) -> Occurrence | None:
    """The time in which a device may begin for a window that it missed, if `now` lies in it; None: it may not.

    It was away during the whole of the last window, came back within `catch_up_within` of its end, and begins in that
    time, outside the client's hours (whether or not the window itself minds them) and outside blackouts. `silence`
    None: it was never away, or nobody knows. `blackouts` are those that concern the device.
    """
    if window.catch_up is not CatchUp.WHEN_SEEN or silence is None or blackout_at(blackouts, zone, now):
        return None
    missed = last_window(window, zone, now, hours)
    if missed is None or not silence.covers(missed):
        return None
    ends_at = missed.closes_at + window.catch_up_within
    whole = replace(missed, name=f"{window.name}, caught up", opens_at=silence.to_at, closes_at=ends_at)
    minded = window.hours or hours
    parts = outside(whole, minded, zone) if minded else [whole]
    return next((part for part in parts if part.holds(now)), None)
