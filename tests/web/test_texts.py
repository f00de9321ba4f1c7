"""Instants, ages, versions and reasons as a technician reads them."""

from datetime import UTC, datetime, timedelta

import pytest

from patchring.web import texts

AT = datetime(2026, 11, 23, 5, 16, 40, 250_000, tzinfo=UTC)


def test_instants_are_utc_in_three_lengths() -> None:
    elsewhere = AT.astimezone(None)
    assert [texts.instant(elsewhere), texts.clock(elsewhere), texts.long(elsewhere)] == [
        "2026-11-23T05:16:40.250Z",
        "05:16:40",
        "Mon 23 Nov 2026, 05:16:40 UTC",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "now"), (4, "now"), (12, "12 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"),
     (172_800, "2 d ago")],
)  # fmt: skip
def test_ages_are_short(seconds: int, text: str) -> None:
    assert texts.age(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "ending"), (0, "ending"), (42, "0:42 left"), (600, "10:00 left"), (11_105, "3:05:05 left"),
     (187_200, "2 d 4 h left")],
)  # fmt: skip
def test_soak_clocks_count_down(seconds: int, text: str) -> None:
    assert texts.left(timedelta(seconds=seconds)) == text


def test_reasons_become_sentences_in_their_order() -> None:
    reasons = [{"code": "a", "text": "ring 1 waits"}, {"code": "b", "text": ""}, {"code": "c", "text": "Nobody asked."}]
    assert (texts.why(reasons), texts.why([]), texts.why(None)) == ("Ring 1 waits. Nobody asked.", "", "")


def test_versions_show_what_changes() -> None:
    assert [texts.versions("1", "2"), texts.versions("", "2"), texts.versions("1", ""), texts.versions("", "")] == [
        "1 → 2",
        "2",
        "1",
        "unknown",
    ]
