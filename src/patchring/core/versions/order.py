"""One door to the orders of all schemes. The order of one scheme says nothing about a version of another.

Any text has a place in any order: what a device reports is compared, never refused.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from patchring.core.versions.deb import compare_deb
from patchring.core.versions.dotted import compare_dotted
from patchring.core.versions.loose import compare_loose
from patchring.core.versions.rpm import compare_rpm


class Scheme(StrEnum):
    """DEB and RPM as their package managers compare; DOTTED for builds such as 10.0.22631.4460; LOOSE for the rest."""

    DEB = "deb"
    RPM = "rpm"
    DOTTED = "dotted"
    LOOSE = "loose"


_ORDERS: Mapping[Scheme, Callable[[str, str], int]] = {
    Scheme.DEB: compare_deb,
    Scheme.RPM: compare_rpm,
    Scheme.DOTTED: compare_dotted,
    Scheme.LOOSE: compare_loose,
}

_OF_PROVIDER: Mapping[str, Scheme] = {
    "apt": Scheme.DEB,
    "dnf": Scheme.RPM,
    "zypper": Scheme.RPM,
    "windows_update": Scheme.DOTTED,
    "softwareupdate": Scheme.DOTTED,
}


def scheme_of(provider: str) -> Scheme:
    """The scheme of the versions that a provider reports; LOOSE where each product has its own."""
    return _OF_PROVIDER.get(provider, Scheme.LOOSE)


def compare(scheme: Scheme, one: str, other: str) -> int:
    """Below zero: `one` is older; zero: neither; above zero: it is newer."""
    return _ORDERS[scheme](one, other)


def older(scheme: Scheme, one: str, than: str) -> bool:
    return compare(scheme, one, than) < 0
