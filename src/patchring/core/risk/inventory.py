"""What a device has, in the words of advisories: ecosystem, source package, source version."""

from collections.abc import Iterable
from dataclasses import dataclass

from patchring.core.risk.matching import Present

_LONG_TERM_MONTH = ".04"


@dataclass(frozen=True)
class Has:
    """An installed package as its device says it. `source` and `source_version` are empty where they are the same."""

    provider: str
    name: str
    version: str
    source: str = ""
    source_version: str = ""


def ecosystem_of(os_name: str, os_version: str) -> str:
    """The name that OSV has for a distribution, from the ID and VERSION_ID of its os-release; empty: it has none.

    Source: https://ossf.github.io/osv-schema/#defined-ecosystems. Ubuntu's releases of April in even years are LTS.
    """
    major, _, minor = os_version.partition(".")
    if not major.isdigit():
        return ""
    match os_name:
        case "debian":
            return f"Debian:{major}"
        case "ubuntu":
            long_term = f".{minor}" == _LONG_TERM_MONTH and int(major) % 2 == 0
            return f"Ubuntu:{os_version}:LTS" if long_term else f"Ubuntu:{os_version}"
        case "almalinux":
            return f"AlmaLinux:{major}"
        case "rocky":
            return f"Rocky Linux:{major}"
        case _:
            return ""


# Which ecosystems name sources, and which the packages as they are installed.
_BY_SOURCE = ("Debian", "Ubuntu")
_PROVIDERS = {"Debian": "apt", "Ubuntu": "apt", "AlmaLinux": "dnf", "Rocky Linux": "dnf"}


def present(ecosystem: str, installed: Iterable[Has]) -> list[Present]:
    """Each source or package once in each version, sorted; what another package manager brought is left out."""
    family = ecosystem.partition(":")[0]
    if family not in _PROVIDERS:
        return []
    by_source = family in _BY_SOURCE
    found = {
        (each.source or each.name, each.source_version or each.version) if by_source else (each.name, each.version)
        for each in installed
        if each.provider == _PROVIDERS[family]
    }
    return [Present(ecosystem, name, version) for name, version in sorted(found)]
