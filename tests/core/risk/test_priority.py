"""The order of work, factor by factor."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

from patchring.core.devices import Criticality
from patchring.core.risk.due import due_of
from patchring.core.risk.facts import Exposure, Finding, Impact, Vulnerability
from patchring.core.risk.priority import Ranked, ranked
from patchring.core.risk.tables import bod_26_04

NOW = datetime(2026, 8, 22, tzinfo=UTC)
FOUND = NOW - timedelta(days=2)


def finding(
    cve: str,
    exposed: bool | None = False,
    criticality: Criticality = Criticality.STANDARD,
    device_count: int = 1,
    found_at: datetime = FOUND,
    **known: Any,
) -> Finding:
    facts: dict[str, Any] = {"automatable": False, "impact": Impact.PARTIAL, "cvss_tenths": 50, **known}
    vulnerability = Vulnerability(cve, **facts)
    return Finding(vulnerability, Exposure(exposed, criticality), found_at, found_at, device_count)


def order(findings: list[Finding]) -> list[Ranked]:
    return ranked([(each, due_of(each, bod_26_04)) for each in findings], NOW)


# Each beats the next by the one factor named, and loses in all that come after it.
LADDER = [
    finding("exploited", exploited_at=FOUND, cvss_tenths=10),
    finding("overdue", exposed=True, found_at=NOW - timedelta(days=90), cvss_tenths=0),
    finding("exposed", exposed=True, cvss_tenths=10),
    finding("automatable", automatable=True, cvss_tenths=10),
    finding("impact", impact=Impact.TOTAL, cvss_tenths=10),
    finding("severity", cvss_tenths=98, criticality=Criticality.LOW),
    finding("business", criticality=Criticality.MISSION),
    finding("spread", device_count=40),
    finding("epss", epss_millionths=900_000),
    finding("a nothing"),
    finding("b nothing"),
]


def test_the_first_factor_that_differs_decides() -> None:
    assert [each.finding.vulnerability.cve for each in order(LADDER)] == [each.vulnerability.cve for each in LADDER]


def test_a_high_score_never_outweighs_what_is_exploited() -> None:
    loud = finding("loud", cvss_tenths=100, epss_millionths=999_999, device_count=5_000, impact=Impact.TOTAL)
    quiet = finding("quiet", exploited_at=FOUND, cvss_tenths=40)
    assert [each.finding for each in order([loud, quiet])] == [quiet, loud]


def test_every_line_says_why() -> None:
    [first] = order([finding("CVE-1", exposed=None, exploited_at=FOUND, criticality=Criticality.HIGH, device_count=3)])
    assert first.why == "known to be exploited; may face it; CVSS 5.0; high for the business; 3 devices"


def factors(of: Finding) -> list[tuple[str, int, str]]:
    [line] = order([of])
    return [(each.name, each.rank, each.text) for each in line.factors]


def test_a_factor_that_holds_says_so() -> None:
    """Each in the order of comparison, with what was compared."""
    loud = finding(
        "CVE-1",
        exposed=True,
        criticality=Criticality.MISSION,
        device_count=2,
        found_at=NOW - timedelta(days=90),
        exploited_at=NOW - timedelta(days=90),
        automatable=True,
        impact=Impact.TOTAL,
        cvss_tenths=98,
        epss_millionths=912_345,
    )
    assert factors(loud) == [
        ("exploited", 1, "known to be exploited"),
        ("overdue", 1, "overdue since 2026-05-27"),
        ("exposed", 1, "faces the internet"),
        ("automatable", 1, "an attack can be automated"),
        ("impact", 1, "gives total control"),
        ("severity", 98, "CVSS 9.8"),
        ("business", 3, "mission for the business"),
        ("spread", 2, "2 devices"),
        ("epss", 912_345, "EPSS 0.912"),
    ]


def test_a_factor_that_does_not_hold_says_that() -> None:
    """None of them has the words of what holds, and none is among what speaks for haste."""
    quiet = finding("CVE-2", criticality=Criticality.LOW, cvss_tenths=None)
    assert factors(quiet) == [
        ("exploited", 0, "not known to be exploited"),
        ("overdue", 0, "not overdue: due with the next upgrade"),
        ("exposed", 0, "does not face the internet"),
        ("automatable", 0, "not known to be automatable"),
        ("impact", 0, "not known to give total control"),
        ("severity", 0, "no severity known"),
        ("business", 0, "low for the business"),
        ("spread", 1, "1 device"),
        ("epss", 0, "no EPSS score"),
    ]
    assert order([quiet])[0].why == "1 device"


def test_what_is_not_due_yet_names_its_day_and_what_is_unknown_is_unknown() -> None:
    found = factors(finding("CVE-3", exposed=None, exploited_at=FOUND, epss_millionths=0, severity="odd"))
    assert [found[1], found[2], found[8]] == [
        ("overdue", 0, "not overdue: due by 2026-09-03"),
        ("exposed", 1, "may face it"),
        ("epss", 0, "EPSS 0.000"),
    ]


def test_the_vendors_word_ranks_inside_its_band() -> None:
    words = ["critical", "high", "medium", "low", ""]
    found = order([finding(word or "none", cvss_tenths=None, severity=word) for word in reversed(words)])
    assert [each.finding.vulnerability.severity for each in found] == words


def test_the_order_of_the_question_does_not_matter() -> None:
    few = LADDER[3:8]
    expected = order(few)
    assert all(order(list(other)) == expected for other in permutations(few))
    assert all(a != b for a, b in pairwise(expected))
