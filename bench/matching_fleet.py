"""Tenants with many devices that share some hundreds of sets of packages, and the advisories of a distribution.

The advisories are AlmaLinux's own of the shared data folder, or of the tests' cut where that is absent, over and over
with other numbers and packages until there are ten thousand of them.
"""

import json
import lzma
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from bench.cluster import BenchCluster
from bench.feed_files import ALMA, CUTS, SHARED
from patchring.app.catalogue.take import Taken, take
from patchring.app.findings.matching import package_set
from patchring.core.versions import KEYS, Scheme
from patchring.feeds import osv
from patchring.store.database import Database
from patchring.wire.messages import InstalledPackage

ADVISORY_COUNT, PACKAGE_COUNT, TENANT_COUNT = 10_000, 300, 10
BEHIND_COUNT = 1
"""So many packages of a set are one update behind; the others are newer than every fix."""
ECOSYSTEM = "AlmaLinux:9"

_TENANTS = """
truncate patchring.tenant, patchring.tenant_directory, patchring.due cascade;
insert into patchring.tenant (tenant_id, slug, name, kind, created_at)
select id, 't' || n, 't' || n, 'client', %(at)s from unnest(%(tenant_ids)s::uuid[]) with ordinality as t (id, n);
insert into patchring.tenant_directory (tenant_id, slug) select tenant_id, slug from patchring.tenant;
insert into patchring.site (tenant_id, site_id, name, zone, created_at)
select tenant_id, tenant_id, 'office', 'UTC', %(at)s from patchring.tenant;
create temporary table bench_set (number integer, package_set text, scan jsonb);
"""
_DEVICES = """
insert into patchring.device (tenant_id, device_id, site_id, name, public_key, enrolled_at, os_name, os_version,
  internet_facing)
select tenant_id, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, tenant_id, 'pc-' || n, n::text,
  %(at)s, 'almalinux', '9.6', (array[null, true, false])[1 + n %% 3]
from generate_series(0, %(device_count)s - 1) as n
join (select tenant_id, row_number() over (order by tenant_id) - 1 as place from patchring.tenant) as t
  on t.place = n %% %(tenant_count)s;
insert into patchring.device_inventory (tenant_id, device_id, taken_at, received_at, report_id, boot_id, reboot_pending,
  scan, package_set)
select tenant_id, device_id, %(at)s, %(at)s, device_id, '', false, bench_set.scan, bench_set.package_set
from patchring.device
join bench_set on bench_set.number = (public_key::integer %% %(tenant_count)s * %(own_count)s
  + public_key::integer / %(tenant_count)s %% (%(own_count)s * 2)) %% %(set_count)s;
drop table bench_set;
analyze;
checkpoint;
"""


def advisories() -> list[dict[str, Any]]:
    """As OSV writes them, one each; copies speak of packages of their own."""
    raw = lzma.decompress((SHARED / ALMA).read_bytes()) if SHARED.exists() else (CUTS / "osv/alma.ndjson").read_bytes()
    real = {each["id"]: each for each in map(json.loads, raw.splitlines())}
    copies = -(-ADVISORY_COUNT // len(real))
    return [_copy(each, copy) for copy in range(copies) for each in real.values()][:ADVISORY_COUNT]


def _copy(said: dict[str, Any], copy: int) -> dict[str, Any]:
    if copy == 0:
        return said
    affected = [{**each, "package": _renamed(each["package"], copy)} for each in said["affected"]]
    related = [f"{cve}{copy:03}" for cve in said.get("related", ())]
    return {**said, "id": f"{said['id']}{copy:03}", "affected": affected, "related": related}


def _renamed(package: dict[str, Any], copy: int) -> dict[str, Any]:
    return {**package, "name": f"{package['name']}-{copy}"}


def fixed_versions(said: list[dict[str, Any]]) -> dict[str, list[str]]:
    """By package, in the order of their advisories."""
    found: dict[str, list[str]] = {}
    for advisory in sorted(said, key=lambda each: str(each["id"])):
        for each in advisory["affected"]:
            if each["package"]["ecosystem"] == ECOSYSTEM:
                events = [event for ranged in each["ranges"] for event in ranged["events"]]
                fixed = [event["fixed"] for event in events if "fixed" in event]
                found.setdefault(each["package"]["name"], []).extend(fixed)
    return found


def behind(fixed: list[str]) -> str:
    """The version before the newest fix: that of an earlier one, or older than all."""
    newest = max(fixed, key=KEYS[Scheme.RPM])
    return max((each for each in fixed if each != newest), key=KEYS[Scheme.RPM], default="0:0.1-1")


def package_sets(said: list[dict[str, Any]], count: int) -> Iterator[list[InstalledPackage]]:
    """Each of packages that advisories speak of."""
    chance, fixed = random.Random(7), fixed_versions(said)
    names = sorted(fixed)
    for number in range(count):
        chosen = chance.sample(names, min(PACKAGE_COUNT, len(names)))
        versions = [behind(fixed[name]) for name in chosen[:BEHIND_COUNT]]
        versions += [f"99:1-{number % 7}.el9"] * (len(chosen) - BEHIND_COUNT)
        yield [InstalledPackage("dnf", *each, "x86_64") for each in zip(chosen, versions, strict=True)]


async def publish(database: Database, said: list[dict[str, Any]], now: datetime) -> Taken:
    raw = "\n".join(map(json.dumps, said)).encode()
    return await take(database, osv.parse(raw, now, part="AlmaLinux"), now)


def fill(cluster: BenchCluster, said: list[dict[str, Any]], set_count: int, device_count: int, now: datetime) -> None:
    """Other tenants and devices in the place of those that were there; each tenant has a fifth of the
    sets, each set is in two tenants."""
    tenant_ids = [UUID(int=(0x0190_0000_0000_7000_9000 << 48) + n) for n in range(TENANT_COUNT)]
    given = {"at": now, "tenant_ids": tenant_ids, "device_count": device_count, "tenant_count": TENANT_COUNT}
    with psycopg.ClientCursor(psycopg.connect(cluster.admin, autocommit=True)) as cursor:
        cursor.execute(_TENANTS, given)
        for number, packages in enumerate(package_sets(said, set_count)):
            installed = [
                {"provider": p.provider, "name": p.name, "version": p.version, "architecture": p.architecture}
                for p in packages
            ]
            row = (number, package_set("almalinux", "9.6", packages), Jsonb({"installed": installed}))
            cursor.execute("insert into bench_set values (%s, %s, %s)", row)
        cursor.execute(_DEVICES, {**given, "set_count": set_count, "own_count": set_count // TENANT_COUNT})
        cursor.connection.close()
