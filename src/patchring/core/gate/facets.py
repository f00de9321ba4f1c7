"""Which parts of a fleet a device belongs to. Evidence is kept for each, and a hold stops one and not the others.

Facets are pooled over tenants, so their names come from lists that everybody has: a role that a house named itself is
nobody else's business and makes no facet (its devices are in the others). Keys are stable and have no colon: they are
the last part of stop keys.
What belongs to one tenant alone is the facet OWN, which is kept with the tenant.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from patchring.core.devices import DeviceFacts
from patchring.core.gate.hold import BUDGET
from patchring.core.gate.signals import RULES, Signal

PART_CHARACTERS_MAX = 60
SEVERAL = {
    "backup": "backup servers",
    "database": "database servers",
    "domain_controller": "domain controllers",
    "file_server": "file servers",
    "hypervisor": "hypervisors",
    "line_of_business": "line-of-business hosts",
    "mail": "mail servers",
    "print_server": "print servers",
    "terminal_server": "terminal servers",
    "web": "web servers",
}
"""The roles that make facets, in words."""

APPLICATIONS: Mapping[str, str] = {
    "apache2": "Apache",
    "bind9": "BIND",
    "docker-ce": "Docker",
    "docker.io": "Docker",
    "httpd": "Apache",
    "mariadb-server": "MariaDB",
    "mysql-server": "MySQL",
    "nginx": "nginx",
    "openjdk-17-jre-headless": "Java",
    "php-fpm": "PHP",
    "postfix": "Postfix",
    "postgresql": "PostgreSQL",
    "postgresql-server": "PostgreSQL",
    "samba": "Samba",
    "slapd": "OpenLDAP",
}
"""Packages of key applications, and what people call them."""


class FacetKind(StrEnum):
    ALL = "all"
    ROLE = "role"
    BUILD = "build"
    MODEL = "model"
    APPLICATION = "app"
    ROLE_BUILD = "role_build"
    OWN = "own"


@dataclass(frozen=True)
class Facet:
    """`key` is stable, `words` are for sentences: `domain controllers`."""

    key: str
    kind: FacetKind
    words: str


ALL = Facet("all", FacetKind.ALL, "all devices")
OWN = Facet("own", FacetKind.OWN, "this client's devices")
# How the chance that something is wrong is spread over the kinds of facets.
KIND_WEIGHTS: Mapping[FacetKind, float] = {
    FacetKind.ALL: 0.2,
    FacetKind.ROLE: 0.25,
    FacetKind.BUILD: 0.1,
    FacetKind.MODEL: 0.1,
    FacetKind.APPLICATION: 0.1,
    FacetKind.ROLE_BUILD: 0.15,
    FacetKind.OWN: 0.1,
}
# The first facets of a kind share half of what the kind may spend; those after them the rest.
FIRST_FACETS = 8


def facets_of(device: DeviceFacts, model: str = "", packages: Collection[str] = ()) -> tuple[Facet, ...]:
    """In the order of FacetKind, without OWN. `model`: maker and model of the hardware, empty: not known. `packages`:
    installed ones, of which those of key applications count."""
    roles = sorted(device.roles & SEVERAL.keys())
    build = build_of(device)
    found = [ALL, *(Facet(f"role/{role}", FacetKind.ROLE, SEVERAL[role]) for role in roles)]
    if build:
        found.append(Facet(f"build/{_key(build)}", FacetKind.BUILD, f"devices with {build}"))
    if _part(model):
        found.append(Facet(f"model/{_key(model)}", FacetKind.MODEL, f"devices of model {_part(model)}"))
    for application in applications_of(packages):
        found.append(Facet(f"app/{_key(application)}", FacetKind.APPLICATION, f"devices with {application}"))
    if build:
        both = [(f"role_build/{role}/{_key(build)}", f"{SEVERAL[role]} with {build}") for role in roles]
        found += [Facet(key, FacetKind.ROLE_BUILD, words) for key, words in both]
    return tuple(found)


def build_of(device: DeviceFacts) -> str:
    """`debian 12`; empty when the device has not said what it runs."""
    return _part(f"{device.os_name} {device.os_version}") if device.os_name else ""


def applications_of(packages: Collection[str]) -> list[str]:
    """What people call the key applications among these packages."""
    return sorted({APPLICATIONS[name] for name in packages if name in APPLICATIONS})


def budget_of(kind: FacetKind, ordinal: int, signal: Signal) -> float:
    """What one signal on the facet that came as number `ordinal` (from 1) of its kind may spend of BUDGET.

    It does not depend on how many come later, and all together never spend more: half is for the first eight, evenly,
    and 4/(n(n-1)) of it for the n-th after them, which adds up to the other half."""
    assert ordinal >= 1, "facets are counted from 1"
    share = 0.5 / FIRST_FACETS if ordinal <= FIRST_FACETS else 4.0 / (ordinal * (ordinal - 1))
    if kind in (FacetKind.ALL, FacetKind.OWN):
        share = 1.0
    weights = sum(rule.weight for rule in RULES.values())
    return BUDGET * KIND_WEIGHTS[kind] * share * RULES[signal].weight / weights


def _part(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()[:PART_CHARACTERS_MAX]


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9.+-]+", "_", _part(text).lower())
