"""Advisories of distributions: ranges, CVEs, ratings, withdrawals, packings; and files that are none."""

import csv
import gzip
import io
import json
import lzma
import zipfile
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from patchring.core.risk.matching import Affected
from patchring.feeds import guards, osv
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import BOUNDS, Bounds, Difference, accept
from patchring.feeds.model import Advisory, Snapshot
from tests.feeds.material import OBSERVED, cut, shared

CUT = cut("osv/alma.ndjson")
DEBIAN = "Debian:12"


def parsed(raw: bytes, **said: Any) -> Snapshot[Advisory]:
    return osv.parse(raw, OBSERVED, **said)


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    return refused.value.kind, refused.value.found


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return packed.getvalue()


def entry(*events: dict[str, str], **said: Any) -> bytes:
    """An advisory of one package with these events."""
    affected = [
        {
            "package": {"ecosystem": DEBIAN, "name": "openssl"},
            "ranges": [{"type": "ECOSYSTEM", "events": list(events or ({"introduced": "0"}, {"fixed": "3"}))}],
        }
    ]
    return json.dumps({"id": "DSA-1", "modified": "2026-08-01T10:00:00Z", "affected": affected} | said).encode()


def spans(raw: bytes) -> list[tuple[str, str, str]]:
    (row,) = parsed(raw).rows
    return [(line.introduced, line.fixed, line.last) for line in row.affected]


def test_an_advisory_says_what_it_settles_where() -> None:
    by_id = {row.advisory_id: row for row in parsed(CUT).rows}
    assert sorted(by_id) == [
        "ALSA-2026:0067",
        "ALSA-2026:0932",
        "ALSA-2026:19178",
        "ALSA-2026:19367",
        "ALSA-2026:19372",
        "ALSA-2026:6621",
    ]
    assert by_id["ALSA-2026:0067"] == Advisory(
        advisory_id="ALSA-2026:0067",
        ecosystem="AlmaLinux",
        published_at=datetime(2026, 1, 5, tzinfo=UTC),
        modified_at=datetime(2026, 1, 13, 8, 42, 22, tzinfo=UTC),
        withdrawn_at=None,
        cves=("CVE-2025-45582",),
        severity="moderate",
        summary="Moderate: tar security update",
        affected=(Affected("ALSA-2026:0067", "AlmaLinux:9", "tar", "", "2:1.34-9.el9_7"),),
    )
    assert (by_id["ALSA-2026:19372"].severity, by_id["ALSA-2026:19367"].cves) == ("critical", ())


def test_a_file_a_list_and_a_zip_of_the_same_advisories_say_the_same() -> None:
    lines = CUT.splitlines()
    files = {f"all/{number}.json": line for number, line in enumerate(lines)} | {"README.md": b"not read"}
    expected = parsed(CUT).rows
    for raw in (
        lzma.compress(CUT),
        gzip.compress(CUT) + gzip.compress(b"\n" + lines[0]),
        b"\n".join(lines[::-1]),
        b"[" + b",".join(lines) + b"]",
        zipped(files),
        zipped(files, zipfile.ZIP_STORED),
    ):
        assert parsed(raw).rows == expected
    printed = json.dumps(json.loads(lines[0]), indent=2).encode()
    assert parsed(printed).rows == parsed(lines[0]).rows == parsed(lines[0] + b"\n").rows


def test_a_part_and_a_delta_are_told_on() -> None:
    found = parsed(CUT, part="AlmaLinux", complete=False)
    assert (found.part, found.complete, found.version, found.published_at) == ("AlmaLinux", False, "", None)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([{"introduced": "0"}, {"fixed": "3"}], [("", "3", "")]),
        ([{"introduced": "0"}], [("", "", "")]),
        ([{"introduced": "2"}, {"last_affected": "2.9"}], [("2", "", "2.9")]),
        ([{"fixed": "3"}, {"introduced": "0"}], [("", "3", "")]),
        (
            [{"introduced": "10"}, {"fixed": "9~rc1"}, {"introduced": "0"}, {"fixed": "10.2"}],
            [("", "9~rc1", ""), ("10", "10.2", "")],
        ),
        ([{"introduced": "0"}, {"fixed": "2"}, {"fixed": "3"}], [("", "2", "")]),
        ([{"introduced": "0"}, {"introduced": "1"}, {"fixed": "2"}], [("", "2", "")]),
        ([{"introduced": "0"}, {"fixed": "2"}, {"introduced": "2"}], [("", "2", ""), ("2", "", "")]),
        ([{"introduced": "2"}, {"last_affected": "2"}], [("2", "", "2")]),
    ],
)
def test_ranges_begin_and_end_by_the_order_of_the_distribution(
    events: list[dict[str, str]], expected: list[tuple[str, str, str]]
) -> None:
    assert spans(entry(*events)) == expected


def test_versions_speak_where_no_range_does_and_other_things_do_not() -> None:
    git = {"type": "GIT", "events": [{"introduced": "0"}, {"limit": "abc"}]}
    package = {"ecosystem": DEBIAN, "name": "openssl"}
    named = entry(affected=[{"package": package, "ranges": [git], "versions": ["1.1-1", "1.1-2"]}])
    assert spans(named) == [("1.1-1", "", "1.1-1"), ("1.1-2", "", "1.1-2")]
    for nothing in ([{"package": {"ecosystem": "npm", "name": "left-pad"}, "versions": ["1"]}], [{}], [], None):
        (row,) = parsed(entry(affected=nothing)).rows
        assert (row.ecosystem, row.affected) == ("", ())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"aliases": ["CVE-2026-2000", "GHSA-1"], "upstream": ["CVE-2026-1000"]}, ("CVE-2026-1000", "CVE-2026-2000")),
        ({"upstream": ["CVE-2026-1000"], "related": ["CVE-2020-9999"]}, ("CVE-2026-1000",)),
        ({"related": ["UBUNTU-CVE-2026-1000", "CVE-2026-1000", "USN-1"]}, ("CVE-2026-1000",)),
        ({"id": "DEBIAN-CVE-2026-1000", "related": ["CVE-2020-9999"]}, ("CVE-2026-1000",)),
        ({"aliases": None, "related": ["see CVE-2026-1000"]}, ()),
    ],
)
def test_cves_are_those_that_it_fixes_or_else_those_it_is_related_to(
    said: dict[str, Any], expected: tuple[str, ...]
) -> None:
    (row,) = parsed(entry(**said)).rows
    assert row.cves == expected


def test_ratings_are_the_vendors_own_and_vectors_are_apart() -> None:
    severity = [{"type": "Ubuntu", "score": "medium"}, {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]
    severity += [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}, {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]
    (ubuntu,) = parsed(entry(severity=severity)).rows
    assert (ubuntu.severity, ubuntu.vectors) == ("medium", ("CVSS:4.0/AV:N", "CVSS:3.1/AV:N"))
    lines = [
        {"package": {"ecosystem": DEBIAN, "name": "curl"}, "ecosystem_specific": {"urgency": urgency}}
        for urgency in ("unimportant", "low", "not yet assigned", 7)
    ]
    (debian,) = parsed(entry(affected=lines)).rows
    assert (debian.severity, debian.vectors) == ("low", ())


def test_what_was_withdrawn_says_when_and_stays() -> None:
    before = parsed(entry())
    after = parsed(entry(withdrawn="2026-08-20T12:00:00+02:00"))
    found = accept(before, after)
    assert [new.withdrawn_at for _, new in found.changed] == [datetime(2026, 8, 20, 10, tzinfo=UTC)]
    assert (found.appeared, found.vanished) == ((), ())


def test_a_summary_is_the_first_line_of_what_there_is() -> None:
    (row,) = parsed(entry(details=f"\n {'a' * 400}\nmore\0")).rows
    assert row.summary == "a" * 299 + "…"


@pytest.mark.parametrize(
    ("name", "advisories", "lines", "without_cve"),
    [("alma9_osv_2026", 509, 8204, 1), ("debian_osv_sample", 120, 437, 4), ("rocky_osv_sample", 116, 117, 3),
     ("ubuntu_osv_sample", 124, 1230, 2)],
)  # fmt: skip
def test_the_real_advisories_load(name: str, advisories: int, lines: int, without_cve: int) -> None:
    """Alma's file has 528 lines: fifteen advisories, of several releases each, are there two or three times."""
    rows = parsed(shared(f"linux/{name}.ndjson.xz")).rows
    found = (len(rows), sum(len(row.affected) for row in rows), sum(not row.cves for row in rows))
    assert found == (advisories, lines, without_cve)


def test_the_real_advisories_agree_with_the_table_that_was_made_apart() -> None:
    """The fixed versions for AlmaLinux 9. The table gives Java of several releases the versions of AlmaLinux 8, and
    leaves packages of some module streams out; all the rest is the same."""
    rows = {row.advisory_id: row for row in parsed(shared("linux/alma9_osv_2026.ndjson.xz")).rows}
    told = gzip.decompress(shared("linux/alma_fixed_versions.csv.gz")).decode()
    fixed: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in csv.DictReader(io.StringIO(told)):
        if line["almalinux"] == "9":
            fixed[line["advisory"]].add((line["package"], line["fixed_version"]))
    ours = {
        key: {(line.package, line.fixed) for line in row.affected if line.ecosystem == "AlmaLinux:9"}
        for key, row in rows.items()
    }
    java, modules = ("0932", "42877", "42895", "55775", "9683"), ("48197", "57539", "7896")
    assert len(ours) == len(ours.keys() & fixed.keys()) == 509
    assert sorted(key for key in ours if ours[key] != fixed[key]) == sorted(f"ALSA-2026:{n}" for n in java + modules)


def test_a_delta_of_the_real_advisories_changes_only_what_it_names() -> None:
    whole = parsed(CUT)
    delta = parsed(entry(id="ALSA-2026:0067", related=["CVE-2026-5000"]), complete=False)
    found = accept(whole, delta)
    assert ([new.cves for _, new in found.changed], found.vanished) == ([("CVE-2026-5000",)], ())


def test_the_order_of_lines_is_no_change() -> None:
    assert accept(parsed(CUT), parsed(b"\n".join(CUT.splitlines()[::-1]))) == Difference()


GOOD = zipped({"1.json": entry(), "2.json": entry(id="DSA-2")})
REFUSED: list[tuple[str, bytes, str, str]] = [
    ("nothing", b"", "feed_empty", "expected a feed, 0 bytes came"),
    ("an empty list", b"[]", "feed_empty", "expected entries, none came"),
    ("only spaces", b" \n ", "feed_truncated", "expected a whole JSON document, it ends in the middle"),
    ("a number", b"7", "feed_wrong_shape", "Expected `object`, got `int`"),
    ("cut in a line", CUT[:-200], "feed_truncated", "line 7: expected a whole JSON document, it ends in the middle"),
    ("no id", b'{"modified":"2026-08-01T10:00:00Z"}', "feed_wrong_shape", "Object missing required field `id`"),
    ("an empty id", entry(id=""), "feed_wrong_shape", "expected a name at id, nothing came"),
    ("a long id", entry(id="D" * 201), "feed_too_large", "expected at most 200 characters at id, 201 came"),
    ("no moment", entry(modified="yesterday"), "feed_wrong_shape", "Invalid RFC3339 encoded datetime - at `$.modifie"),
    ("aliases as text", entry(aliases="CVE-2026-1000"), "feed_wrong_shape", "Expected `array | null`, got `str` - at"),
    ("a number as alias", entry(aliases=[7]), "feed_wrong_shape", "Expected `str`, got `int` - at `$.aliases[0]`"),
    ("never begun", entry({"fixed": "3"}), "feed_wrong_shape", "expected a range of DSA-1 to begin with introduced"),
    (
        "an event of two",
        entry({"introduced": "0", "fixed": "3"}),
        "feed_wrong_shape",
        "expected introduced, fixed or last_affected in each event of DSA-1, 2 came",
    ),
    ("an event of none", entry({"introduced": "0"}, {}), "feed_wrong_shape", "expected introduced, fixed or last_affe"),
    (
        "a limit",
        entry({"introduced": "0"}, {"limit": "2"}),
        "feed_wrong_shape",
        "expected introduced, fixed or last_af",
    ),
    ("no version", entry({"introduced": "0"}, {"fixed": ""}), "feed_wrong_shape", "expected a name at fixed of DSA-1,"),
    (
        "no vector",
        entry(severity=[{"type": "CVSS_V3", "score": "a\nb"}]),
        "feed_wrong_shape",
        "expected a CVSS vector in DSA-1, got 'a\\nb'",
    ),
    (
        "two that differ",
        entry() + b"\n" + entry(summary="x"),
        "feed_duplicate",
        "line 2: expected one advisory DSA-1, tw",
    ),
    (
        "a broken line among good ones",
        b"\n" + entry() + b"\n\n" + b'{"id": DSA-2}\n',
        "feed_wrong_shape",
        "line 4: expected JSON: JSON is malformed: invalid character (byte 7)",
    ),
    (
        "a broken line in one printed for people",
        b'{\n  "id": "DSA-1",\n  "modified": yesterday\n}\n',
        "feed_wrong_shape",
        "line 3: expected JSON: JSON is malformed: invalid character (byte ",
    ),
    ("a broken one in a list", b"[" + entry() + b', {"id": 7}]', "feed_wrong_shape", "entry 2: Expected `str`, got"),
    ("a zip cut off", GOOD[:-30], "feed_truncated", "expected a whole zip, it is cut off or damaged"),
    ("a zip of nothing", zipped({"a.txt": b"x"}), "feed_empty", "expected .json files in the zip, there are none"),
    ("a page in a zip", zipped({"1.json": b"<html>"}), "feed_wrong_shape", "1: expected JSON: JSON is malformed"),
    ("Latin-1 in a zip", zipped({"1.json": entry().replace(b"openssl", b"\xe9")}), "feed_wrong_", "1: expected"),
    (
        "a bomb in a zip",
        zipped({"1.json": b" " * (17 * 1024 * 1024)}),
        "feed_too_large",
        "expected advisories of at most 16777216 bytes, one is larger",
    ),
]


@pytest.mark.parametrize(("raw", "kind", "found"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_advisory_refuses_the_whole_feed_with_its_reason(raw: bytes, kind: str, found: str) -> None:
    assert (refusal(raw)[0][: len(kind)], refusal(raw)[1][: len(found)]) == (kind, found)


ANOTHER_PART: list[tuple[str, bytes, str]] = [
    ("all of another", entry(), "expected advisories of AlmaLinux, got Debian (1)"),
    ("some of another", CUT + entry(), "expected advisories of AlmaLinux, got AlmaLinux (6), Debian (1); DSA-1 is not"),
    ("of no distribution", entry(affected=[]), "expected advisories of AlmaLinux, got none of a distribution"),
]


@pytest.mark.parametrize(("raw", "found"), [row[1:] for row in ANOTHER_PART], ids=[row[0] for row in ANOTHER_PART])
def test_what_is_of_another_part_is_refused_with_what_came(raw: bytes, found: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw, part="AlmaLinux")
    assert (refused.value.kind, refused.value.found[: len(found)]) == ("feed_wrong_part", found)


def test_what_has_no_line_left_is_of_its_part_still() -> None:
    """A withdrawn advisory among others."""
    rows = parsed(entry() + b"\n" + entry(id="DSA-2", affected=[]), part="Debian").rows
    assert [row.advisory_id for row in rows] == ["DSA-1", "DSA-2"]


def test_a_damaged_member_of_a_zip_is_told() -> None:
    at = GOOD.index(b"1.json") + 10
    damaged = GOOD[:at] + bytes([GOOD[at] ^ 0xFF]) + GOOD[at + 1 :]
    kind, found = refusal(damaged)
    assert (kind, found[:45]) == ("feed_wrong_encoding", "expected a sound zip, '1.json' is damaged (Er")


def test_a_zip_of_many_small_bombs_is_bounded_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    small: dict[str, Bounds] = {**BOUNDS, "osv": Bounds(10_000, 3 * len(entry()), 3, 10)}
    for module in (guards, osv.documents.__globals__, osv.__dict__):
        target = module if isinstance(module, dict) else module.__dict__
        monkeypatch.setitem(target, "BOUNDS", small)
    files = {f"{number}.json": entry() for number in range(4)}
    assert refusal(zipped(files)) == ("feed_too_large", "expected at most 3 files in the zip, 4 came")
    padded = {f"{number}.json": entry() + b" " * len(entry()) for number in range(3)}
    assert refusal(zipped(padded))[1] == f"expected at most {3 * len(entry())} bytes once unpacked, there are more"
    several = b"\n".join(entry(id=f"D{number}", affected=[]) for number in range(4))
    assert refusal(several)[0] == "feed_too_large"
