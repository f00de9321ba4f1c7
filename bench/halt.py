"""A halt while devices check in and ask for permits: how long it takes, and that nothing is permitted after it.

The whole server runs. Many devices check in at a fixed pace, some ask for permits at the signer's socket at another,
and somebody halts and goes on again over the API, with every kind of key. Which permit came before which halt is told
by PostgreSQL's own instants of the commits: a permit's locks are held until its commit is noted, so no permit of what
is stopped may lie between the commit of the stop and the commit that lifts it.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import psycopg
from tests.scene import Scene, SceneDevice

from bench.check_in import MESSAGE, PATH, sessions_of
from bench.cluster import BenchCluster
from bench.figures import Figure, at_least, at_most, shown
from bench.installation import admin_address, installation
from bench.load import Load, Measured, measure
from patchring.app.errors import AppError
from patchring.app.sessions import SessionSeal
from patchring.app.stops import EVERYTHING, permit_keys
from patchring.serve.local import LocalServer
from patchring.serve.permit_desk import SignerDesk
from patchring.serve.secrets import SecretFolder
from patchring.store.secrets import load_or_make_secrets

CHECK_INS_PER_SECOND = 300
CONNECTION_COUNT = 64
TENANT_COUNT, DEVICE_COUNT = 40, 10_000
ASKING_TENANT_COUNT, ASKING_DEVICE_COUNT = 4, 4
PERMITS_PER_SECOND = 30
WARM_UP_S, SECONDS = 5, 60
IN_FORCE_S, REST_S = 0.1, 0.5
HALT_COUNT_MIN = 30
P99_MS_MAX = 100

# Permits of some tenants that were committed while a stop was in force; the permit's own row is written again later.
_LATE = """
select count(*) from patchring.event where kind = 'permit_granted' and tenant_id = any (%(tenant_ids)s)
  and pg_xact_commit_timestamp(transaction::xid) > %(from)s and pg_xact_commit_timestamp(transaction::xid) < %(to)s
"""
_PLACED = "select stop_id, pg_xact_commit_timestamp(xmin) from patchring.stop where stop_key = %s and lifted_at is null"
_LIFTED = "select pg_xact_commit_timestamp(xmin) from patchring.stop where stop_id = %s"


@dataclass
class Halt:
    """One stop: whom it concerned, how long the answer took, and between which commits it was in force."""

    tenant_ids: Sequence[UUID]
    answered_ms: float
    committed_ms: float
    committed_at: datetime
    lifted_at: datetime


@dataclass
class Asked:
    granted_count: int = 0
    denied_count: int = 0
    unanswered: list[str] = field(default_factory=list)


def run() -> list[Figure]:
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    async with installation(agents_tls=False) as server:
        with psycopg.connect(admin_address(server), autocommit=True) as admin:
            load = _check_ins(server)
            scenes = _scenes(server, admin)
            checking_in = asyncio.create_task(asyncio.to_thread(measure, load))
            halts, asked = await _halt_while_asked(server, scenes, checking_in)
            late = sum(_late(admin, halt) for halt in halts)
    assert len(halts) >= HALT_COUNT_MIN, f"only {len(halts)} halts: too few to say anything of the slowest"
    assert asked.granted_count > len(halts), f"only {asked.granted_count} permits: hardly anybody asked"
    assert asked.denied_count > len(halts) / 10, f"only {asked.denied_count} refusals: few asked under a halt"
    return _figures(halts, asked, await checking_in, late)


def _figures(halts: Sequence[Halt], asked: Asked, checked_in: Measured, late: int) -> list[Figure]:
    answered, committed = ([getattr(h, name) for h in halts] for name in ("answered_ms", "committed_ms"))
    return [
        at_least("check-ins meanwhile", checked_in.per_second, "a second", CHECK_INS_PER_SECOND * 0.99),
        shown("check-in, p99 meanwhile", checked_in.p99_ms, "ms"),
        shown("permits asked for meanwhile", (asked.granted_count + asked.denied_count) / SECONDS, "a second"),
        shown("refused under a halt", asked.denied_count, "requests"),
        shown("halts placed over the API", len(halts), "halts"),
        shown("halt, request to commit, p50", share(committed, 0.5), "ms"),
        at_most("halt, request to commit, p99", share(committed, 0.99), "ms", P99_MS_MAX),
        shown("halt, request to answer, p50", share(answered, 0.5), "ms"),
        shown("halt, request to answer, p99", share(answered, 0.99), "ms"),
        at_most("permits after a halt's commit", late, "permits", 0),
        shown("permit requests without an answer", len(asked.unanswered), "requests"),
    ]


def share(values: Sequence[float], part: float) -> float:
    """The value that this part of all values does not exceed."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def _check_ins(server: LocalServer) -> Load:
    """Devices with nothing to do, enough of them that no row is written twice in a batch."""
    folder = SecretFolder(server.home)
    store = load_or_make_secrets(folder.file("store.json"))
    cluster = BenchCluster(admin_address(server), server.home / "postgres" / "data", store)
    pairs = cluster.add_devices(TENANT_COUNT, DEVICE_COUNT, MESSAGE.scan_digest)
    sessions = sessions_of(pairs, SessionSeal(folder.key("session.key")))
    body = msgspec.json.encode(MESSAGE).decode()
    port = server.settings.agents_port
    return Load(port, CONNECTION_COUNT, SECONDS, PATH, body, sessions, {}, CHECK_INS_PER_SECOND)


def _scenes(server: LocalServer, admin: psycopg.Connection[Any]) -> list[Scene]:
    """Tenants with a running rollout and devices that are offered it, under the server's own permit key."""
    permit_key = SecretFolder(server.home).signing_key("permit.key")
    scenes = [Scene(admin, slug=f"asking{n}", permit_key=permit_key) for n in range(ASKING_TENANT_COUNT)]
    for scene in scenes:
        scene.add_devices(ASKING_DEVICE_COUNT)
    return scenes


async def _halt_while_asked(
    server: LocalServer, scenes: Sequence[Scene], checking_in: asyncio.Task[Measured]
) -> tuple[list[Halt], Asked]:
    """Halt and go on until the check-ins are over."""
    asked, halts, chance = Asked(), list[Halt](), random.Random(20261123)
    desk = SignerDesk(server.home / "run" / "signer.sock")
    askers = [asyncio.create_task(_ask(desk, s, d, asked, chance)) for s in scenes for d in s.devices]
    await asyncio.sleep(WARM_UP_S)
    headers = {"authorization": f"Bearer {server.operator_token}"}
    address = f"{server.settings.people_address}/api/v1"
    admin = await psycopg.AsyncConnection.connect(admin_address(server), autocommit=True)
    async with admin, httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as api:
        while not checking_in.done():
            halts.append(await _halt(api, admin, scenes, chance))
            await asyncio.sleep(chance.random() * REST_S)
    for asker in askers:
        assert not asker.done(), asker.exception()
        asker.cancel()
    await asyncio.wait(askers)
    return halts, asked


async def _ask(desk: SignerDesk, scene: Scene, device: SceneDevice, asked: Asked, chance: random.Random) -> None:
    """A device that asks again and again; each new request gives up the permit that it was given before."""
    pause_s = 2 * ASKING_TENANT_COUNT * ASKING_DEVICE_COUNT / PERMITS_PER_SECOND
    while True:
        await asyncio.sleep(chance.random() * pause_s)
        try:
            answer = await desk.ask(scene.tenant_id, device.device_id, scene.request(device))
        except AppError as error:
            asked.unanswered.append(str(error))
        else:
            asked.granted_count += answer.permit is not None
            asked.denied_count += answer.permit is None


async def _halt(
    api: httpx.AsyncClient, admin: psycopg.AsyncConnection[Any], scenes: Sequence[Scene], chance: random.Random
) -> Halt:
    """Place a stop, leave it for a moment, lift it."""
    scene = chance.choice(scenes)
    key = chance.choice(permit_keys(scene.tenant_id, scene.patch_key, scene.rollout_id, 1, "everything"))
    everybody = [each.tenant_id for each in scenes]
    asked_at, began = time.time(), time.perf_counter()
    await _post(api, "/stops", key)
    answered_ms = (time.perf_counter() - began) * 1000
    stop_id, committed_at = await _one(admin, _PLACED, key)
    await asyncio.sleep(chance.random() * IN_FORCE_S)
    await _post(api, "/stops/lift", key)
    (lifted_at,) = await _one(admin, _LIFTED, stop_id)
    committed_ms = (committed_at.timestamp() - asked_at) * 1000
    concerned = everybody if key == EVERYTHING else [scene.tenant_id]
    return Halt(concerned, answered_ms, committed_ms, committed_at, lifted_at)


async def _post(api: httpx.AsyncClient, path: str, key: str) -> None:
    body = {"key": key, "reason": "measured"}
    answer = await api.post(path, json=body, headers={"idempotency-key": secrets.token_hex(16)})
    assert answer.is_success, f"{path} {key}: {answer.status_code} {answer.text}"


async def _one(admin: psycopg.AsyncConnection[Any], statement: str, value: object) -> tuple[Any, ...]:
    found = await (await admin.execute(statement, [value])).fetchone()  # type: ignore[call-overload]
    assert found is not None, f"no such stop: {value}"
    return tuple(found)


def _late(admin: psycopg.Connection[Any], halt: Halt) -> int:
    given = {"tenant_ids": list(halt.tenant_ids), "from": halt.committed_at, "to": halt.lifted_at}
    row = admin.execute(_LATE, given).fetchone()
    assert row is not None
    return int(row[0])
