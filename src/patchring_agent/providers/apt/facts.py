"""What apt knows of exact versions: where they come from, and the hash of their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from patchring_agent.errors import ProviderProblem
from patchring_agent.providers.apt import parse
from patchring_agent.providers.apt.tool import AptSite, targets

Exact = tuple[str, str, str]  # name, architecture, version


@dataclass(frozen=True)
class Available:
    """One version as the repositories have it. The security release wins where several have it: it is one file."""

    release: Optional[parse.Release]
    record: dict[str, str]

    @property
    def sha256(self) -> str:
        return self.record.get("SHA256", "")

    def number(self, field: str) -> int:
        text = self.record.get(field, "0")
        return int(text) if text.isdigit() else 0


def owned(site: AptSite) -> list[parse.Owned]:
    finished = site.query("-W", "-f", parse.DPKG_FORMAT)
    if finished.exit_code != 0:
        raise ProviderProblem(f"dpkg-query cannot read its database: {finished.stderr.strip()[:300]}")
    return [package for package in parse.dpkg_list(finished.stdout) if package.is_there]


def available(site: AptSite, native: str, exact: Sequence[Exact]) -> dict[Exact, Available]:
    """Raises ProviderProblem when one version stands for two different files."""
    if not exact:
        return {}
    releases = parse.releases(site.ask("policy").stdout)
    names = [t.split("=")[0] for t in targets(exact, native)]
    known = parse.policies(site.ask("policy", *names).stdout)
    records = _records(parse.stanzas(site.ask("show", *targets(exact, native)).stdout))
    found: dict[Exact, Available] = {}
    for name, (package, architecture, version) in zip(names, exact):
        record = records.get((package, architecture, version), {})
        locations = known[name].versions.get(version, []) if name in known else []
        found[(package, architecture, version)] = Available(_release(locations, releases), record)
    return found


def _records(stanzas: list[dict[str, str]]) -> dict[Exact, dict[str, str]]:
    found: dict[Exact, dict[str, str]] = {}
    for record in stanzas:
        exact = (record.get("Package", ""), record.get("Architecture", ""), record.get("Version", ""))
        if not record.get("SHA256"):
            continue
        if exact in found and found[exact]["SHA256"] != record["SHA256"]:
            raise ProviderProblem(f"the repositories have two different files for {exact[0]} {exact[2]}")
        found.setdefault(exact, record)
    return found


def _release(locations: Sequence[str], releases: dict[str, parse.Release]) -> Optional[parse.Release]:
    known = [releases[location] for location in locations if location in releases]
    security = [release for release in known if parse.is_security(release)]
    return next(iter([*security, *known]), None)
