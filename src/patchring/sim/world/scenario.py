"""What one seed makes: tenants with policies and devices, patches good and bad, and what people do. Pure values."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from patchring.sim.catalogue import SimUpdate
from patchring.sim.kinds import KINDS
from patchring.sim.roster import Place, SimTenant

# Hours ahead of UTC in the first days of November 2026.
ZONES = {"UTC": 0, "Europe/Berlin": 1, "America/Chicago": -6}
CLIENT_KINDS = ("workstation", "laptop", "shared", "kiosk", "pos", "cad", "dc", "dc", "sql")
OWN_KINDS = ("workstation", "laptop", "file")
SEGMENTS = """
segments:
  - {name: own, when: {internal: "yes"}, ring: 0, window: any time, remedy: back, probes: ["services:*"]}
  - {name: servers, when: {class: server}, ring: 3, window: late, remedy: back, probes: ["services:*"], reboot: always}
  - {name: low, when: {criticality: low}, ring: 1, window: any time, remedy: back, probes: ["services:*"]}
  - {name: rest, ring: 2, window: early, remedy: back, probes: ["services:*"]}
"""


@dataclass(frozen=True)
class DailyWindow:
    """Local time of the site: from `begin_h` on for `lasts`."""

    begin_h: int
    lasts: timedelta


@dataclass(frozen=True)
class WorldTenant:
    """`limit`, `site_limit`: installations at once. `early`, `late`: windows of the rings 2 and 3. `blackout_day`: days
    after the first on which nothing may begin; None: none. `soaks`: by ring, how long and on how many verified.
    `failed_max`: failures that halt no ring, once one is verified."""

    tenant: SimTenant
    policy: str
    limit: int
    site_limit: int
    early: DailyWindow
    late: DailyWindow
    blackout_day: int | None
    expected_duration: timedelta
    soaks: tuple[tuple[timedelta, int], ...]
    failed_max: int


@dataclass(frozen=True)
class WorldPatch:
    """`published_h`: hours after the beginning."""

    update: SimUpdate
    published_h: float


@dataclass(frozen=True)
class Scenario:
    seed: int
    tenants: tuple[WorldTenant, ...]
    patches: tuple[WorldPatch, ...]
    halts: tuple[tuple[float, str], ...]


def scenario_of(seed: int) -> Scenario:
    chance = random.Random(f"{seed}/scenario")  # noqa: S311 - chance for a simulation
    tenants = [_tenant(chance, "own", "operator", OWN_KINDS, chance.randint(3, 4))]
    client_count = chance.randint(1, 2)
    for number in range(client_count):
        tenants.append(_tenant(chance, f"client{number}", "client", CLIENT_KINDS, 17 // client_count + 1))
    patches = tuple(_patch(chance, number) for number in range(chance.choice((1, 1, 2))))
    return Scenario(seed, tuple(tenants), patches, _halts(chance))


def _halts(chance: random.Random) -> tuple[tuple[float, str], ...]:
    """When people stop something, in hours, and what."""
    kinds = ("everything", "patch", "tenant", "rollout", "rollout", "rollback", "abandon")
    return tuple(sorted((chance.uniform(0.3, 6), chance.choice(kinds)) for _ in range(chance.randint(0, 3))))


def _tenant(chance: random.Random, slug: str, kind: str, kinds: tuple[str, ...], count: int) -> WorldTenant:
    drawn = [kinds[number % len(kinds)] for number in range(count)]
    places = tuple(
        Place(f"{slug}-{number:02}", KINDS[each], redundancy="dc" if each == "dc" else "", sacrificial=False)
        for number, each in enumerate(drawn)
    )
    zone = chance.choice(sorted(ZONES))
    tenant = SimTenant(slug, slug, kind, "one", zone, places)
    limit, site_limit = chance.randint(2, 6), chance.randint(2, 4)
    early = _window(chance, zone, 1, 3)
    late = _window(chance, zone, 3, 5)
    blackout = chance.choice((0, *[None] * 7))
    expected = timedelta(minutes=chance.randint(2, 20))
    soaks = tuple((timedelta(minutes=chance.choice((1, 10, 45))), chance.randint(1, 3)) for _ in range(4))
    told = WorldTenant(tenant, "", limit, site_limit, early, late, blackout, expected, soaks, chance.randint(0, 1))
    return replace(told, policy=_policy(chance, told))


def _window(chance: random.Random, zone: str, first_h: int, last_h: int) -> DailyWindow:
    """Open soon after the patches are there, so that a world is over in some hours."""
    begin_h = (chance.randint(first_h, last_h) + ZONES[zone]) % 24
    return DailyWindow(begin_h, timedelta(hours=chance.randint(3, 8)))


def _policy(chance: random.Random, told: WorldTenant) -> str:
    rings = "\n".join(
        f"  - {{name: r{number}, soak: {{time: {_minutes(soak)}m, verified: {verified}}}, "
        f"growth: {chance.randint(2, 4)}, at_once: {chance.randint(2, 8)}}}"
        for number, (soak, verified) in enumerate(told.soaks)
    )
    day = f"2026-11-{2 + told.blackout_day:02}" if told.blackout_day is not None else ""
    blackouts = f"blackouts:\n  - {{name: none then, from: {day}, to: {day}}}\n" if day else ""
    return f"""
patchring: 1
title: World
automation: automatic
expected_duration: {_minutes(told.expected_duration)}m
rings:
{rings}
windows:
  any time: {{any_time: true}}
  early: {{rule: FREQ=DAILY, start: "{told.early.begin_h:02}:00", lasts: {_minutes(told.early.lasts)}m}}
  late: {{rule: FREQ=DAILY, start: "{told.late.begin_h:02}:00", lasts: {_minutes(told.late.lasts)}m}}
{blackouts}{SEGMENTS}
approvals:
  - {{name: all, when: {{provider: windows_update, origin: Microsoft}}, decide: auto}}
limits:
  tenant: {told.limit}
  site: {told.site_limit}
  redundancy_group: 1
on_failure: {{failed_max: {told.failed_max}, halt: {chance.choice(("ring", "rollout", "tenant", "patch"))}}}
remedies:
  back: {{steps: [return_to_prior], scope: {chance.choice(("failed", "installed"))}}}
overrides:
  no_soak: {{by: [Ada, Grace], reason: a simulation}}
"""


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


def _patch(chance: random.Random, number: int) -> WorldPatch:
    harms = {"kiosk": "KioskShell", "dc": "NTDS", "sql": "MSSQLSERVER", "pos": "PosTerminal", "workstation": "Spooler"}
    bad = chance.random() < 0.4
    harmed = chance.choice(sorted(harms))
    update = SimUpdate(
        key=f"p{number}",
        product=f"Product {number}",
        title=f"Product {number} 1.1",
        kb=f"KB51000{number}",
        update_id=f"6f0d1c52-8a51-4c3e-9f0b-1d2a5c7e900{number}",
        before="1.0",
        after="1.1",
        kinds=frozenset(KINDS),
        reboot=chance.choice(("never", "always")),
        download=chance.randint(5, 120),
        install=chance.randint(10, 400),
        harms={harmed: harms[harmed]} if bad else {},
    )
    return WorldPatch(update, chance.uniform(0.1, 1.5))
