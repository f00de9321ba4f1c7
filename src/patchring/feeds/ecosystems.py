"""The distributions that OSV speaks of, by its own names: https://ossf.github.io/osv-schema/#defined-ecosystems.

An ecosystem is a family and a release (`Debian:12`, `Ubuntu:22.04:LTS`, `Rocky Linux:9`).
"""

from collections.abc import Mapping

from patchring.core.versions import Scheme

FAMILIES: Mapping[str, Scheme] = {
    "Debian": Scheme.DEB,
    "Ubuntu": Scheme.DEB,
    "AlmaLinux": Scheme.RPM,
    "Rocky Linux": Scheme.RPM,
    "Red Hat": Scheme.RPM,
    "SUSE": Scheme.RPM,
    "openSUSE": Scheme.RPM,
}


def family_of(ecosystem: str) -> str:
    return ecosystem.partition(":")[0]


def scheme_of(ecosystem: str) -> Scheme:
    """How its versions compare; LOOSE for what is no distribution of ours."""
    return FAMILIES.get(family_of(ecosystem), Scheme.LOOSE)


def by_source(ecosystem: str) -> bool:
    """Whether its advisories name source packages; the others name the packages that are installed."""
    return family_of(ecosystem) in ("Debian", "Ubuntu")


def ecosystems_of(os_name: str, os_version: str) -> tuple[str, ...]:
    """The ecosystems that speak of a device, by ID and VERSION_ID of its /etc/os-release; none for what OSV does not
    know, which means that nobody looked, not that nothing was found. Ubuntu Pro is not asked about: a fix that only
    its subscribers get settles nothing for the rest."""
    major = os_version.partition(".")[0]
    if not major:
        return ()
    if os_name == "ubuntu":
        return (f"Ubuntu:{os_version}:LTS" if _is_lts(os_version) else f"Ubuntu:{os_version}",)
    if os_name == "rhel":
        return tuple(f"Red Hat:enterprise_linux:{major}::{part}" for part in ("appstream", "baseos", "crb"))
    family = {"debian": "Debian", "almalinux": "AlmaLinux", "rocky": "Rocky Linux"}.get(os_name)
    return () if family is None else (f"{family}:{major}",)


def _is_lts(version: str) -> bool:
    """April of even years."""
    year, _, month = version.partition(".")
    return month == "04" and year.isdecimal() and int(year) % 2 == 0
