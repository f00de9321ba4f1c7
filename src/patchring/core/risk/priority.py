"""The order of work: factor by factor, each shown, and no score.

The first factor that differs decides: exploited, overdue, exposed, automatable, total impact, severity, business
impact, how many devices. What is overdue goes before the rest of what nobody is known to exploit, because a promise
was made; it does not go before a break-in. EPSS breaks ties among what is equal in all of them, and triggers nothing.
The last tie is broken by the CVE's name, so that the order is one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from patchring.core.devices import Criticality
from patchring.core.reason import counted
from patchring.core.risk.due import Due
from patchring.core.risk.facts import Exposure, Finding

_CRITICALITY = tuple(Criticality)  # from low to mission
_SEVERITIES = ("", "low", "moderate", "medium", "important", "high", "critical")


@dataclass(frozen=True)
class Factor:
    """One step of the comparison: `rank` is compared, larger first; `text` is what people read, also of what does not
    hold (rank 0), and never empty."""

    name: str
    rank: int
    text: str


@dataclass(frozen=True)
class Ranked:
    """A finding with its due date and its factors in the order in which they were compared."""

    finding: Finding
    due: Due
    factors: tuple[Factor, ...]

    @property
    def why(self) -> str:
        """The factors that speak for it, in words; never empty."""
        return "; ".join(factor.text for factor in self.factors if factor.rank > 0) or "nothing speaks for haste"


def ranked(findings: Iterable[tuple[Finding, Due]], now: datetime) -> list[Ranked]:
    """What to do first comes first; the same findings in any order give the same list."""
    found = [Ranked(finding, due, tuple(_factors(finding, due, now))) for finding, due in findings]
    return sorted(found, key=lambda each: (*(-factor.rank for factor in each.factors), each.finding.vulnerability.cve))


def _factors(finding: Finding, due: Due, now: datetime) -> Sequence[Factor]:
    inputs = due.inputs
    return [
        _holds("exploited", inputs.exploited, "known to be exploited", "not known to be exploited"),
        _overdue(due, now),
        _exposed(finding.exposure),
        _holds("automatable", inputs.automatable, "an attack can be automated", "not known to be automatable"),
        _holds("impact", inputs.total, "gives total control", "not known to give total control"),
        _severity(finding),
        _business(finding.exposure.criticality),
        Factor("spread", finding.device_count, counted(finding.device_count, "device")),
        _epss(finding.vulnerability.epss_millionths),
    ]


def _holds(name: str, holds: bool, yes: str, no: str) -> Factor:
    return Factor(name, int(holds), yes if holds else no)


def _overdue(due: Due, now: datetime) -> Factor:
    if due.at is None:
        return Factor("overdue", 0, "not overdue: due with the next upgrade")
    overdue = due.at < now
    return Factor("overdue", int(overdue), f"{'overdue since' if overdue else 'not overdue: due by'} {due.at:%Y-%m-%d}")


def _exposed(exposure: Exposure) -> Factor:
    """Unknown counts as exposed, and is worded as unknown."""
    yes = "faces the internet" if exposure.internet_facing else "may face it"
    return _holds("exposed", exposure.exposed, yes, "does not face the internet")


def _severity(finding: Finding) -> Factor:
    """By CVSS where there is a score, else by the vendor's word, which ranks inside its band."""
    vulnerability = finding.vulnerability
    if vulnerability.cvss_tenths is not None:
        tenths = vulnerability.cvss_tenths
        return Factor("severity", tenths, f"CVSS {tenths // 10}.{tenths % 10}")
    word = vulnerability.severity.lower()
    place = _SEVERITIES.index(word) if word in _SEVERITIES else 0
    return Factor("severity", (0, 20, 50, 50, 75, 75, 95)[place], f"severity {word}" if word else "no severity known")


def _epss(millionths: int | None) -> Factor:
    return Factor("epss", millionths or 0, "no EPSS score" if millionths is None else f"EPSS {millionths / 1e6:.3f}")


def _business(criticality: Criticality) -> Factor:
    return Factor("business", _CRITICALITY.index(criticality), f"{criticality} for the business")
