"""Versions of applications: what is offered now, and what was before; one that was taken back and came again."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from patchring.feeds import winget
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import accept
from patchring.feeds.model import AppVersion, Snapshot
from tests.feeds.material import OBSERVED, cut, shared

INDEX = cut("winget/index.json")
HISTORY = cut("winget/history.csv")
HEADER = b"package_id,version,previous_version,first_seen_at\n"


def parsed(raw: bytes) -> Snapshot[AppVersion]:
    return winget.parse(raw, OBSERVED)


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    return refused.value.kind, refused.value.found


def index(**said: Any) -> bytes:
    """The index with its first package saying something else."""
    packages = json.loads(INDEX)
    packages[0] |= said
    return json.dumps(packages).encode()


def test_the_index_says_what_is_offered_now() -> None:
    found = parsed(INDEX)
    assert (found.feed, found.part) == ("winget", "index")
    assert found.rows == (
        AppVersion("7zip.7zip", "25.01", "", datetime(2025, 8, 3, 16, 38, 31, 610234, tzinfo=UTC)),
        AppVersion("Ablaze.Floorp", "12.9.1@146.0.1", "", None),
        AppVersion("AB0WV.PinPoint", "2.0-230511", "", None),
        AppVersion("360.360AlbumViewer", "1.0.1.1260", "", datetime(2025, 11, 26, 0, 46, 51, 854885, tzinfo=UTC)),
    )


def test_the_history_says_what_was_offered_before() -> None:
    found = [row for row in parsed(HISTORY).rows if row.package_id == "7zip.7zip"]
    assert [(row.version, row.previous_version, row.offered) for row in found][:3] == [
        ("23.01", "", False),
        ("24.05", "23.01", False),
        ("24.06", "24.05", False),
    ]
    assert [row.version for row in found if row.offered] == ["26.02"]
    assert found[0].seen_at == datetime(2023, 9, 21, 15, 56, 45, tzinfo=UTC)


def test_a_version_that_was_taken_back_and_came_again_is_told_once_as_it_came_first() -> None:
    """Acrobat Reader 25.001.20474 of 2025-04-30: offered, taken back for four hours, offered again."""
    found = [row for row in parsed(HISTORY).rows if row.version == "25.001.20474"]
    assert [(row.previous_version, row.seen_at) for row in found] == [
        ("25.001.20458", datetime(2025, 4, 30, 8, 37, 41, tzinfo=UTC))
    ]


def test_what_is_offered_is_what_came_last_also_where_it_is_an_older_one() -> None:
    lines = b"A.B,1,,2026-01-01T00:00:00Z\nA.B,2,1,2026-01-02T00:00:00Z\nA.B,1,2,2026-01-03T00:00:00Z\n"
    before = parsed(HEADER + lines[: lines.index(b"A.B,1,2")])
    after = parsed(HEADER + lines)
    assert [(row.version, row.offered) for row in after.rows] == [("1", True), ("2", False)]
    found = accept(before, after)
    assert [(row.version, row.offered) for _, row in found.changed] == [("1", True), ("2", False)]
    assert (found.appeared, found.vanished) == ((), ())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("feed_empty", "expected a feed, 0 bytes came")),
        (b"[]", ("feed_empty", "expected entries, none came")),
        (HEADER, ("feed_empty", "expected entries, none came")),
        (b'{"data": []}', ("feed_wrong_shape", "Expected `array`, got `object`")),
        (INDEX[:200], ("feed_truncated", "expected a whole JSON document, it ends in the middle")),
        (HISTORY[:-3], ("feed_truncated", "expected whole lines, the last one has no end")),
        (index(PackageId="7zip"), ("feed_wrong_shape", "expected the id of a package (Publisher.Name), got '7zip'")),
        (index(Version=""), ("feed_wrong_shape", "expected a name at the version of 7zip.7zip, nothing came")),
        (index(Version=25.01), ("feed_wrong_shape", "Expected `str`, got `float` - at `$[0].Version`")),
        (index(LastUpdate="today"), ("feed_wrong_shape", "expected a time at 7zip.7zip, got 'today'")),
        (index(PackageId="AB0WV.PinPoint"), ("feed_duplicate", "expected one version of AB0WV.PinPoint, two came")),
        (HEADER + b"A.B,1,,soon\n", ("feed_wrong_shape", "expected a time at A.B, got 'soon'")),
        (HEADER + b"A.B,1\n", ("feed_wrong_shape", "expected 4 fields in line 2, got 2")),
        (HEADER + b'A.B,"1,,2\n', ("feed_wrong_shape", "expected CSV in line 2: unexpected end of data")),
        (
            b"cve,epss\nCVE-2026-1,0.1\n",
            (
                "feed_wrong_shape",
                "expected the columns package_id, version, previous_version, first_seen_at, got 'cve,epss'",
            ),
        ),
    ],
)
def test_what_is_no_catalogue_is_refused(raw: bytes, expected: tuple[str, str]) -> None:
    assert refusal(raw) == expected


def test_the_real_history_has_131_applications() -> None:
    """5,147 events; 60 are of versions that came before, so 5,087 versions."""
    raw = shared("apps/winget_version_history.csv")
    found = parsed(raw)
    assert raw.count(b"\n") - 1 == 5147
    assert (len(found.rows), len({row.package_id for row in found.rows})) == (5087, 131)
    assert sum(row.offered for row in found.rows) == 131
