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
