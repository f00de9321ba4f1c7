"""EPSS: scores of a day, in millionths, and every way in which a file of them is not one."""

import gzip
import tracemalloc
from datetime import UTC, date, datetime

import pytest

from patchring.feeds import epss
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import Difference, accept
from patchring.feeds.model import Scored, Snapshot
from tests.feeds.material import OBSERVED, cut, shared

CUT = cut("epss/epss.csv")
HEAD = "#model_version:v2025.03.14,score_date:2026-08-16T12:55:00Z\ncve,epss,percentile\n"
DAY = date(2026, 8, 16)


def parsed(text: str | bytes) -> Snapshot[Scored]:
    return epss.parse(text if isinstance(text, bytes) else text.encode(), OBSERVED)


def refusal(text: str | bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(text)
    return refused.value.kind, refused.value.found


def test_a_file_says_its_model_its_moment_and_its_scores_in_order() -> None:
    found = parsed(CUT)
    assert (found.version, found.published_at) == ("v2025.03.14", datetime(2026, 8, 16, 12, 55, tzinfo=UTC))
    assert (len(found.rows), found.rows[0]) == (61, Scored("CVE-2015-3925", 4380, 343830, DAY))
    assert [row.cve for row in found.rows] == sorted(row.cve for row in found.rows)
    assert parsed(gzip.compress(CUT)).rows == found.rows
    assert parsed(CUT.replace(b"\n", b"\r\n")).rows == found.rows


def test_shares_are_millionths_however_they_are_written() -> None:
    written = ("0", "1", "1.0", "0.97565", "9e-05", "0.00000051", "0.123456789")
    lines = "".join(f"CVE-2026-100{number},{share},0.5\n" for number, share in enumerate(written))
    assert [row.epss_millionths for row in parsed(HEAD + lines).rows] == [
        0,
        1_000_000,
        1_000_000,
        975_650,
        90,
        1,
        123_457,
    ]


def test_the_moment_is_told_in_utc() -> None:
    line = "CVE-2026-1000,0,0\n"
    for said in ("2026-08-16T00:00:00+0000", "2026-08-16T02:00:00+02:00", "2026-08-16"):
        comment = f"#model_version:v4,score_date:{said}\ncve,epss,percentile\n"
        assert parsed(comment + line).published_at == datetime(2026, 8, 16, tzinfo=UTC)


def test_all_real_scores_of_a_day_load() -> None:
    found = parsed(shared("epss/epss_scores-2026-08-16.csv.gz"))
    assert (len(found.rows), found.rows[0], found.published_at) == (
        360_142,
        Scored("CVE-1999-0001", 33_510, 876_500, DAY),
        datetime(2026, 8, 16, tzinfo=UTC),
    )


@pytest.mark.long
def test_all_real_scores_of_a_day_need_little_memory_and_are_no_change_to_themselves() -> None:
    """At most the text, the rows and a set of their keys at once; measured: 91 MB."""
    raw = shared("epss/epss_scores-2026-08-16.csv.gz")
    tracemalloc.start()
    found = parsed(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 120_000_000
    assert accept(found, parsed(raw)) == Difference()


REFUSED: list[tuple[str, str | bytes, str, str]] = [
    ("nothing", "", "feed_empty", "expected a feed, 0 bytes came"),
    ("no scores", HEAD, "feed_empty", "expected entries, none came"),
    ("no comment", HEAD.split("\n", 1)[1], "feed_wrong_shape", "expected #model_version:...,score_date:... on line 1"),
    ("another header", HEAD.replace("epss", "score"), "feed_wrong_shape", "expected the header cve,epss,percentile on"),
    ("a day of none", HEAD.replace("08-16", "02-30"), "feed_wrong_shape", "expected a moment as score_date, got '202"),
    (
        "before all time",
        HEAD.replace("2026-08-16T12:55:00Z", "0001-01-01T00:00:00+14:00"),
        "feed_wrong_shape",
        "expected a moment as score_date, got '0001",
    ),
    ("a page", "<html>\n", "feed_wrong_shape", "expected #model_version"),
    ("cut in a line", HEAD + "CVE-2026-1000,0.1,0.", "feed_truncated", "expected a whole last line, it ends in the mi"),
    ("cut in a number", CUT[:-3], "feed_truncated", "expected a whole last line, it ends in the middle"),
    ("two columns", HEAD + "CVE-2026-1000,0.1\n", "feed_wrong_shape", "expected CVE,score,percentile on line 3, got "),
    (
        "four columns",
        HEAD + "CVE-2026-1000,0.1,0.2\nCVE-2026-1001,0.1,0.2,3\n",
        "feed_wrong_shape",
        "expected CVE,score,percentile on line 4, got 'CVE-2026-1001,0.1,0.2,3'",
    ),
    ("no number", HEAD + "CVE-2026-1000,nan,0.2\n", "feed_wrong_shape", "expected CVE,score,percentile on line 3"),
    ("below none", HEAD + "CVE-2026-1000,-0.1,0.2\n", "feed_wrong_shape", "expected CVE,score,percentile on line 3"),
    (
        "more than all",
        HEAD + "CVE-2026-1000,1.00001,0.2\n",
        "feed_wrong_shape",
        "expected shares of at most 1 on line 3, got CVE-2026-1000,1.00001,0.2",
    ),
    (
        "an empty line",
        HEAD + "\nCVE-2026-1000,0.1,0.2\n",
        "feed_wrong_shape",
        "expected CVE,score,percentile on line 3",
    ),
    ("no CVE", HEAD + "CVE-2026-1,0.1,0.2\n", "feed_wrong_shape", "expected CVE,score,percentile on line 3, got 'CVE-"),
    ("other digits", HEAD + "CVE-2026-١٢٣٤,0.1,0.2\n", "feed_wrong_shape", "expected CVE,score,percentile on line 3"),
    (
        "one twice",
        HEAD + "CVE-2026-1000,0.1,0.2\nCVE-2026-1000,0.1,0.3\n",
        "feed_duplicate",
        "expected each entry once, CVE-2026-1000 came twice",
    ),
    ("Latin-1", CUT.replace(b"v2025", b"v\xe92025"), "feed_wrong_encoding", "expected UTF-8, byte 16 is none"),
]


@pytest.mark.parametrize(("text", "kind", "found"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_file_of_scores_is_refused_with_its_reason(text: str | bytes, kind: str, found: str) -> None:
    assert (refusal(text)[0], refusal(text)[1][: len(found)]) == (kind, found)


def test_a_file_that_ends_early_between_two_lines_is_told_by_what_is_gone() -> None:
    whole = parsed(CUT)
    early = b"".join(CUT.splitlines(keepends=True)[:40])
    with pytest.raises(FeedRefused) as refused:
        accept(whole, parsed(early))
    assert (refused.value.kind, refused.value.found[:60]) == (
        "feed_shrunken",
        "expected at most 3 withdrawn entries, 23 of 61 entries are g",
    )
