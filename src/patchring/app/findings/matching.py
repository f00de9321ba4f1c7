"""What advisories say of one set of packages. Devices with the same set share the answer."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patchring.core.risk.inventory import Has, ecosystem_of, present
from patchring.core.risk.matching import Affected, Matcher, Present
from patchring.core.versions import compare
from patchring.feeds.ecosystems import scheme_of
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

    @property
    def key(self) -> tuple[str, str]:
        return self.cve, self.package

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "fixable_at": self.fixable_at.isoformat()}


@dataclass(frozen=True)
class Inventory:
    """The packages of one set, in the words of advisories."""

    ecosystem: str
    packages: Sequence[Present]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Inventory":
        """`row` has os_name, os_version and what a scan says of `installed`."""
        ecosystem = ecosystem_of(row["os_name"], row["os_version"])
        return cls(ecosystem, present(ecosystem, map(_has, row["installed"] or ())))

    def has_fixed(self, package: str, version: str) -> bool:
        """Whether no copy of the package is older than a version; so too when it is gone."""
        scheme = scheme_of(self.ecosystem)
        return all(compare(scheme, each.version, version) >= 0 for each in self.packages if each.package == package)


def _has(said: Mapping[str, Any]) -> Has:
    names = ("provider", "name", "version", "source", "source_version")
    return Has(**{name: said.get(name, "") for name in names})


def package_set(os_name: str, os_version: str, installed: Iterable[Any]) -> str:
    """The name of a set of packages: the same for all devices that have exactly these."""
    rows = sorted([p.provider, p.name, p.version, p.source, p.source_version] for p in installed)
    return hashlib.sha256(json.dumps([os_name, os_version, rows]).encode()).hexdigest()


async def weak_of(tx: Tx, inventory: Inventory) -> list[Weak]:
    """What holds and can be settled, by CVE and package; each once, on the word of the first advisory by name."""
    if not inventory.ecosystem or not inventory.packages:
        return []
    names = sorted({each.package for each in inventory.packages})
    rows = await tx.all(sql.findings.lines, {"ecosystem": inventory.ecosystem, "packages": names})
    matcher = Matcher(map(_affected, rows), {inventory.ecosystem: scheme_of(inventory.ecosystem)})
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
