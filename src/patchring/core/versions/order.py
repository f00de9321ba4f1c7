"""One door to the orders of all schemes. The order of one scheme says nothing about a version of another.

Any text has a place in any order: what a device reports is compared, never refused.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from patchring.core.versions.deb import deb_key
from patchring.core.versions.dotted import dotted_key
from patchring.core.versions.loose import loose_key
from patchring.core.versions.rpm import rpm_key


class Scheme(StrEnum):
    """DEB and RPM as their package managers compare; DOTTED for builds such as 10.0.22631.4460; LOOSE for the rest."""

    DEB = "deb"
    RPM = "rpm"
    DOTTED = "dotted"
    LOOSE = "loose"


KEYS_KEPT_MAX = 20_000
"""An advisory names one version for all packages of a source, and devices have the same ones."""

KEYS: Mapping[Scheme, Callable[[str], Any]] = {
    Scheme.DEB: lru_cache(KEYS_KEPT_MAX)(deb_key),
    Scheme.RPM: lru_cache(KEYS_KEPT_MAX)(rpm_key),
    Scheme.DOTTED: dotted_key,
    Scheme.LOOSE: loose_key,
}
"""From a version to what it sorts by among versions of its scheme; worth keeping where one is compared often."""

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
    """-1: `one` is older; 0: neither; 1: it is newer."""
    left, right = KEYS[scheme](one), KEYS[scheme](other)
    return int(left > right) - int(left < right)


def older(scheme: Scheme, one: str, than: str) -> bool:
    return compare(scheme, one, than) < 0
