"""How a feed stands: by what it says of its own day, else by when its source was last asked or somebody brought it.

A catalogue of August that is brought in November is of August. What a feed says of itself is older than the moment at
which it came, so only that day tells of a mirror, or of a hand, that is behind.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from patchring.feeds.sources import default_sources

# How long each may go without a new day of its own: scores come every day, SOFA looks at Apple several times a day,
# and CISA lists something in nearly every week. A month of MSRC names the day of its last revision, which can be long
# ago; OSV, endoflife and winget name none.
OLD_AFTER = {"kev": timedelta(days=14), "epss": timedelta(days=3), "sofa": timedelta(days=7)}
ASKED_AFTER = timedelta(days=2)
"""A source that is fetched is asked several times a day; a feed that is brought has to be brought about as often."""


class Verdict(StrEnum):
    """`past`: a month of MSRC that is not asked for any more, because two later ones are."""

    NEVER = "never"
    OLD = "old"
    FAILING = "failing"
    PAST = "past"
    CURRENT = "current"


def verdict(state: Mapping[str, Any], now: datetime) -> Verdict:
    """Of a feed's state: `observed_at`, `published_at`, `tried_at` (aware UTC or None), `problem_kind`, `feed` and
    `part`. What is old and fails too is old."""
    if state["observed_at"] is None:
        return Verdict.NEVER
    if state["feed"] == "msrc" and state["part"] not in {source.part for source in default_sources(now.date())}:
        return Verdict.PAST
    if now - _day_of(state) > (OLD_AFTER[state["feed"]] if _names_its_day(state) else ASKED_AFTER):
        return Verdict.OLD
    return Verdict.FAILING if state["problem_kind"] else Verdict.CURRENT


def _names_its_day(state: Mapping[str, Any]) -> bool:
    return state["feed"] in OLD_AFTER and state["published_at"] is not None


def _day_of(state: Mapping[str, Any]) -> datetime:
    """Where it names no day: when it was last known to be what its source has, which a try that failed does not say."""
    if _names_its_day(state):
        found: datetime = state["published_at"]
    else:
        found = state["observed_at"] if state["problem_kind"] else state["tried_at"] or state["observed_at"]
    return found
