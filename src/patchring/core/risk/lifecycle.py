"""Whether a system or an application is still maintained, by the cycles of endoflife.date.

Nobody's word is not a yes: what is not in the map, has no cycle there or no day is unknown, and is listed as that.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patchring.core.risk.products import Named

SOON = timedelta(days=90)
_TEMPLATE = re.compile(r"\{[%{].*[%}]\}")
_TWICE = re.compile(r"\b(\w[\w ]*) \1\b")


@dataclass(frozen=True)
class Cycle:
    """A cycle as the feed says it. `eol`, `extended_until`: the last day; True: it is over; False: it is not, and no
    day is known; None: nobody said. `long_term` true or a day: maintained for longer than others."""

    product: str
    cycle: str
    label: str
    released_on: date | None
    eol: date | bool | None
    extended_until: date | bool | None = None
    long_term: date | bool | None = None

    @property
    def title(self) -> str:
        """The label, without what it says twice (`macOS macOS 15`) and without a template that nobody filled in."""
        return _TWICE.sub(r"\1", _TEMPLATE.sub("", self.label))


@dataclass(frozen=True)
class Ended:
    """Nobody maintains it for everybody any more. `following`: the next cycle that is maintained; None: not known."""

    cycle: Cycle
    following: Cycle | None

    @property
    def text(self) -> str:
        eol = self.cycle.eol
        since = f"was maintained until {eol}" if not isinstance(eol, bool) else "is maintained no more"
        return f"{self.cycle.title} {since}{_extended(self.cycle)}{_next(self.following)}"


@dataclass(frozen=True)
class Ending:
    """It is maintained until a day within the next 90; `days` from now, 0 on the last."""

    cycle: Cycle
    days: int
    following: Cycle | None

    @property
    def text(self) -> str:
        left = f"until {self.cycle.eol}, {self.days} day{'' if self.days == 1 else 's'} from now"
        return f"{self.cycle.title} is maintained {left}{_extended(self.cycle)}{_next(self.following)}"


@dataclass(frozen=True)
class Supported:
    """It is maintained for longer than that, or without a day that is known."""

    cycle: Cycle

    @property
    def text(self) -> str:
        until = self.cycle.eol
        return f"{self.cycle.title} is maintained{'' if isinstance(until, bool) else f' until {until}'}"


@dataclass(frozen=True)
class Unknown:
    """Nobody said; it may be past its end."""

    text: str


State = Ended | Ending | Supported | Unknown


def state_of(named: Named | None, cycles: Iterable[Cycle], now: datetime) -> State:
    """`cycles`: of any products. `now` is aware UTC; a cycle is maintained to the end of its last day there."""
    if named is None:
        return Unknown("no product that endoflife.date is asked about: it is not known until when it is maintained")
    known = [each for each in cycles if each.product == named.product]
    if not known:
        return Unknown(f"nothing is known here of {named.product}: was the feed endoflife brought?")
    by_name = {each.cycle: each for each in known}
    cycle = next((by_name[name] for name in named.cycles if name in by_name), None)
    if cycle is None:
        return Unknown(f"endoflife.date has no cycle {named.cycles[0] or '(no version is known)'} of {named.product}")
    if cycle.eol is None:
        return Unknown(f"endoflife.date does not say until when {cycle.title} is maintained")
    return _judged(cycle, named, known, now.date())


def _judged(cycle: Cycle, named: Named, known: Sequence[Cycle], today: date) -> State:
    if _is_over(cycle, today):
        return Ended(cycle, _following(cycle, named, known, today))
    if not isinstance(cycle.eol, date) or cycle.eol - today > SOON:
        return Supported(cycle)
    return Ending(cycle, (cycle.eol - today).days, _following(cycle, named, known, today + SOON))


def _is_over(cycle: Cycle, day: date) -> bool:
    """A day that nobody said is none that has passed."""
    return cycle.eol < day if isinstance(cycle.eol, date) else cycle.eol is True


def _following(cycle: Cycle, named: Named, known: Sequence[Cycle], day: date) -> Cycle | None:
    """The next release of the same track that is maintained on that day; after one for long, another for long."""
    if cycle.released_on is None:
        return None
    later = [
        (each.released_on, each.cycle, each)
        for each in known
        if each.released_on is not None and each.released_on > cycle.released_on
        if named.track.fullmatch(each.cycle) and each.eol is not None and not _is_over(each, day)
        if each.long_term or not cycle.long_term
    ]
    return min(later, key=lambda each: each[:2])[2] if later else None


def _extended(cycle: Cycle) -> str:
    if isinstance(cycle.extended_until, bool) or cycle.extended_until is None or cycle.extended_until == cycle.eol:
        return ""
    return f" (extended support, for who has it: until {cycle.extended_until})"


def _next(following: Cycle | None) -> str:
    return f"; next: {following.title}" if following else "; no later cycle of it is known"
