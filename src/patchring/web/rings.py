"""Rings as they are shown: counts by group, a bar, a state and the reason for it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from patchring.core.rollout.states import RingState
from patchring.web.models import Group, Piece, RingView
from patchring.web.texts import left, why
from patchring.web.words import GROUPS, device_state, ring_state

BAR_WIDTH = 1000
# Up to this many devices each has a block of its own in the bar; beyond, stretches run together.
BLOCK_COUNT_MAX = 32
_GAP = 8


def ring_view(row: Mapping[str, Any], now: datetime) -> RingView:
    """A row of `page.rings`."""
    groups = group_counts(row["counts"])
    soak = row["soak_until_at"] if row["state"] == RingState.SOAKING else None
    return RingView(
        number=row["ring"],
        name=row["name"],
        state=ring_state(row["state"]),
        device_count=row["device_count"],
        verified_count=sum(group.count for group in groups if group.tone == "verified"),
        groups=groups,
        pieces=bar(groups, row["device_count"]),
        why="" if _is_idle(row) else why(row["reasons"]),
        soak_until_at=soak,
        soak_left=left(soak - now) if soak else "",
    )


def _is_idle(row: Mapping[str, Any]) -> bool:
    """A ring without devices that has passed: that it has none says it all."""
    return bool(row["device_count"] == 0 and row["state"] == RingState.PASSED)


def group_counts(counts: Mapping[str, int]) -> list[Group]:
    """The counts by device state, added up in the groups of the page; empty groups are left out."""
    sums = dict.fromkeys((group.tone for group in GROUPS), 0)
    for state, count in counts.items():
        sums[device_state(state).tone] += count
    return [Group(group.word, group.tone, sums[group.tone]) for group in GROUPS if sums[group.tone] > 0]


def bar(groups: Sequence[Group], device_count: int) -> list[Piece]:
    """A ring's devices side by side in the order of GROUPS: one block each for a few, stretches for many."""
    total = max(device_count, sum(group.count for group in groups))
    if total == 0:
        return []
    if total <= BLOCK_COUNT_MAX:
        return _blocks([group.tone for group in groups for _ in range(group.count)], total)
    pieces, done = [], 0
    for group in groups:
        x, end = done * BAR_WIDTH // total, (done + group.count) * BAR_WIDTH // total
        pieces.append(Piece(group.tone, x, max(end - x, 2)))
        done += group.count
    return pieces


def _blocks(tones: Sequence[str], total: int) -> list[Piece]:
    # Few devices would make a bar of broad slabs; a block is at most a twelfth, so rings compare at a glance.
    cells = max(total, 12)
    pitch = BAR_WIDTH / cells
    width = max(round(pitch) - _GAP, 4)
    return [Piece(tone, round(number * pitch), width) for number, tone in enumerate(tones)]
