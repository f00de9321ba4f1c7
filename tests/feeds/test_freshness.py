"""How a feed stands: a day of its own goes before the moment at which it came."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchring.feeds.freshness import verdict

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def state(feed: str = "kev", part: str = "", published: timedelta | None = None, **other: Any) -> dict[str, Any]:
    """Brought just now; `published`: so long ago, None: it names no day."""
    known = {"observed_at": NOW, "tried_at": NOW, "problem_kind": ""}
    return {"feed": feed, "part": part, **known, "published_at": NOW - published if published else None, **other}


MOMENT = timedelta(microseconds=1)
FAILED = {"problem_kind": "feed_unreachable"}
CASES = [
    ("KEV of August, brought in November", state(published=94 * DAY), "old"),
    ("KEV of two weeks", state(published=14 * DAY), "current"),
    ("KEV of a moment more", state(published=14 * DAY + MOMENT), "old"),
    ("scores of three days", state("epss", published=3 * DAY), "current"),
    ("scores of a moment more", state("epss", published=3 * DAY + MOMENT), "old"),
    ("macOS of a week", state("sofa", "macos", published=7 * DAY), "current"),
    ("macOS of a moment more", state("sofa", "macos", published=7 * DAY + MOMENT), "old"),
    ("old and failing", state(published=15 * DAY, **FAILED), "old"),
    ("of today and failing", state(published=DAY, **FAILED), "failing"),
    ("never", state(observed_at=None, **FAILED), "never"),
    ("no day of its own, brought now", state("osv", "Debian"), "current"),
    ("brought two days ago", state("winget", "index", observed_at=NOW - 2 * DAY, tried_at=NOW - 2 * DAY), "current"),
    ("and a moment", state("winget", "index", observed_at=NOW - 9 * DAY, tried_at=NOW - 2 * DAY - MOMENT), "old"),
    ("the same for long, and asked now", state("endoflife", observed_at=NOW - 90 * DAY), "current"),
    ("fails for long", state("osv", "Debian", observed_at=NOW - 3 * DAY, **FAILED), "old"),
    ("this month, revised ten days ago", state("msrc", "2026-Nov", 10 * DAY), "current"),
    ("last month", state("msrc", "2026-Oct", 40 * DAY), "current"),
    ("a month before", state("msrc", "2026-Sep", 70 * DAY, tried_at=NOW - 50 * DAY), "past"),
]


@pytest.mark.parametrize(("known", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_feed_is_as_old_as_the_day_that_it_names(known: dict[str, Any], expected: str) -> None:
    assert verdict(known, NOW) == expected
