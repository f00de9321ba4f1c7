"""What a new snapshot has to be before it replaces the last good one, and what is different in it.

A guard says whether a snapshot is to be believed as a whole. It closes nothing: what vanished from a feed is reported,
and stays open on every device until the device itself shows otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from patchring.feeds.errors import Duplicate, Empty, Older, Shrunken, TooLarge, WrongShape
from patchring.feeds.model import R, Snapshot


@dataclass(frozen=True)
class Bounds:
    """`bytes_packed`: as it comes over the wire. `bytes_open`: unpacked. `vanish_permille`: how many thousandths of
    the last good rows may be missing; `vanish_least` may in any case, because single entries are withdrawn."""

    bytes_packed: int
    bytes_open: int
    rows: int
    vanish_permille: int
    vanish_least: int = 3

    def may_vanish(self, rows: int) -> int:
        return max(self.vanish_least, rows * self.vanish_permille // 1000)


MIB = 1024 * 1024
_CLOCKS_APART = timedelta(days=1)
# Sizes: about ten times what each feed has today. Shares: well above what its history shows in a day (KEV withdrew one
# entry at a time in six years; macOS and winget let go of old releases).
BOUNDS: Mapping[str, Bounds] = {
    "kev": Bounds(16 * MIB, 32 * MIB, 50_000, vanish_permille=10),
    "epss": Bounds(32 * MIB, 128 * MIB, 3_000_000, vanish_permille=10),
    "osv": Bounds(512 * MIB, 4096 * MIB, 500_000, vanish_permille=20),
    "msrc": Bounds(64 * MIB, 64 * MIB, 200_000, vanish_permille=20),
    "sofa": Bounds(16 * MIB, 32 * MIB, 20_000, vanish_permille=100),
    "winget": Bounds(64 * MIB, 256 * MIB, 1_000_000, vanish_permille=50),
    "scanner": Bounds(256 * MIB, 1024 * MIB, 2_000_000, vanish_permille=1000),
    "endoflife": Bounds(32 * MIB, 64 * MIB, 200_000, vanish_permille=20),
}


@dataclass(frozen=True)
class Allowed:
    """What somebody has looked at and takes nevertheless: `shrinking`, that more vanishes than can be withdrawals;
    `older`, that it was published before the last good one."""

    shrinking: bool = False
    older: bool = False


NOTHING_ALLOWED = Allowed()


@dataclass(frozen=True)
class Difference(Generic[R]):
    """What a snapshot says that the one before did not; each by key. `changed` has both rows, the earlier first.

    `vanished` was withdrawn or left out, which nobody can tell apart: no finding closes by it."""

    appeared: tuple[R, ...] = ()
    changed: tuple[tuple[R, R], ...] = ()
    vanished: tuple[R, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.appeared or self.changed or self.vanished)


def check_size(feed: str, size_bytes: int) -> None:
    """Of the bytes as they came. Raises Empty, TooLarge."""
    if size_bytes == 0:
        raise Empty(feed, "expected a feed, 0 bytes came")
    allowed = BOUNDS[feed].bytes_packed
    if size_bytes > allowed:
        raise TooLarge(feed, f"expected at most {allowed} bytes, {size_bytes} came")


def check_rows(feed: str, rows: Sequence[R]) -> None:
    """Of a snapshot by itself: some rows, not too many, each key once. Raises Empty, TooLarge, Duplicate."""
    if not rows:
        raise Empty(feed, "expected entries, none came")
    allowed = BOUNDS[feed].rows
    if len(rows) > allowed:
        raise TooLarge(feed, f"expected at most {allowed} entries, {len(rows)} came")
    keys = [row.key for row in rows]
    if len(set(keys)) < len(keys):
        raise Duplicate(feed, f"expected each entry once, {_first_again(keys)} came twice")


def check_published(feed: str, published_at: datetime | None, observed_at: datetime) -> None:
    """Not in the future: every later one would count as older. Raises WrongShape."""
    if published_at is not None and published_at > observed_at + _CLOCKS_APART:
        came, now = published_at.isoformat(), observed_at.isoformat()
        raise WrongShape(feed, f"expected what was published before now ({now}), what came is of {came}")


def accept(before: Snapshot[R] | None, after: Snapshot[R], allowed: Allowed = NOTHING_ALLOWED) -> Difference[R]:
    """What changes when `after` replaces `before` (the last good of the same feed and part; None: there is none).

    Raises Older and Shrunken where that is not allowed, and what `check_rows` raises; a feed in another order is the
    same feed.
    """
    check_rows(after.feed, after.rows)
    if before is None:
        return Difference(appeared=_sorted(after.rows))
    assert (before.feed, before.part) == (after.feed, after.part), "only a feed's own past says what is new in it"
    if not allowed.older:
        _check_age(before, after)
    found = difference(before, after)
    most = BOUNDS[after.feed].may_vanish(len(before.rows))
    if len(found.vanished) > most and not allowed.shrinking:
        gone = f"{len(found.vanished)} of {len(before.rows)} entries are gone, {found.vanished[0].key} first"
        raise Shrunken(after.feed, f"expected at most {most} withdrawn entries, {gone}")
    return found


def difference(before: Snapshot[R], after: Snapshot[R]) -> Difference[R]:
    """What is new, different and gone, whatever the order. Nothing is gone by a delta."""
    earlier = {row.key: row for row in before.rows}
    later = {row.key: row for row in after.rows}
    appeared = [row for key, row in later.items() if key not in earlier]
    vanished = [row for key, row in earlier.items() if key not in later] if after.complete else []
    changed = [(earlier[key], row) for key, row in later.items() if key in earlier and earlier[key] != row]
    changed.sort(key=lambda pair: pair[1].key)
    return Difference(_sorted(appeared), tuple(changed), _sorted(vanished))


def _check_age(before: Snapshot[R], after: Snapshot[R]) -> None:
    if before.published_at and after.published_at and after.published_at < before.published_at:
        came, last = after.published_at.isoformat(), before.published_at.isoformat()
        raise Older(after.feed, f"expected what was published at {last} or later, what came is of {came}")


def _sorted(rows: Sequence[R]) -> tuple[R, ...]:
    return tuple(sorted(rows, key=lambda row: row.key))


def _first_again(keys: Sequence[str]) -> str:
    seen: set[str] = set()
    return next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]
