"""A month turned round: from what each CVE is settled by to what each update settles."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from patchring.feeds.model import Weakness, WindowsUpdate
from patchring.feeds.msrc_month import Fix, Month, Rating, Vulnerability

_SEVERITIES = ("", "low", "moderate", "important", "critical")
_RESTARTS = ("Yes", "Maybe", "No")
_UNRATED = Rating()


def updates(month: Month) -> list[WindowsUpdate]:
    """One for each KB, product and classification; without a KB: for each build of a product. Sorted by key."""
    gathered: dict[tuple[str, ...], _Gathered] = {}
    for vulnerability in month.vulnerabilities:
        issues = _issues(vulnerability)
        for fix in vulnerability.fixes:
            for product_id in fix.product_ids:
                what = (fix.kb,) if fix.kb else ("", fix.says, fix.build)
                key = (*what, product_id, fix.classification)
                if key not in gathered:
                    gathered[key] = _Gathered(month, product_id, fix)
                gathered[key].add(vulnerability, fix, issues.get((fix.kb, product_id), ()))
    return sorted((each.made() for each in gathered.values()), key=lambda update: update.key)


def _issues(vulnerability: Vulnerability) -> dict[tuple[str, str], set[str]]:
    """The pages on what an update breaks, by KB and product."""
    found: dict[tuple[str, str], set[str]] = {}
    for issue in vulnerability.known_issues:
        for product_id in issue.product_ids if issue.kb and issue.url else ():
            found.setdefault((issue.kb, product_id), set()).add(issue.url)
    return found


class _Gathered:
    """What the vulnerabilities of a month say of one update: where they differ, nothing of it is lost."""

    def __init__(self, month: Month, product_id: str, fix: Fix) -> None:
        self._month, self._product_id, self._fix = month, product_id, fix
        self._builds: set[str] = set()
        self._supersedes: set[str] = set()
        self._restarts: set[str | None] = set()
        self._weaknesses: dict[str, Weakness] = {}
        self._issues: set[str] = set()
        self._days: set[date] = set()

    def add(self, vulnerability: Vulnerability, fix: Fix, issues: Iterable[str]) -> None:
        self._builds.update([fix.build] if fix.build else [])
        self._supersedes.update(fix.supersedes)
        self._restarts.add(fix.restart)
        said = weakness(vulnerability, self._product_id)
        before = self._weaknesses.get(said.cve)
        self._weaknesses[said.cve] = said if before is None else max(before, said, key=_grave)
        self._issues.update(issues)
        if vulnerability.published_at:
            self._days.add(vulnerability.published_at.date())

    def made(self) -> WindowsUpdate:
        initial = self._month.published_at.date()
        return WindowsUpdate(
            kb=self._fix.kb,
            product_id=self._product_id,
            product=self._month.products[self._product_id].name,
            title=self._fix.says,
            classification=self._fix.classification,
            restart=next((said for said in _RESTARTS if said in self._restarts), self._fix.restart),
            supersedes=tuple(sorted(self._supersedes)),
            builds=tuple(sorted(self._builds)),
            weaknesses=tuple(self._weaknesses[cve] for cve in sorted(self._weaknesses)),
            released_on=max(initial, min(self._days, default=initial)),
            known_issues=tuple(sorted(self._issues)),
        )


def weakness(vulnerability: Vulnerability, product_id: str) -> Weakness:
    """What is said of a CVE in one product."""
    rating = vulnerability.ratings.get(product_id, _UNRATED)
    return Weakness(
        cve=vulnerability.cve,
        severity=rating.severity.lower(),
        cvss_tenths=rating.cvss_tenths,
        vector=rating.vector,
        exploited=vulnerability.exploited,
        disclosed=vulnerability.disclosed,
        exploitability=vulnerability.exploitability,
        impact=rating.impact,
        title=vulnerability.title,
    )


def _grave(said: Weakness) -> tuple[bool, bool, int, int]:
    """A month can tell twice of a CVE; the graver word holds."""
    severity = _SEVERITIES.index(said.severity) if said.severity in _SEVERITIES else 0
    return bool(said.exploited), bool(said.disclosed), said.cvss_tenths or 0, severity


def merged(said: Iterable[WindowsUpdate]) -> WindowsUpdate:
    """What several months say of one update (all of one key), added up.

    An earlier month names a KB when one of its CVEs is settled only now, and a later one when a CVE was found to be
    settled long since: `released_on` is that of the month in which the KB settles most.
    """
    rows = sorted(said, key=lambda row: (-len(row.weaknesses), row.released_on or date.max))
    assert len({row.key for row in rows}) == 1, "what is merged is of one key"
    weaknesses: dict[str, Weakness] = {}
    for each in (each for row in rows for each in row.weaknesses):
        weaknesses[each.cve] = max(weaknesses.get(each.cve, each), each, key=_grave)
    return replace(
        rows[0],
        supersedes=tuple(sorted({kb for row in rows for kb in row.supersedes})),
        builds=tuple(sorted({build for row in rows for build in row.builds})),
        weaknesses=tuple(weaknesses[cve] for cve in sorted(weaknesses)),
        known_issues=tuple(sorted({url for row in rows for url in row.known_issues})),
    )
