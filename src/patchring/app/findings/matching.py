"""What advisories say of one set of packages. Devices with the same set share the answer."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patchring.core.risk.matching import Present
from patchring.core.versions import Scheme, compare
from patchring.feeds.ecosystems import by_source, ecosystems_of, scheme_of


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

    def shows_fixed(self, finding: Mapping[str, Any]) -> bool:
        """Whether no copy of a finding's package is older than the version that settles it; so too when it is gone."""
        ecosystem, wanted = finding["ecosystem"], (finding["ecosystem"], finding["package"])
        copies = [each for each in self.packages if (each.ecosystem, each.package) == wanted]
        return all(compare(scheme_of(ecosystem), each.version, finding["fixed_version"]) >= 0 for each in copies)


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


def weak_by(found: Iterable[Iterable[Weak]]) -> tuple[Weak, ...]:
    """By CVE and package; each once, on the word of the first that has it."""
    first: dict[tuple[str, str], Weak] = {}
    for several in found:
        for weak in several:
            first.setdefault(weak.key, weak)
    return tuple(first[key] for key in sorted(first))
