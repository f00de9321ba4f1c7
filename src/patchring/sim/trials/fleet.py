"""A fleet as columns: who belongs to whom, what it is, what it costs, when it is on. Same spec, same fleet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchring.sim.trials import kinds
from patchring.sim.trials.kinds import KINDS, NAMES, ROLES, On
from patchring.sim.trials.scenario import FleetSpec

# Columns; numpy's own types say too much about widths to be of help here.
Ints = NDArray[Any]
Floats = NDArray[Any]
Bools = NDArray[Any]

# The kinds of facets; a tenant's own is the last one.
FACET_KINDS = ("all", "role", "build", "model", "app", "role_build", "tenant")
ZONES = (0, 6, 8, 13)
INTERNAL = 0


@dataclass(frozen=True, eq=False)
class TrialFleet:
    """Columns of n devices. `member` (n x 7): the number of the device's facet of each of FACET_KINDS; `facets` are
    their names, `facet_kind` their kind. `group`: number of the redundancy group, -1 for none. `starts`, `ends`: local
    hours between which it may be on; `on_share`: the chance that it is on at all on a day."""

    role: Ints
    build: Ints
    model: Ints
    app: Ints
    tenant: Ints
    zone: Ints
    group: Ints
    weight: Floats
    server: Bools
    sensitive: Bools
    starts: Ints
    ends: Ints
    on_share: Floats
    member: Ints
    facets: tuple[str, ...]
    facet_kind: Ints
    names: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        return len(self.role)

    @property
    def internal(self) -> Bools:
        return self.tenant == INTERNAL


def make_fleet(spec: FleetSpec) -> TrialFleet:
    rng = np.random.default_rng([spec.seed, 11])
    n = spec.devices
    tenant = _tenants(spec, rng)
    role = _picked(rng, n, np.array([kind.share for kind in KINDS.values()]))
    server = np.array([kind.server for kind in KINDS.values()])[role]
    sensitive = (rng.random(spec.tenants + 1) < spec.sensitive_share)[tenant]
    group = _groups(role, tenant)
    columns = {
        "build": _by_side(rng, server, list(kinds.CLIENT_BUILDS.values()), list(kinds.SERVER_BUILDS.values())),
        "model": _by_side(rng, server, _long_tail(kinds.CLIENT_MODELS), _long_tail(kinds.SERVER_MODELS)),
        "app": _by_side(rng, server, _apps(kinds.CLIENT_APPS), _apps(kinds.SERVER_APPS)),
    }
    member, facets, facet_kind = _facets({"role": role, **columns, "tenant": tenant}, NAMES)
    starts, ends, on_share = _online(rng, role)
    return TrialFleet(
        role=role,
        tenant=tenant,
        zone=np.array(ZONES, dtype=np.int32)[rng.integers(0, len(ZONES), spec.tenants + 1)][tenant],
        group=group,
        weight=_weights(role, group, sensitive),
        server=server,
        sensitive=sensitive,
        starts=starts,
        ends=ends,
        on_share=on_share,
        member=member,
        facets=facets,
        facet_kind=facet_kind,
        names=NAMES,
        **columns,
    )


def _tenants(spec: FleetSpec, rng: np.random.Generator) -> Ints:
    """The first ones are the operator's own; clients differ in size by a factor of ten and more."""
    sizes = rng.lognormal(0.0, 0.9, spec.tenants)
    drawn = _picked(rng, spec.devices - spec.internal, sizes) + 1
    return np.concatenate([np.zeros(spec.internal, dtype=np.int32), drawn]).astype(np.int32)


def _picked(rng: np.random.Generator, count: int, shares: Floats) -> Ints:
    return rng.choice(len(shares), count, p=shares / shares.sum()).astype(np.int32)


def _by_side(rng: np.random.Generator, server: Bools, clients: list[float], servers: list[float]) -> Ints:
    """Numbers of the clients' values first, then the servers'."""
    ours = _picked(rng, len(server), np.array(clients))
    theirs = _picked(rng, len(server), np.array(servers)) + len(clients)
    return np.where(server, theirs, ours).astype(np.int32)


def _long_tail(count: int) -> list[float]:
    return [1.0 / (1 + number) ** 0.8 for number in range(count)]


def _apps(count: int) -> list[float]:
    """The first one is none."""
    tail = _long_tail(count)
    return [kinds.APPLESS_SHARE, *((1 - kinds.APPLESS_SHARE) * each / sum(tail) for each in tail)]


def _groups(role: Ints, tenant: Ints) -> Ints:
    """All of one of GROUPED_ROLES at a tenant, where there are two or more."""
    group = np.full(len(role), -1, dtype=np.int32)
    found = 0
    for name in kinds.GROUPED_ROLES:
        at = np.flatnonzero(role == ROLES.index(name))
        tenants, which, counts = np.unique(tenant[at], return_inverse=True, return_counts=True)
        group[at] = np.where(counts[which] > 1, found + which, -1)
        found += len(tenants)
    return group


def _weights(role: Ints, group: Ints, sensitive: Bools) -> Floats:
    weight = np.array([kind.weight for kind in KINDS.values()])[role]
    alone = (role == ROLES.index("domain_controller")) & (group < 0)
    weight = np.where(alone, kinds.ONLY_ONE_WEIGHT, weight)
    return np.where(sensitive, weight * kinds.SENSITIVE_FACTOR, weight).astype(np.float64)


def _online(rng: np.random.Generator, role: Ints) -> tuple[Ints, Ints, Floats]:
    n = len(role)
    on = np.array([kind.on for kind in KINDS.values()])[role]
    starts, ends = rng.integers(6, 10, n), rng.integers(16, 21, n)
    by_night = rng.random(n) < 0.35
    ends = np.where((on == On.OFFICE) & by_night, 24, ends)
    starts = np.where((on == On.OFFICE) & by_night, 0, starts)
    always = on == On.ALWAYS
    share = np.where(on == On.TRAVELLING, rng.beta(6, 2, n), rng.beta(20, 1, n))
    return (
        np.where(always, 0, starts).astype(np.int32),
        np.where(always, 24, ends).astype(np.int32),
        np.where(always, 1.0, share),
    )


def _facets(columns: Mapping[str, Ints], names: Mapping[str, tuple[str, ...]]) -> tuple[Ints, tuple[str, ...], Ints]:
    """Facets that no device belongs to do not exist."""
    n = len(columns["role"])
    numbers = {"all": np.zeros(n, dtype=np.int32), **columns}
    builds = len(names["build"])
    numbers["role_build"] = columns["role"] * builds + columns["build"]
    member = np.empty((n, len(FACET_KINDS)), dtype=np.int32)
    found: list[str] = []
    kind_of: list[int] = []
    for place, kind in enumerate(FACET_KINDS):
        there, which = np.unique(numbers[kind], return_inverse=True)
        member[:, place] = which + len(found)
        found += [_facet_name(kind, int(number), names) for number in there]
        kind_of += [place] * len(there)
    return member, tuple(found), np.array(kind_of, dtype=np.int32)


def _facet_name(kind: str, number: int, names: Mapping[str, tuple[str, ...]]) -> str:
    match kind:
        case "all":
            return "all"
        case "tenant":
            return f"tenant:{number}"
        case "role_build":
            role, build = divmod(number, len(names["build"]))
            return f"role_build:{names['role'][role]}/{names['build'][build]}"
        case _:
            return f"{kind}:{names[kind][number]}"
