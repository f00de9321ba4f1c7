"""Ten patches, traced by hand through the sources: what each settles and replaces, since when that is exploited, due.

| patch | source (shared/data) | KB or version, product | settles, CVSS, exploited at release | replaces | KEV |
|---|---|---|---|---|---|
| SharePoint | msrc/cvrf/2025-07 | KB5002754, 11585 | CVE-2025-53770, 9.8, yes | nothing | 2025-07-20, ransomware |
| WSUS | msrc/cvrf/2025-10 | KB5070881, 12436 | CVE-2025-59287, 9.8, no | nothing | 2025-10-24 |
| October | msrc/cvrf/2025-10 | KB5066835, 12390 | CVE-2025-59230, 7.8, yes | KB5065426 | 2025-10-14 |
| November | msrc/cvrf/2025-11 | KB5068861, 12390 | CVE-2025-62215, 7.0, yes | KB5066835 | 2025-11-12 |
| December | msrc/cvrf/2025-11, -12 | KB5072033, 12390 | CVE-2025-60710, 7.8, no | KB5068861 | 2026-04-13, ransomware |
| January | msrc/cvrf/2026-01 | KB5074109, 12390 | CVE-2026-20805, 5.5, yes | KB5072033 | 2026-01-13 |
| February | msrc/cvrf/2026-02 | KB5077181, 12390 | CVE-2026-21510, 8.8, yes | KB5074109 | 2026-02-10 |
| March | msrc/cvrf/2026-03 | KB5079473, 12390 | CVE-2026-23667, 7.0, no | KB5077181 | not listed |
| macOS | macos/v2_macos_data_feed | 26.6.1 (25G76) | CVE-2026-65400, yes | 26.6 | 2026-08-18 |
| Tomcat | linux/alma9_osv_2026 | tomcat 1:9.0.117-2.el9_8 | CVE-2026-34486 | | 2026-08-04 |

Product 11585 is SharePoint Server 2019, 12436 Windows Server 2025, 12390 Windows 11 24H2 for x64. KEV is that of
2026-08-21. The due dates are by BOD 26-04's table for a device that was scanned on the day of the fix: row 1 or 5
(exposed, automatable, total impact: three days), and row 12 or 16 (internal, not automatable, partial impact: 14 days
from the listing, else with the next upgrade).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import pytest

from patchring.core.risk.due import due_of
from patchring.core.risk.facts import Exposure, Finding, Impact, Vulnerability
from patchring.core.risk.matching import Affected
from patchring.core.risk.tables import bod_26_04
from patchring.feeds import kev, osv, sofa
from patchring.feeds.model import Exploited, WindowsUpdate
from patchring.feeds.msrc_updates import merged
from tests.feeds.material import OBSERVED, shared
from tests.feeds.test_msrc import real_snapshot

MONTHS = ("2025-Jul", "2025-Aug", "2025-Sep", "2025-Oct", "2025-Nov", "2025-Dec", "2026-Jan", "2026-Feb", "2026-Mar")
X64 = "12390"


@dataclass(frozen=True)
class Traced:
    """A KB of a product as the documents have it; `listed`, `due`, `ransomware` as KEV has its CVE."""

    kb: str
    product_id: str
    build: str
    restart: str
    supersedes: tuple[str, ...]
    cve: str
    severity: str
    cvss_tenths: int
    exploited: bool
    listed: date | None
    due: date | None
    ransomware: bool | None


WINDOWS = [
    Traced(
        "KB5002754", "11585", "16.0.10417.20037", "Maybe", (),
        "CVE-2025-53770", "critical", 98, True, date(2025, 7, 20), date(2025, 7, 21), True,
    ),
    Traced(
        "KB5070881", "12436", "10.0.26100.6905", "Maybe", (),
        "CVE-2025-59287", "critical", 98, False, date(2025, 10, 24), date(2025, 11, 14), None,
    ),
    Traced(
        "KB5066835", X64, "10.0.26100.6899", "Yes", ("KB5065426",),
        "CVE-2025-59230", "important", 78, True, date(2025, 10, 14), date(2025, 11, 4), None,
    ),
    Traced(
        "KB5068861", X64, "10.0.26100.7171", "Yes", ("KB5066835",),
        "CVE-2025-62215", "important", 70, True, date(2025, 11, 12), date(2025, 12, 3), None,
    ),
    Traced(
        "KB5072033", X64, "10.0.26100.7462", "Yes", ("KB5068861",),
        "CVE-2025-60710", "important", 78, False, date(2026, 4, 13), date(2026, 4, 27), True,
    ),
    Traced(
        "KB5074109", X64, "10.0.26100.7623", "Yes", ("KB5072033",),
        "CVE-2026-20805", "important", 55, True, date(2026, 1, 13), date(2026, 2, 3), None,
    ),
    Traced(
        "KB5077181", X64, "10.0.26100.7840", "Yes", ("KB5074109",),
        "CVE-2026-21510", "important", 88, True, date(2026, 2, 10), date(2026, 3, 3), None,
    ),
    Traced(
        "KB5079473", X64, "10.0.26100.8037", "Yes", ("KB5077181",),
        "CVE-2026-23667", "important", 70, False, None, None, None,
    ),
]  # fmt: skip


@cache
def listed() -> dict[str, Exploited]:
    found = kev.parse(shared("kev/known_exploited_vulnerabilities.2026-08-21.json.gz"), OBSERVED)
    return {row.cve: row for row in found.rows}


@cache
def windows() -> dict[tuple[str, str], WindowsUpdate]:
    """All updates of nine months, by KB and product, the months added up."""
    said: dict[str, list[WindowsUpdate]] = {}
    for month in MONTHS:
        for row in real_snapshot(month).rows:
            said.setdefault(row.key, []).append(row)
    return {(rows[0].kb, rows[0].product_id): merged(rows) for rows in said.values() if rows[0].kb}


@pytest.mark.parametrize("traced", WINDOWS, ids=lambda traced: traced.kb)
def test_a_kb_is_what_the_sources_say(traced: Traced) -> None:
    update = windows()[traced.kb, traced.product_id]
    weakness = next(each for each in update.weaknesses if each.cve == traced.cve)
    entry = listed().get(traced.cve)
    assert (
        Traced(
            kb=update.kb,
            product_id=update.product_id,
            build=traced.build if traced.build in update.builds else str(update.builds),
            restart=update.restart or "",
            supersedes=update.supersedes,
            cve=weakness.cve,
            severity=weakness.severity,
            cvss_tenths=weakness.cvss_tenths or 0,
            exploited=bool(weakness.exploited),
            listed=entry.listed_on if entry else None,
            due=entry.due_on if entry else None,
            ransomware=entry.ransomware if entry else None,
        )
        == traced
    )


def test_a_release_of_macos_is_what_the_sources_say() -> None:
    found = sofa.parse(shared("macos/v2_macos_data_feed.json.gz"), OBSERVED)
    release = next(row for row in found.rows if row.title == "macOS Tahoe 26.6.1")
    assert (release.version, release.build, release.released_on) == ("26.6.1", "25G76", date(2026, 8, 6))
    assert (release.cves, release.exploited) == (("CVE-2026-65400",), ("CVE-2026-65400",))
    entry = listed()["CVE-2026-65400"]
    assert (entry.listed_on, entry.due_on, entry.product) == (date(2026, 8, 18), date(2026, 8, 21), "macOS")


def test_an_advisory_of_alma_is_what_the_sources_say() -> None:
    found = osv.parse(shared("linux/alma9_osv_2026.ndjson.xz"), OBSERVED)
    advisory = next(row for row in found.rows if row.advisory_id == "ALSA-2026:36879")
    assert advisory.published_at == datetime(2026, 7, 8, tzinfo=UTC)
    assert advisory.cves == ("CVE-2026-29146", "CVE-2026-34486")
    line = next(each for each in advisory.affected if each.package == "tomcat")
    assert line == Affected("ALSA-2026:36879", "AlmaLinux:9", "tomcat", line.introduced, "1:9.0.117-2.el9_8")
    assert line.introduced in ("", "0")
    entry = listed()["CVE-2026-34486"]
    assert (entry.listed_on, entry.due_on, entry.product) == (date(2026, 8, 4), date(2026, 8, 7), "Tomcat")
    assert "CVE-2026-29146" not in listed()


def test_each_month_replaces_the_one_before() -> None:
    """Windows 11 24H2 for x64, from March 2026 back to the update before the first document."""
    chain = ["KB5079473"]
    while (update := windows().get((chain[-1], X64))) is not None:
        assert len(update.supersedes) == 1
        chain += update.supersedes
    assert chain == [
        "KB5079473",
        "KB5077181",
        "KB5074109",
        "KB5072033",
        "KB5068861",
        "KB5066835",
        "KB5065426",
        "KB5063878",
        "KB5062553",
        "KB5060842",
    ]


def test_one_kb_replaces_different_ones_on_different_products() -> None:
    assert windows()["KB5077181", X64].supersedes == ("KB5074109",)
    assert windows()["KB5077181", "12389"].supersedes == ("KB5073379",)


@pytest.mark.parametrize(
    ("kb", "released"),
    [
        ("KB5065426", date(2025, 9, 9)),  # named in the documents of August, September and October
        ("KB5072033", date(2025, 12, 9)),  # in November's too, for a CVE that was settled late
        ("KB5074109", date(2026, 1, 13)),  # in that of July 2025 too
    ],
)
def test_a_kb_is_of_the_month_in_which_it_settles_most(kb: str, released: date) -> None:
    assert windows()[kb, X64].released_on == released


# The day of the fix and of the listing, then by hand: due on an exposed device, and on an internal one.
DUE = [
    ("CVE-2025-53770", date(2025, 7, 19), date(2025, 7, 22), date(2025, 8, 3)),
    ("CVE-2025-59287", date(2025, 10, 23), date(2025, 10, 26), date(2025, 11, 7)),
    ("CVE-2025-59230", date(2025, 10, 14), date(2025, 10, 17), date(2025, 10, 28)),
    ("CVE-2025-62215", date(2025, 11, 11), date(2025, 11, 14), date(2025, 11, 26)),
    ("CVE-2025-60710", date(2025, 12, 9), date(2025, 12, 12), date(2026, 4, 27)),
    ("CVE-2026-20805", date(2026, 1, 13), date(2026, 1, 16), date(2026, 1, 27)),
    ("CVE-2026-21510", date(2026, 2, 10), date(2026, 2, 13), date(2026, 2, 24)),
    ("CVE-2026-23667", date(2026, 3, 10), date(2026, 3, 13), None),
    ("CVE-2026-65400", date(2026, 8, 6), date(2026, 8, 9), date(2026, 9, 1)),
    ("CVE-2026-34486", date(2026, 7, 8), date(2026, 7, 11), date(2026, 8, 18)),
]


@pytest.mark.parametrize(("cve", "fixed", "exposed", "internal"), DUE, ids=[line[0] for line in DUE])
def test_each_is_due_when_the_table_says(cve: str, fixed: date, exposed: date, internal: date | None) -> None:
    assert due(cve, fixed, internet_facing=True, automatable=True, impact=Impact.TOTAL) == exposed
    assert due(cve, fixed, internet_facing=False, automatable=False, impact=Impact.PARTIAL) == internal


def due(cve: str, fixed: date, *, internet_facing: bool, automatable: bool, impact: Impact) -> date | None:
    entry = listed().get(cve)
    exploited_at = midnight(entry.listed_on) if entry else None
    vulnerability = Vulnerability(cve, exploited_at=exploited_at, automatable=automatable, impact=impact)
    found = Finding(vulnerability, Exposure(internet_facing), found_at=midnight(fixed), fixable_at=midnight(fixed))
    at = due_of(found, bod_26_04).at
    return at.date() if at else None


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
