"""What advisories say of one set of packages. Devices with the same set share the answer."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patchring.core.risk.matching import Affected, Matcher, Present
from patchring.core.versions import Scheme, compare
from patchring.feeds.ecosystems import by_source, ecosystems_of, scheme_of
from patchring.store import sql
from patchring.store.transaction import Row, Tx


@dataclass(frozen=True)
class Weak:
    """A CVE (or an advisory without one) that holds for a package, and the version that settles it. `fixable_at`: since
    when there is a fix, as far as it is known."""

    cve: str
    package: str
    installed_version: str
    fixed_version: str
    ecosystem: str
    advisory_id: str
    severity: str
    vector: str
    fixable_at: datetime
    cvss_tenths: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.cve, self.package

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "fixable_at": self.fixable_at.isoformat()}


# Which package manager brings what the advisories of a distribution are about.
PROVIDERS: Mapping[Scheme, str] = {Scheme.DEB: "apt", Scheme.RPM: "dnf"}


@dataclass(frozen=True)
class Inventory:
    """The packages of one set, in the words of advisories; what another package manager brought is left out."""

    packages: Sequence[Present]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Inventory":
        """`row` has os_name, os_version and what a scan says of `installed`."""
        ecosystems = ecosystems_of(row["os_name"], row["os_version"])
        return cls([each for name in ecosystems for each in _present(name, row["installed"] or ())])

    @property
    def ecosystems(self) -> list[str]:
        return sorted({each.ecosystem for each in self.packages})

    def has_fixed(self, ecosystem: str, package: str, version: str) -> bool:
        """Whether no copy of the package is older than a version; so too when it is gone."""
        copies = [each for each in self.packages if (each.ecosystem, each.package) == (ecosystem, package)]
        return all(compare(scheme_of(ecosystem), each.version, version) >= 0 for each in copies)


def _present(ecosystem: str, installed: Iterable[Mapping[str, Any]]) -> list[Present]:
    """Each package, or source where advisories go by sources, once in each version."""
    ours = [each for each in installed if each["provider"] == PROVIDERS.get(scheme_of(ecosystem))]
    if by_source(ecosystem):
        found = {(_said(each, "source", "name"), _said(each, "source_version", "version")) for each in ours}
    else:
        found = {(each["name"], each["version"]) for each in ours}
    return [Present(ecosystem, name, version) for name, version in sorted(found)]


def _said(package: Mapping[str, Any], name: str, otherwise: str) -> str:
    return str(package.get(name) or package[otherwise])


def package_set(os_name: str, os_version: str, installed: Iterable[Any]) -> str:
    """The name of a set of packages: the same for all devices that have exactly these."""
    rows = sorted([p.provider, p.name, p.version, p.source, p.source_version] for p in installed)
    return hashlib.sha256(json.dumps([os_name, os_version, rows]).encode()).hexdigest()


async def weak_of(tx: Tx, inventory: Inventory) -> list[Weak]:
    """What holds and can be settled, by CVE and package; each once, on the word of the first advisory by name."""
    if not inventory.packages:
        return []
    names = sorted({each.package for each in inventory.packages})
    rows = await tx.all(sql.findings.lines, {"ecosystems": inventory.ecosystems, "packages": names})
    matcher = Matcher(map(_affected, rows), {name: scheme_of(name) for name in inventory.ecosystems})
    said = {row["advisory_id"]: row for row in rows}
    found: dict[tuple[str, str], Weak] = {}
    for match in matcher.matches(inventory.packages):
        if match.fixed:
            for weak in _weak(said[match.advisory_id], match.package, match.version, match.fixed):
                found.setdefault(weak.key, weak)
    return [found[key] for key in sorted(found)]


def _affected(row: Row) -> Affected:
    names = ("advisory_id", "ecosystem", "package", "introduced", "fixed", "last")
    return Affected(**{name: row[name] for name in names})


def _weak(row: Row, package: str, version: str, fixed: str) -> Iterable[Weak]:
    fixable_at = min(row["published_at"] or row["known_from"], row["known_from"])
    for cve in row["cves"] or [row["advisory_id"]]:
        about = {name: row[name] for name in ("ecosystem", "advisory_id", "severity", "vector")}
        yield Weak(cve, package, version, fixed, fixable_at=fixable_at, **about)
