"""Microsoft's updates: what a month says, what is new in it four days later, and every XML that is an attack."""

import csv
import gzip
import io
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

import pytest

from patchring.feeds import msrc
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import accept, difference
from patchring.feeds.model import Snapshot, Weakness, WindowsUpdate
from patchring.feeds.msrc_month import Month
from tests.feeds.material import OBSERVED, cut, shared

MONTH = cut("msrc/month.xml")
INDEX = cut("msrc/index.json")
REAL_MONTHS = ("2025-Jul", "2025-Aug", "2025-Sep", "2025-Oct", "2025-Nov", "2025-Dec")
REAL_MONTHS += ("2026-Jan", "2026-Feb", "2026-Mar", "2026-Jun")


def parsed(raw: bytes) -> Snapshot[WindowsUpdate]:
    return msrc.parse(raw, OBSERVED)


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(FeedRefused) as refused:
        parsed(raw)
    return refused.value.kind, refused.value.found


def with_(old: str, new: str) -> bytes:
    """The month with the first `old` replaced."""
    assert old.encode() in MONTH
    return MONTH.replace(old.encode(), new.encode(), 1)


def unpacked(name: str) -> bytes:
    """A document of the shared folder; skipped without the folder or `zstd`."""
    packed = shared(name)
    if shutil.which("zstd") is None:
        pytest.skip("the real documents are packed with Zstandard, and there is no `zstd` to unpack them")
    return subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout


@cache
def real(month: str) -> bytes:
    number = datetime.strptime(f"{month} +0000", "%Y-%b %z").month
    return unpacked(f"msrc/cvrf/{month[:4]}-{number:02}_{month}.xml.zst")


@cache
def real_document(month: str) -> Month:
    return msrc.read(real(month))


@cache
def real_snapshot(month: str) -> Snapshot[WindowsUpdate]:
    return parsed(real(month))


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(shared(name)).decode())))


# What a month says


def test_an_update_says_what_it_settles_in_one_product() -> None:
    teapot = Weakness(
        cve="CVE-2021-990001",
        severity="important",
        cvss_tenths=78,
        vector="CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:F/RL:O/RC:C",
        exploited=True,
        disclosed=False,
        exploitability="Exploitation Detected",
        impact="Remote Code Execution",
        title="Windows Teapot Remote Code Execution Vulnerability",
    )
    kettle = Weakness(
        cve="CVE-2021-990002",
        severity="",
        cvss_tenths=None,
        vector="",
        exploited=False,
        disclosed=True,
        exploitability="Exploitation More Likely",
        impact="",
        title="Windows Kettle Elevation of Privilege Vulnerability",
    )
    found = {row.key: row for row in parsed(MONTH).rows}
    assert found["KB5900001 | 90001 | Security Update"] == WindowsUpdate(
        kb="KB5900001",
        product_id="90001",
        product="Windows 21 for x64-based Systems",
        title="5900001",
        classification="Security Update",
        restart="Yes",
        supersedes=("KB5800001",),
        builds=("10.0.31000.101", "10.0.31002.101"),
        weaknesses=(teapot, kettle),
        released_on=date(2021, 3, 11),
        known_issues=("https://support.example/help/5900001",),
    )


def test_one_kb_is_as_many_updates_as_it_has_products_and_classifications() -> None:
    assert [row.key for row in parsed(MONTH).rows] == [
        "KB5900001 | 90001 | Security Update",
        "KB5900001 | 90002 | Monthly Rollup",
        "KB5900009 | 90002 | Security Hotpatch Update",
        "Release Notes 300.0.1.2 | 90003 | Security Update",
    ]


def test_a_severity_and_a_score_hold_for_the_product_that_they_are_said_of() -> None:
    rollup = next(row for row in parsed(MONTH).rows if row.classification == "Monthly Rollup")
    assert [(each.cve, each.severity, each.cvss_tenths) for each in rollup.weaknesses] == [
        ("CVE-2021-990001", "critical", 98)
    ]
    assert (rollup.supersedes, rollup.known_issues) == (("KB5800001", "KB5800002"), ())


def test_what_has_no_kb_is_known_by_its_build_and_was_not_released_before_its_cve() -> None:
    border = parsed(MONTH).rows[-1]
    assert (border.kb, border.title, border.builds) == ("", "Release Notes", ("300.0.1.2",))
    assert (border.restart, border.released_on) == ("No", date(2021, 3, 19))


def test_a_month_says_which_revision_of_which_month_it_is() -> None:
    found = parsed(MONTH)
    assert (found.feed, found.part, found.version, found.complete) == ("msrc", "2021-Mar", "7", True)
    assert found.published_at == datetime(2021, 3, 20, 15, tzinfo=UTC)


def test_what_nothing_settles_yet_is_in_the_document_and_in_no_update() -> None:
    advisory = msrc.read(MONTH).vulnerabilities[-1]
    assert (advisory.cve, advisory.affected, advisory.fixes) == ("ADV219901", ("90002",), ())
    assert (advisory.exploited, advisory.disclosed, advisory.revised_at) == (None, None, None)
    assert not any("ADV219901" in row.cves for row in parsed(MONTH).rows)


def test_of_two_that_a_month_says_of_one_cve_the_graver_holds() -> None:
    start = MONTH.index(b'  <vuln:Vulnerability Ordinal="2">')
    end = MONTH.index(b'  <vuln:Vulnerability Ordinal="3">')
    milder = MONTH[start:end].replace(b"Publicly Disclosed:Yes", b"Publicly Disclosed:No")
    found = {row.key: row for row in parsed(MONTH[:end] + milder + MONTH[end:]).rows}
    said = found["KB5900001 | 90001 | Security Update"].weaknesses
    assert [(each.cve, each.disclosed) for each in said] == [("CVE-2021-990001", False), ("CVE-2021-990002", True)]


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("CVE-2021-990001<", "CVE-31-1<", "expected a CVE or an advisory of Microsoft, got 'CVE-31-1'"),
        ("<vuln:BaseScore>7.8", "<vuln:BaseScore>high", "expected a CVSS score of 0.0 to 10.0, got 'high'"),
        ("<vuln:BaseScore>7.8", "<vuln:BaseScore>10.1", "expected a CVSS score of 0.0 to 10.0, got '10.1'"),
        ("<vuln:BaseScore>7.8", "<vuln:BaseScore>NaN", "expected a CVSS score of 0.0 to 10.0, got 'NaN'"),
        ("<vuln:BaseScore>7.8", "<vuln:BaseScore>1e999999", "expected a CVSS score of 0.0 to 10.0, got '1e999999'"),
        ("2021-03-11T07:00:00<", "soon<", "expected a time at the first release, got 'soon'"),
        ("<vuln:ProductID>90001<", "<vuln:ProductID>77<", "expected a product of the document, got '77'"),
        ('ProductID="90001"', 'ProductID=""', "expected the number of a product, got ''"),
        (
            "Supercedence>5800001<",
            "Supercedence>the last one<",
            "expected the number of a superseded update, got 'the last one'",
        ),
        ("<cvrf:ID>2021-Mar<", "<cvrf:ID> <", "expected a name at the month, nothing came"),
    ],
)
def test_a_field_that_says_what_cannot_be_refuses_the_month(old: str, new: str, expected: str) -> None:
    assert refusal(with_(old, new)) == ("feed_wrong_shape", expected)


def test_a_month_without_a_part_of_it_is_refused() -> None:
    start, end = MONTH.index(b"<prod:ProductTree>"), MONTH.index(b"</prod:ProductTree>") + len(b"</prod:ProductTree>")
    assert refusal(MONTH[:start] + MONTH[start:end] + MONTH[start:]) == (
        "feed_wrong_shape",
        "expected one ProductTree, two came",
    )
    title = b"<cvrf:DocumentTitle>March 2021 Security Updates</cvrf:DocumentTitle>"
    assert refusal(MONTH.replace(title, b"")) == ("feed_wrong_shape", "expected a DocumentTitle, none came")
    first = MONTH.index(b"  <vuln:Vulnerability Ordinal")
    assert refusal(MONTH[:first] + b"</cvrf:cvrfdoc>")[0] == "feed_empty"


@pytest.mark.parametrize("share", [1, 10, 50, 90, 99])
def test_a_month_that_ends_early_is_refused(share: int) -> None:
    assert refusal(MONTH[: len(MONTH) * share // 100])[0] == "feed_truncated"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "feed_empty"),
        (b"   ", "feed_truncated"),
        (b"<html><body>Service unavailable</body></html>", "feed_wrong_shape"),
        (b'{"value": []}', "feed_wrong_shape"),
        (b"<a><b></a>", "feed_wrong_shape"),
        (MONTH.decode().encode("utf-16"), "feed_wrong_encoding"),
        (MONTH.replace(b"Teapot", b"Tea\xe9pot", 1), "feed_wrong_encoding"),
        (MONTH + MONTH, "feed_wrong_shape"),
        (b"\x28\xb5\x2f\xfd1234", "feed_wrong_encoding"),
    ],
)
def test_what_is_no_month_is_refused(raw: bytes, kind: str) -> None:
    assert refusal(raw)[0] == kind


DOCTYPES = {
    "laughs": '<!DOCTYPE cvrfdoc [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    "file": '<!DOCTYPE cvrfdoc [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "network": '<!DOCTYPE cvrfdoc SYSTEM "http://192.0.2.1/cvrf.dtd">',
    "parameter": '<!DOCTYPE cvrfdoc [<!ENTITY % p SYSTEM "http://192.0.2.1/p"> %p;]>',
    "quadratic": f'<!DOCTYPE cvrfdoc [<!ENTITY a "{"x" * 50_000}">]>',
    "empty": "<!DOCTYPE cvrfdoc>",
}


@pytest.mark.parametrize("attack", sorted(DOCTYPES))
def test_a_document_that_could_bring_entities_is_refused(attack: str) -> None:
    raw = DOCTYPES[attack].encode() + with_("Windows Teapot", "&a;&c;" if attack == "laughs" else "Windows")
    assert refusal(raw) == (
        "feed_wrong_shape",
        "expected XML without a DOCTYPE, it has one; entities could be an attack",
    )


def test_an_entity_that_nobody_declared_is_refused() -> None:
    assert refusal(with_("Windows Teapot", "&teapot;")) == (
        "feed_wrong_shape",
        "expected XML: undefined entity at line 40",
    )


def test_a_document_cannot_be_deeper_longer_or_more_than_a_month_is() -> None:
    deep = b"<a>" * 40 + b"</a>" * 40
    assert refusal(with_("<vuln:CVE>", f"{deep.decode()}<vuln:CVE>"))[0] == "feed_too_large"
    assert refusal(with_('Ordinal="1"', f'Ordinal="{"1" * 10_000}"'))[0] == "feed_too_large"
    many = " ".join(f'a{number}="1"' for number in range(100))
    assert refusal(with_('Ordinal="1"', many))[0] == "feed_too_large"
    assert refusal(with_("Windows Teapot", "x" * 5_000_000))[0] == "feed_too_large"
    assert refusal(with_("Windows Teapot", "x" * 2000))[0] == "feed_too_large"
    assert refusal(with_("<vuln:CVE>", "<a/>" * 500_000 + "<vuln:CVE>"))[0] == "feed_too_large"
    assert refusal(with_('Ordinal="1"', f'Ordinal="{"1" * 4_000_000}"'))[0] == "feed_too_large"
    assert refusal(MONTH + b" " * (64 * 1024 * 1024))[0] == "feed_too_large"


# The index of months


def test_the_index_says_which_months_to_fetch_and_which_it_has_less_of() -> None:
    listed = msrc.parse_index(INDEX, OBSERVED)
    loaded = {row.month: row.revised_at for row in listed.rows}
    earlier, later = datetime(2021, 3, 19, tzinfo=UTC), datetime(2021, 3, 21, tzinfo=UTC)
    assert [row.month for row in msrc.to_fetch({}, listed)] == ["2021-Feb", "2021-Mar"]
    assert [row.month for row in msrc.to_fetch(loaded | {"2021-Mar": earlier}, listed)] == ["2021-Mar"]
    assert (msrc.to_fetch(loaded, listed), msrc.behind(loaded, listed)) == ((), ())
    ahead = loaded | {"2021-Jan": earlier, "2021-Mar": later}
    assert (msrc.to_fetch(ahead, listed), msrc.behind(ahead, listed)) == ((), ("2021-Jan", "2021-Mar"))


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "feed_empty"),
        (b'{"value": []}', "feed_empty"),
        (INDEX[:300], "feed_truncated"),
        (INDEX.replace(b'"ID": "2021-Mar"', b'"ID": 3'), "feed_wrong_shape"),
        (INDEX.replace(b'"ID": "2021-Mar"', b'"ID": "2021-Feb"'), "feed_duplicate"),
        (INDEX.replace(b"2021-03-20T15:00:00Z", b"today"), "feed_wrong_shape"),
    ],
)
def test_what_is_no_index_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        msrc.parse_index(raw, OBSERVED)
    assert refused.value.kind == kind


def polls_of_july() -> list[Snapshot[msrc.MonthListed]]:
    """The index at each of 85 polls, as the log of them has it."""
    listed: dict[str, list[msrc.MonthListed]] = defaultdict(list)
    for line in csv.DictReader(io.StringIO(shared("msrc/feed_poll_log_2026-07.csv").decode())):
        at = line["index_current_release"]
        if line["listed_in_index"] == "1":
            revised_at = datetime.fromisoformat(at)
            listed[line["polled_at_utc"]].append(msrc.MonthListed(line["cvrf_month"], "", revised_at, revised_at, ""))
    return [Snapshot("msrc", tuple(rows), None, "", OBSERVED, "", 0, msrc.INDEX) for _, rows in sorted(listed.items())]


def test_a_month_that_was_gone_for_eight_hours_is_named_as_gone_and_what_was_loaded_of_it_stays() -> None:
    polls = polls_of_july()
    found = [accept(before, after) for before, after in pairwise(polls)]
    gone = [row.month for each in found for row in each.vanished]
    back = [row.month for each in found for row in each.appeared]
    assert len(polls) == 85
    assert (gone, back) == (["2026-Jun"], ["2026-Jul", "2026-Jun"])


def test_85_real_polls_fetch_each_revision_once_and_none_that_is_older() -> None:
    """June is not listed at six polls, and at 26 with a revision of two days before, of 1,205 instead of 1,279 CVEs."""
    loaded: dict[str, datetime] = {}
    fetched: list[str] = []
    less: list[str] = []
    for poll in polls_of_july():
        less += msrc.behind(loaded, poll)
        wanted = msrc.to_fetch(loaded, poll)
        fetched += [f"{row.month} {row.revised_at:%m-%dT%H:%M}" for row in wanted]
        loaded |= {row.month: row.revised_at for row in wanted}
    assert [each for each in fetched if "Jun" in each] == [
        "2026-Jun 07-01T14:48",
        "2026-Jun 07-03T01:10",
        "2026-Jun 07-04T01:03",
        "2026-Jun 07-05T14:46",
    ]
    assert (sorted(loaded), {month: less.count(month) for month in less}) == (
        ["2026-Jul", "2026-Jun", "2026-May"],
        {"2026-Jun": 32},
    )


# The real documents


@pytest.mark.parametrize("month", REAL_MONTHS)
def test_a_real_month_has_what_its_table_counts(month: str) -> None:
    counted = next(
        row for row in csv.DictReader(io.StringIO(shared("msrc/months.csv").decode())) if row["cvrf_month"] == month
    )
    found = real_document(month)
    assert (len(found.vulnerabilities), len(found.products)) == (
        int(counted["n_vulnerabilities"]),
        int(counted["n_products"]),
    )
    assert found.published_at == msrc.moment("the table", counted["initial_release"])
    assert found.revised_at == msrc.moment("the table", counted["current_release"])


def test_ten_real_months_settle_what_the_table_of_pairs_says() -> None:
    """All 21,615 pairs of KB, CVE and product but one: the table leaves out a number of eight digits."""
    said = {
        (row["cvrf_month"], row["kb"], row["cve"], product)
        for row in table("msrc/kb_cve.csv.gz")
        for product in row["product_ids"].split("|")
    }
    found = {
        (month, row.kb, cve, row.product_id)
        for month in REAL_MONTHS
        for row in real_snapshot(month).rows
        for cve in row.cves
        if row.kb
    }
    assert found - said == {("2025-Jul", "KB31909343", "CVE-2025-47178", "16788")}
    assert {pair for pair in said if pair[0] in REAL_MONTHS} - found == set()


def test_every_kb_of_ten_real_months_agrees_with_the_table_of_kbs() -> None:
    """Those that are in no other month. Where the two differ, each difference is named and has its reason."""
    differ: dict[str, set[str]] = defaultdict(set)
    compared = 0
    for kb, rows in kbs_of_loaded_months().items():
        theirs = table_of_kbs()[kb]
        compared += 1
        for column, ours in aggregated(rows).items():
            if ours != theirs[column]:
                differ[column].add(kb)
    assert compared == 331
    assert {column: len(kbs) for column, kbs in differ.items()} == {
        # Out of band: the table has the day of the month's document, we the first day of the earliest CVE.
        "release_date": 24,
        # One spelling for hotpatches (2), and two KBs of which the classification differs by product.
        "update_type": 4,
        # The table takes a CVE's highest score of any product; CVE-2025-6965 has 9.8 in another one.
        "max_cvss": 6,
        # CVE-2025-2884 is critical in the one product that KB5077179 is for, and important in most.
        "n_critical": 1,
    }
    assert differ["update_type"] == {"KB5063812", "KB5064010", "KB5066128", "KB5074204"}
    assert differ["n_critical"] == {"KB5077179"}


def table_of_kbs() -> dict[str, dict[str, str]]:
    return {row["kb"]: row for row in table("msrc/kb.csv.gz")}


def kbs_of_loaded_months() -> dict[str, list[WindowsUpdate]]:
    months: dict[str, set[str]] = defaultdict(set)
    for row in table("msrc/kb_cve.csv.gz"):
        months[row["kb"]].add(row["cvrf_month"])
    found: dict[str, list[WindowsUpdate]] = defaultdict(list)
    for month in REAL_MONTHS:
        for row in real_snapshot(month).rows:
            if months.get(row.kb, set()) and months[row.kb] <= set(REAL_MONTHS):
                found[row.kb].append(row)
    return found


def aggregated(rows: list[WindowsUpdate]) -> dict[str, str]:
    """In the columns of the table."""
    said = [each for row in rows for each in row.weaknesses]
    return {
        "release_date": str(min(str(row.released_on) for row in rows)),
        "update_type": " / ".join(sorted({row.classification for row in rows})),
        "restart_required": " ".join(sorted({row.restart or "" for row in rows})),
        "supersedes": " ".join(sorted({kb for row in rows for kb in row.supersedes})),
        "fixed_builds": " ".join(sorted({build for row in rows for build in row.builds})),
        "n_cves": str(len({each.cve for each in said})),
        "n_critical": str(len({each.cve for each in said if each.severity == "critical"})),
        "n_exploited_at_release": str(len({each.cve for each in said if each.exploited})),
        "max_cvss": str(max(each.cvss_tenths or 0 for each in said) / 10),
        "product_ids": "|".join(sorted({row.product_id for row in rows})),
    }


def test_one_real_kb_is_a_rollup_of_one_product_and_a_security_update_of_another() -> None:
    found = {(row.product_id, row.classification) for row in real_snapshot("2025-Oct").rows if row.kb == "KB5066128"}
    assert {classification for _, classification in found} == {"Monthly Rollup", "Security Update"}
    assert len({product for product, _ in found}) == 2


def test_the_same_month_four_days_apart_has_new_cves_and_no_update_of_windows_differs() -> None:
    raw = unpacked("msrc/polls/2026-Jun_20260702T155644Z.xml.zst")
    before, after = parsed(raw), real_snapshot("2026-Jun")
    assert (before.version, after.version) == ("1007", "1130")
    found = accept(before, after)
    assert (len(found.appeared), len(found.changed), len(found.vanished)) == (7, 2, 2)
    assert not any(row.kb for row in (*found.appeared, *found.vanished))
    assert [(row.key, set(row.cves) - set(was.cves)) for was, row in found.changed] == [
        ("CBL-Mariner Releases 9.1.0-8 | 21518-17084 | Security Update", {"CVE-2026-3195"}),
        ("Release Notes 149.0.4022.62 | 11655 | Security Update", {"CVE-2026-50521"}),
    ]
    earlier = {each.cve for each in msrc.read(raw).vulnerabilities}
    later = {each.cve for each in real_document("2026-Jun").vulnerabilities}
    assert (len(earlier), len(later), earlier - later) == (1273, 1279, set())
    with pytest.raises(FeedRefused) as refused:
        accept(after, before)
    assert refused.value.kind == "feed_older"


def test_a_real_month_cut_in_half_is_refused_and_a_thinned_one_has_shrunk() -> None:
    raw = real("2026-Feb")
    assert refusal(raw[: len(raw) // 2])[0] == "feed_truncated"
    first, last = raw.index(b"<vuln:Vulnerability\n"), raw.rindex(b"<vuln:Vulnerability\n")
    thinned = parsed(raw[:first] + raw[last:])
    assert difference(real_snapshot("2026-Feb"), thinned).vanished
    with pytest.raises(FeedRefused) as refused:
        accept(real_snapshot("2026-Feb"), thinned)
    assert refused.value.kind == "feed_shrunken"


def test_the_real_index_lists_190_months() -> None:
    found = msrc.parse_index(shared("msrc/updates_index.json"), OBSERVED)
    assert (len(found.rows), found.version) == (190, "2026-07-05T14:46:17+00:00")
