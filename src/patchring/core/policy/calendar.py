"""When something may happen: windows, blackouts, the client's hours, who has to be there. What an instant means for
them is in core/schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum


class ShortMonth(StrEnum):
    """What a rule for the 29th to the 31st does in a month without that day; it has to be said."""

    SKIP = "skip"
    LAST_DAY = "last_day"


class CatchUp(StrEnum):
    """A window that a device missed: it waits for the next one, or begins when it is seen again, outside the client's
    hours and within a time (W3)."""

    NEXT_WINDOW = "next_window"
    WHEN_SEEN = "when_seen"


class Staffing(StrEnum):
    """Who has to be there while something begins: nobody, somebody on call who acknowledged, or somebody on shift
    before, during and after (W1)."""

    NONE = "none"
    ON_CALL = "on_call"
    ON_SHIFT = "on_shift"


@dataclass(frozen=True)
class Window:
    """A recurrence on local time (RFC 5545 rule, see schedule/rule.py) and an elapsed duration. `rule` empty: any
    time. `zone` empty: the site's. `begins_on` is the first day that INTERVAL counts from; None: a Monday long ago.
    `days_after`: so many days after the day of the rule, for "the Thursday after Patch Tuesday". `short_month` None:
    the rule names no day that a month may lack. `outside_hours`: nothing begins in the client's operating hours.
    `catch_up_within`: how long after a missed window a device may still begin when it is seen. `hours`: the operating
    hours that this window minds, where a site or group has its own; None: the policy's."""

    name: str
    rule: str
    start: time
    duration: timedelta
    zone: str = ""
    begins_on: date | None = None
    days_after: int = 0
    short_month: ShortMonth | None = None
    outside_hours: bool = False
    catch_up: CatchUp = CatchUp.NEXT_WINDOW
    catch_up_within: timedelta = timedelta(0)
    hours: "Hours | None" = None

    @property
    def any_time(self) -> bool:
        return not self.rule


@dataclass(frozen=True)
class Blackout:
    """No starts from the morning of `from_on` to the evening of `to_on`, local dates, both included. `authority` says
    whose it is: the client's or the MSP's. `segments` are the names of the rows that it concerns; empty: all."""

    name: str
    from_on: date
    to_on: date
    authority: str = "msp"
    segments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hours:
    """The client's operating hours, local: spans of each weekday (0 is Monday), each from before to."""

    spans: Mapping[int, tuple[tuple[time, time], ...]]
