"""A ring as it is shown: groups of states, a bar to scale, the soak clock only while it soaks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from patchring.web.models import Group, Piece
from patchring.web.rings import BAR_WIDTH, bar, group_counts, ring_view
from patchring.web.words import Shown

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def row(**changed: Any) -> dict[str, Any]:
    return {
        "ring": 1,
        "name": "low risk",
        "state": "soaking",
        "counts": {"verified": 3, "failed": 1},
        "device_count": 4,
        "reasons": [{"code": "soaking", "text": "Ring 1 soaks"}],
        "soak_until_at": NOW + timedelta(seconds=42),
        **changed,
    }


def test_states_are_added_up_in_the_order_of_the_bar() -> None:
    counts = {
        "waiting": 2,
        "permitted": 1,
        "reboot_pending": 2,
        "verified": 4,
        "rollback_failed": 1,
        "failed": 1,
        "offered": 0,
    }
    assert group_counts(counts) == [
        Group("verified", "verified", 4),
        Group("failed", "failed", 2),
        Group("installing", "installing", 3),
        Group("waiting", "waiting", 2),
    ]


def test_a_few_devices_are_blocks_of_one_size() -> None:
    pieces = bar([Group("verified", "verified", 2), Group("waiting", "waiting", 1)], 3)
    assert pieces == [Piece("verified", 0, 75), Piece("verified", 83, 75), Piece("waiting", 167, 75)]


def test_many_devices_fill_the_bar_to_scale_without_a_gap() -> None:
    pieces = bar([Group("verified", "verified", 300), Group("waiting", "waiting", 700)], 1000)
    assert pieces == [Piece("verified", 0, 300), Piece("waiting", 300, 700)]
    assert pieces[-1].x + pieces[-1].width == BAR_WIDTH


def test_one_failure_among_very_many_is_still_seen() -> None:
    pieces = bar([Group("verified", "verified", 99_999), Group("failed", "failed", 1)], 100_000)
    assert pieces[1].width == 2


def test_an_empty_ring_has_no_bar() -> None:
    assert bar([], 0) == []


def test_the_soak_clock_is_shown_while_the_ring_soaks() -> None:
    shown = ring_view(row(), NOW)
    assert (shown.state, shown.soak_left, shown.verified_count, shown.why) == (
        Shown("soaking", "soaking"),
        "0:42 left",
        3,
        "Ring 1 soaks.",
    )
    passed = ring_view(row(state="passed"), NOW)
    assert (passed.soak_until_at, passed.soak_left) == (None, "")
