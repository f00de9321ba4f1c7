"""A rollout over 100,000 devices: from the policy's word to its rows, and to the first offer in ring 0.

The real worker with its real statements on a durable PostgreSQL; the devices are rows.
"""

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from bench.cluster import BenchCluster, durable_cluster
from bench.figures import Figure, at_most, shown
from patchring.app.worker.claim import claim
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.core.ids import TenantId
from patchring.policyfile import fingerprint
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.ids import new_id

DEVICE_COUNT = 100_000
ROWS_S_MAX, OFFERED_S_MAX = 2.0, 1.0
POLICY = """
patchring: 1
title: Bench
automation: automatic
rings:
  - {name: internal, soak: {time: 1h, verified: 100}, growth: 10, at_once: 5000}
  - {name: low, soak: {time: 1h, verified: 100}, at_once: 5000}
  - {name: standard, soak: {time: 1h, verified: 100}, at_once: 5000}
  - {name: servers, soak: {time: 1h, verified: 100}, at_once: 500}
windows:
  any time: {any_time: true}
segments:
  - {name: servers, when: {class: server}, ring: 3, window: any time, remedy: back, probes: ["service:app"]}
  - {name: pilots, when: {group: pilots}, ring: 0, window: any time, remedy: back, probes: ["service:app"]}
  - {name: low, when: {criticality: low}, ring: 1, window: any time, remedy: back, probes: ["service:app"]}
  - {name: rest, ring: 2, window: any time, remedy: back, probes: ["service:app"]}
approvals:
  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}
on_failure: {failed_max: 0, halt: patch}
remedies:
  back: {steps: [return_to_prior]}
"""
_FLEET = """
insert into patchring.tenant (tenant_id, slug, name, kind, created_at)
  values (%(tenant)s, 'msp', 'MSP', 'operator', %(at)s);
insert into patchring.tenant_directory (tenant_id, slug) values (%(tenant)s, 'msp');
insert into patchring.site (tenant_id, site_id, name, zone, created_at)
  values (%(tenant)s, %(tenant)s, 'office', 'UTC', %(at)s);
insert into patchring.policy_version (tenant_id, policy_version_id, version, fingerprint, text, statement, created_at,
  created_by) values (%(tenant)s, %(tenant)s, 1, %(fingerprint)s, %(policy)s, '{}', %(at)s, 'bench');
insert into patchring.patch (tenant_id, patch_id, patch_key, provider, name, version, title, origin, security, type,
  classification, reboot, known_from) values (%(tenant)s, %(patch)s, 'apt:demo=1.1', 'apt', 'demo', '1.1', 'demo 1.1',
  'Debian', true, 'os', 'security', 'never', %(at)s);
insert into patchring.device (tenant_id, device_id, site_id, name, public_key, enrolled_at, class, criticality, groups)
  select %(tenant)s, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, %(tenant)s, 'pc-' || n, n::text,
    %(at)s, (array['workstation', 'laptop', 'server'])[1 + n %% 3], (array['standard', 'low', 'high'])[1 + n %% 7 %% 3],
    case when n %% 100 = 0 then array['pilots'] else '{}' end
  from generate_series(1, %(count)s) as n;
insert into patchring.device_contact (tenant_id, device_id, last_seen_at)
  select tenant_id, device_id, %(at)s from patchring.device;
insert into patchring.missing (tenant_id, device_id, patch_id, known_from, installed_version)
  select tenant_id, device_id, %(patch)s, %(at)s, '1.0' from patchring.device;
insert into patchring.due (tenant_id, kind, id, wake_at) values (%(tenant)s, 'patch', %(patch)s, %(at)s);
analyze;
checkpoint;
"""


def run() -> list[Figure]:
    with durable_cluster() as cluster:
        return asyncio.run(_measure(cluster))


async def _measure(cluster: BenchCluster) -> list[Figure]:
    clock = SystemClock()
    tenant_id, patch_id = TenantId(new_id(clock.now())), new_id(clock.now())
    _fill(cluster, tenant_id, patch_id, clock.now())
    async with Database(cluster.admin, cluster.secrets, clock) as database:
        worker = Worker(database, clock, HANDLERS)
        rows_s = await _timed(worker, database, "patch")
        offered_s = await _timed(worker, database, "rollout")
        counts = _counts(cluster)
        assert counts == {"devices": DEVICE_COUNT, "offered": 1}, f"the rollout is not as it should be: {counts}"
        batch_s = await _offer_many(cluster, worker, database)
        again_s = await _timed(worker, database, "rollout")
    return [
        at_most(f"rows of {DEVICE_COUNT:,} devices there", rows_s, "s", ROWS_S_MAX),
        at_most("ring 0 offered", offered_s, "s", OFFERED_S_MAX),
        shown("the other devices of ring 0 offered", batch_s, "s"),
        shown("another look with nothing to do", again_s, "s"),
    ]


def _fill(cluster: BenchCluster, tenant_id: TenantId, patch_id: UUID, now: datetime) -> None:
    given: dict[str, Any] = {"tenant": tenant_id, "patch": patch_id, "at": now, "count": DEVICE_COUNT}
    policy = {"policy": POLICY, "fingerprint": fingerprint(POLICY)}
    with psycopg.ClientCursor(psycopg.connect(cluster.admin, autocommit=True)) as cursor:
        cursor.execute(_FLEET, {**given, **policy})
        cursor.connection.close()


async def _timed(worker: Worker, database: Database, kind: str) -> float:
    """Seconds from the claim of what is due to the end of its transaction; it has to be of this kind."""
    began = time.monotonic()
    [item] = await claim(database, 1, SystemClock().now())
    assert item.kind == kind, f"expected a due row of kind {kind}, got {item.kind}"
    await worker.do(item)
    return time.monotonic() - began


async def _offer_many(cluster: BenchCluster, worker: Worker, database: Database) -> float:
    """As if 99 devices of ring 0 had been verified: all the others are offered in one go."""
    counts = "jsonb_build_object('verified', 99, 'offered', 1, 'waiting', device_count - 100)"
    with psycopg.connect(cluster.admin, autocommit=True) as connection:
        connection.execute(f"update patchring.rollout_ring set counts = {counts} where ring = 0")  # noqa: S608
        connection.execute("delete from patchring.due where kind = 'campaign'")
        connection.execute("update patchring.due set wake_at = %s, lease_until = null", [SystemClock().now()])
    return await _timed(worker, database, "rollout")


def _counts(cluster: BenchCluster) -> dict[str, int]:
    with psycopg.connect(cluster.admin) as connection:
        devices = connection.execute("select count(*) from patchring.rollout_device").fetchone()
        offered = connection.execute("select count(*) from patchring.action where state = 'offered'").fetchone()
    assert devices is not None
    assert offered is not None
    return {"devices": devices[0], "offered": offered[0]}
