"""CISA's catalogue: what it says, its three polls of one day, and every way in which a file of it is not one."""

import gzip
import json
import lzma
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from patchring.feeds import kev
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import Difference, accept
from patchring.feeds.model import Exploited, Snapshot
from tests.feeds.material import OBSERVED, POLLS, changed, cut, shared

FIRST = cut(f"kev/{POLLS[0]}.json")
CUTS = [f"kev/{poll}.json" for poll in POLLS]
REAL = "kev/known_exploited_vulnerabilities.{}.json.gz"


def parsed(raw: bytes) -> Snapshot[Exploited]:
    return kev.parse(raw, OBSERVED)


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    return refused.value.kind, refused.value.found


def test_a_clock_that_is_a_day_ahead_does_no_harm() -> None:
    """A catalogue of next year would make every one until then an older one."""
    ahead = parsed(changed(FIRST, dateReleased="2031-04-02T06:00:00Z"))
    assert ahead.published_at == OBSERVED + timedelta(days=1)


def entries(**said: Any) -> bytes:
    """The catalogue with its first entry saying something else; None takes the field away."""
    catalogue = json.loads(FIRST)
    first = catalogue["vulnerabilities"][0] | said
    catalogue["vulnerabilities"][0] = {name: value for name, value in first.items() if value is not None}
    return json.dumps(catalogue).encode()


def test_an_entry_says_what_is_exploited_since_when_and_by_whom() -> None:
    found = parsed(FIRST)
    assert (found.feed, found.version, found.observed_at) == ("kev", "2026.08.21", OBSERVED)
    assert found.published_at == datetime(2026, 8, 21, 11, 57, 27, 463200, tzinfo=UTC)
    assert (found.size_bytes, len(found.sha256), len(found.rows)) == (len(FIRST), 64, 10)
    by_cve = {row.cve: row for row in found.rows}
    assert by_cve["CVE-2017-0144"] == Exploited(
        cve="CVE-2017-0144",
        listed_on=date(2022, 2, 10),
        due_on=date(2022, 8, 10),
        ransomware=True,
        vendor="Microsoft",
        product="SMBv1",
        name="Microsoft SMBv1 Remote Code Execution Vulnerability",
    )
    assert by_cve["CVE-2026-72530"].ransomware is None


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_a_packed_catalogue_says_the_same(pack: Any) -> None:
    assert parsed(pack(FIRST)).rows == parsed(FIRST).rows
    assert parsed(b"\xef\xbb\xbf" + FIRST).rows == parsed(FIRST).rows


def test_what_is_added_to_the_schema_does_no_harm_and_what_is_optional_may_lack() -> None:
    assert parsed(changed(FIRST, licence={"id": "CC0"})).rows == parsed(FIRST).rows
    assert parsed(entries(added=[1, {"a": None}])).rows == parsed(FIRST).rows
    lacking = parsed(entries(knownRansomwareCampaignUse=None, dueDate=None, notes=None, cwes=None)).rows[0]
    assert (lacking.ransomware, lacking.due_on) == (None, None)


def replayed(polls: list[bytes]) -> list[Difference[Exploited]]:
    """What changes at each poll against the one before, as the guards take them."""
    snapshots = [parsed(raw) for raw in polls]
    return [accept(before, after) for before, after in zip([None, *snapshots], snapshots, strict=False)]


def check_the_three_polls(polls: list[bytes]) -> None:
    _, second, third = replayed(polls)
    assert [row.cve for row in second.appeared] == ["CVE-2026-69836", "CVE-2026-73570"]
    assert (second.changed, second.vanished) == ((), ())
    assert [(row.cve, row.listed_on) for row in third.vanished] == [("CVE-2026-69836", date(2026, 8, 21))]
    assert (third.appeared, third.changed) == ((), ())


def test_three_polls_of_a_day_show_what_appears_and_what_is_withdrawn() -> None:
    check_the_three_polls([cut(name) for name in CUTS])


def test_the_real_three_polls_show_the_same() -> None:
    polls = [shared(f"kev/polls/{poll}.json.gz") for poll in POLLS]
    assert [len(parsed(raw).rows) for raw in polls] == [1673, 1675, 1674]
    check_the_three_polls(polls)


def test_the_real_catalogues_have_as_many_entries_as_they_say() -> None:
    sizes = {day: len(parsed(shared(REAL.format(day))).rows) for day in ("2025-01-27", "2025-08-25", "2026-08-21")}
    assert sizes == {"2025-01-27": 1252, "2025-08-25": 1404, "2026-08-21": 1674}


def test_a_year_of_the_real_catalogue_only_adds() -> None:
    found = accept(*(parsed(shared(REAL.format(day))) for day in ("2025-08-25", "2026-08-21")))
    assert (len(found.appeared), [row.cve for row in found.vanished]) == (270, [])


def test_a_mirror_that_is_behind_changes_nothing() -> None:
    second, first = parsed(cut(CUTS[1])), parsed(FIRST)
    with pytest.raises(FeedRefused) as refused:
        accept(second, first)
    assert refused.value.kind == "feed_older"


def test_a_catalogue_that_lost_half_is_refused_although_its_count_agrees() -> None:
    before = parsed(FIRST)
    half = json.loads(FIRST)["vulnerabilities"][::2]
    gone = sorted({row.cve for row in before.rows} - {entry["cveID"] for entry in half})
    with pytest.raises(FeedRefused) as refused:
        accept(before, parsed(changed(FIRST, vulnerabilities=half, count=len(half))))
    assert refused.value.kind == "feed_shrunken"
    assert str(refused.value) == (
        f"kev: expected at most 3 withdrawn entries, 5 of 10 entries are gone, {gone[0]} first; "
        "the last good one stays; if the source says that this is meant, import it with --allow-shrinking"
    )


def test_another_order_is_no_change() -> None:
    turned = changed(FIRST, vulnerabilities=json.loads(FIRST)["vulnerabilities"][::-1])
    assert accept(parsed(FIRST), parsed(turned)) == Difference()


@pytest.mark.parametrize("share", [1, 10, 50, 90, 99])
def test_a_catalogue_that_is_cut_off_anywhere_is_refused(share: int) -> None:
    kind, found = refusal(FIRST[: len(FIRST) * share // 100])
    assert (kind, found) == ("feed_truncated", "expected a whole JSON document, it ends in the middle")
    packed = gzip.compress(FIRST)
    kind, found = refusal(packed[: max(20, len(packed) * share // 100)])
    assert (kind, found) == ("feed_truncated", "expected a whole packed file, it ends in the middle")


TWICE = json.loads(FIRST)["vulnerabilities"][:1] * 2
REFUSED: list[tuple[str, bytes, str, str]] = [
    ("nothing", b"", "feed_empty", "expected a feed, 0 bytes came"),
    ("no entries", changed(FIRST, vulnerabilities=[], count=0), "feed_empty", "expected entries, none came"),
    ("fewer", changed(FIRST, count=12), "feed_truncated", "expected 12 entries, as its count says, 10 came"),
    ("more", changed(FIRST, count=9), "feed_wrong_shape", "expected 9 entries, as its count says, 10 came"),
    (
        "one twice",
        changed(FIRST, vulnerabilities=TWICE, count=2),
        "feed_duplicate",
        "expected each entry once, CVE-2026-72530 came twice",
    ),
    ("a page", b"<html>Service unavailable</html>", "feed_wrong_shape", "expected JSON: JSON is malformed: invalid "),
    ("a list", b"[]", "feed_wrong_shape", "Expected `object`, got `array`"),
    ("count as text", changed(FIRST, count="10"), "feed_wrong_shape", "Expected `int`, got `str` - at `$.count`"),
    ("count as a flag", changed(FIRST, count=True), "feed_wrong_shape", "Expected `int`, got `bool` - at `$.count`"),
    ("no version", changed(FIRST, catalogVersion=" "), "feed_wrong_shape", "expected a name at catalogVersion, noth"),
    (
        "a day as release",
        changed(FIRST, dateReleased="2026-08-21"),
        "feed_wrong_shape",
        "Invalid RFC3339 encoded datetime - at `$.dateReleased`",
    ),
    (
        "no zone",
        changed(FIRST, dateReleased="2026-08-21T10:00:00"),
        "feed_wrong_shape",
        "Expected `datetime` with a timezone component - at `$.dateReleased`",
    ),
    (
        "before all time",
        changed(FIRST, dateReleased="0001-01-01T00:00:00+14:00"),
        "feed_wrong_shape",
        "expected a moment at dateReleased, got 0001-01-01T00:00:00+14:00",
    ),
    (
        "the future",
        changed(FIRST, dateReleased="2031-04-02T06:00:01Z"),
        "feed_wrong_shape",
        "expected what was published before now (2031-04-01T06:00:00+00:00), what came is of 2031-04-02T06:00:01+00:00",
    ),
    ("no CVE", entries(cveID=None), "feed_wrong_shape", "Object missing required field `cveID` - at `$.vulner"),
    (
        "no CVE's form",
        entries(cveID="CVE-26-1"),
        "feed_wrong_shape",
        "expected a CVE at vulnerabilities[0].cveID, got 'CVE-26-1'",
    ),
    ("a number as name", entries(product=7), "feed_wrong_shape", "Expected `str`, got `int` - at `$.vulnerabilities["),
    ("a day of none", entries(dateAdded="2026-02-30"), "feed_wrong_shape", "Invalid RFC3339 encoded date - at `$.vu"),
    ("a NUL", entries(product="a\0b"), "feed_wrong_shape", "expected text at vulnerabilities[0].product, it has a NUL"),
    (
        "endless text",
        entries(product="a" * 1001),
        "feed_too_large",
        "expected at most 1000 characters at vulnerabilities[0].product, 1001 came",
    ),
    (
        "Latin-1",
        FIRST.replace(b"TrueConf", "Tr\xfceConf".encode("latin-1"), 1),
        "feed_wrong_encoding",
        "expected UTF-8",
    ),
    ("UTF-16", FIRST.decode().encode("utf-16"), "feed_wrong_encoding", "expected UTF-8, byte 0 is none"),
    ("Zstandard", b"\x28\xb5\x2f\xfd\0\0", "feed_wrong_encoding", "expected plain text, gzip or xz, Zstandard came"),
    ("levels without end", b"[" * 200_000, "feed_wrong_shape", "Expected `object`, got `array`"),
    (
        "levels without end inside",
        b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        "feed_wrong_shape",
        "expected JSON of a few levels, it is nested without end",
    ),
]


@pytest.mark.parametrize(("raw", "kind", "found"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_catalogue_is_refused_with_its_reason(raw: bytes, kind: str, found: str) -> None:
    assert (refusal(raw)[0], refusal(raw)[1][: len(found)]) == (kind, found)
