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


def test_the_vendors_word_ranks_inside_its_band() -> None:
    words = ["critical", "high", "medium", "low", ""]
    found = order([finding(word or "none", cvss_tenths=None, severity=word) for word in reversed(words)])
    assert [each.finding.vulnerability.severity for each in found] == words


def test_the_order_of_the_question_does_not_matter() -> None:
    few = LADDER[3:8]
    expected = order(few)
    assert all(order(list(other)) == expected for other in permutations(few))
    assert all(a != b for a, b in pairwise(expected))
