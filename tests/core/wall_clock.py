"""Wall clocks of zones, read from tzdata's files without `zoneinfo`: what its answers are compared with.

A file (TZif, RFC 9636) lists the changes up to now; from then on a line at its end, such as
`CET-1CEST,M3.5.0,M10.5.0/3`, says which rule goes on. Both are made into one list of changes up to `YEARS`.
"""

import re
import struct
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

YEARS = range(2020, 2041)
EPOCH = datetime.combine(date(1970, 1, 1), time(0))
LONG_AGO = -(10**10)  # seconds since 1970; some files begin before the year 1, where datetime has no instants
_NAME = r"(?:[A-Za-z]{3,}|<[^>]+>)"
_OFFSET = r"([+-]?\d+(?::\d+){0,2})"
_CHANGE = r"M(\d+)\.(\d)\.(\d)(?:/([+-]?\d+(?::\d+){0,2}))?"
_FOOTER = re.compile(rf"{_NAME}{_OFFSET}(?:{_NAME}{_OFFSET}?,{_CHANGE},{_CHANGE})?")


@dataclass(frozen=True)
class WallClock:
    """`changes`: the instants (naive UTC) and the offset from each on; before the first one it is `offset`."""

    offset: timedelta
    changes: tuple[tuple[datetime, timedelta], ...]

    def local(self, at: datetime) -> datetime:
        """What it shows at an instant (aware); naive."""
        naive = at.astimezone(UTC).replace(tzinfo=None)
        return naive + self._offset_at(naive)

    def instant(self, wall: datetime) -> datetime:
        """The first instant at which it shows this; for a time that it skips, so much after the gap as it is after the
        begin of it. Aware UTC."""
        found = [at for offset in self._offsets_near(wall) if (at := wall - offset) + self._offset_at(at) == wall]
        return (min(found) if found else wall - self._before_gap(wall)).replace(tzinfo=UTC)

    def skips(self, wall: datetime) -> bool:
        return all(wall - offset + self._offset_at(wall - offset) != wall for offset in self._offsets_near(wall))

    def _offset_at(self, at: datetime) -> timedelta:
        place = bisect_right(self.changes, at, key=lambda change: change[0])
        return self.changes[place - 1][1] if place else self.offset

    def _offsets_near(self, wall: datetime) -> set[timedelta]:
        day = timedelta(days=1)
        near = {offset for at, offset in self.changes if abs(at - wall) <= 2 * day}
        return near | {self._offset_at(wall - 2 * day), self._offset_at(wall + 2 * day)}

    def _before_gap(self, wall: datetime) -> timedelta:
        for place, (at, after) in enumerate(self.changes):
            before = self.changes[place - 1][1] if place else self.offset
            if at + before <= wall < at + after:
                return before
        raise AssertionError(f"{wall} is in no gap")


@cache
def wall_clock(name: str) -> WallClock:
    content = resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    listed, footer = _read(content)
    last = listed[-1][0] if listed else EPOCH
    rule = [change for change in _ruled(footer) if change[0] > last]
    first = _seconds(_matched(footer).group(1)) * -1 if not listed else 0
    return WallClock(timedelta(seconds=first), (*listed, *rule))


def _read(content: bytes) -> tuple[list[tuple[datetime, timedelta]], str]:
    """The changes of the second, 64-bit part, and the line after it."""
    _, _, leaps, times, types, letters = struct.unpack(">6l", content[20:44])
    begin = 44 + times * 5 + types * 6 + letters + leaps * 8 + sum(struct.unpack(">2l", content[20:28]))
    in_utc, standard, leaps, times, types, letters = struct.unpack(">6l", content[begin + 20 : begin + 44])
    at = begin + 44
    instants = struct.unpack(f">{times}q", content[at : at + 8 * times])
    kinds = content[at + 8 * times : at + 9 * times]
    table = at + 9 * times
    offsets = [struct.unpack(">l", content[table + 6 * n : table + 6 * n + 4])[0] for n in range(types)]
    footer = content[table + 6 * types + letters + leaps * 12 + standard + in_utc :].decode().strip()
    pairs = [(EPOCH + timedelta(seconds=max(each, LONG_AGO)), kind) for each, kind in zip(instants, kinds, strict=True)]
    return [(each, timedelta(seconds=offsets[kind])) for each, kind in pairs], footer


def _matched(footer: str) -> re.Match[str]:
    matched = _FOOTER.fullmatch(footer)
    assert matched, f"expected a rule such as CET-1CEST,M3.5.0,M10.5.0/3, got {footer!r}"
    return matched


def _ruled(footer: str) -> Iterator[tuple[datetime, timedelta]]:
    """The changes of the rule in `YEARS`, in order. Its offsets count to the west."""
    standard, summer, *rest = _matched(footer).groups()
    if rest[0] is None:
        return
    winter_is = timedelta(seconds=-_seconds(standard))
    summer_is = timedelta(seconds=-_seconds(summer)) if summer else winter_is + timedelta(hours=1)
    found = []
    for year in YEARS:
        found.append((_wall(year, rest[:4]) - winter_is, summer_is))
        found.append((_wall(year, rest[4:]) - summer_is, winter_is))
    yield from sorted(found)


def _wall(year: int, change: list[str]) -> datetime:
    """`5.0` is the last Sunday of the month; the time may be before midnight, or days after it."""
    month, week, weekday = map(int, change[:3])
    length = monthrange(year, month)[1]
    days = [day for day in range(1, length + 1) if date(year, month, day).isoweekday() % 7 == weekday]
    day = days[-1] if week == 5 else days[week - 1]
    return datetime.combine(date(year, month, day), time(0)) + timedelta(seconds=_seconds(change[3] or "2"))


def _seconds(text: str) -> int:
    hours, minutes, seconds = [*map(int, text.lstrip("+-").split(":")), 0, 0][:3]
    return (hours * 3600 + minutes * 60 + seconds) * (-1 if text.startswith("-") else 1)
