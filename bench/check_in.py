"""A check-in with nothing to do: what it costs beside a bare request of the same server, and how many are durable a
second beside PostgreSQL's own benchmark with the same row.

All in one run, in alternation, medians over the rounds: figures of different runs on a busy machine do not compare.
"""

import json
import secrets as chance
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

import msgspec

from bench.cluster import BenchCluster, durable_cluster
from bench.figures import Figure, at_least, at_most, cpu_microseconds, shown
from bench.load import Load, Measured, measure
from patchring.app.sessions import LIFETIME_S, Session, SessionSeal
from patchring.serve.stores import store_settings
from patchring.store.roles import Role
from patchring.wire.messages import CheckIn
from patchring.wire.signing import SigningKey, signature_holds

TENANT_COUNT, DEVICE_COUNT = 40, 10_000
CONNECTION_COUNT, CONNECTION_COUNT_HIGH = 64, 256
ROUND_COUNT, ROUND_S = 3, 4
PGBENCH_CLIENTS = 8
COST_MAX, DURABLE_SHARE_MIN = 6.0, 0.3
PATH = "/agent/v1/check-in"
MESSAGE = CheckIn("5f0c1f1e-8c5b-4e0e-9d5c-6f3c7d0f1a2b", 86_400, "0.1.0", "ab" * 32)

# The same row as a check-in writes, one transaction each; the ids are those of `bench.cluster`.
PGBENCH_SCRIPT = """
\\set n random(1, DEVICE_COUNT)
\\set uptime random(1, 1000000)
\\set tenant :n % TENANT_COUNT
update patchring.device_contact
set last_seen_at = '2026-11-23T05:00:00Z'::timestamptz + cast(:uptime as integer) * interval '1 ms',
  boot_id = 'BOOT_ID', uptime_s = :uptime, agent_version = '0.1.0', unsent_count = 0, busy_action_id = ''
where tenant_id = ('01900000-0000-7000-9000-' || lpad(to_hex(cast(:tenant as integer)), 12, '0'))::uuid
  and device_id = ('01900000-0000-7000-8000-' || lpad(to_hex(cast(:n as integer)), 12, '0'))::uuid;
"""


@dataclass
class Rounds:
    noop: list[Measured]
    check_in: list[Measured]
    check_in_high: list[Measured]
    pgbench_per_second: list[float]


def run() -> list[Figure]:
    key = chance.token_bytes(32)
    with durable_cluster() as cluster, ExitStack() as stack:
        pairs = cluster.add_devices(TENANT_COUNT, DEVICE_COUNT, MESSAGE.scan_digest)
        sessions = sessions_of(pairs, SessionSeal(key))
        store = store_settings(cluster.admin, cluster.secrets, [Role.INGEST])
        noop = stack.enter_context(_server("noop", {}))
        agents = stack.enter_context(_server("agents", {"store": store, "session_key": key.hex()}))
        rounds = Rounds([], [], [], [])
        for _ in range(ROUND_COUNT):
            rounds.noop.append(_load(noop, sessions, CONNECTION_COUNT, cluster))
            rounds.check_in.append(_load(agents, sessions, CONNECTION_COUNT, cluster))
            rounds.pgbench_per_second.append(cluster.pgbench(_pgbench_script(), PGBENCH_CLIENTS, ROUND_S))
            rounds.check_in_high.append(_load(agents, sessions, CONNECTION_COUNT_HIGH, cluster))
    return _figures(rounds) + _proofs(key, sessions[0])


def _figures(rounds: Rounds) -> list[Figure]:
    noop_us = median(measured.cpu_us["server"] for measured in rounds.noop)
    check_in_us = median(measured.cpu_us["server"] for measured in rounds.check_in)
    pgbench = median(rounds.pgbench_per_second)
    durable = median(measured.per_second for measured in rounds.check_in)
    few, many = f"{CONNECTION_COUNT} connections", f"{CONNECTION_COUNT_HIGH} connections"
    return [
        shown("raw no-op request, server CPU", noop_us, "us"),
        shown("check-in, server CPU", check_in_us, "us"),
        at_most("check-in / raw no-op, server CPU", check_in_us / noop_us, "times", COST_MAX),
        shown("check-in, PostgreSQL CPU", median(m.cpu_us["postgres"] for m in rounds.check_in), "us"),
        shown(f"check-in, p50, {few}", median(m.p50_ms for m in rounds.check_in), "ms"),
        shown(f"check-in, p99, {few}", median(m.p99_ms for m in rounds.check_in), "ms"),
        shown("pgbench, same row", pgbench, "a second"),
        shown(f"durable check-ins, {few}", durable, "a second"),
        at_least("durable check-ins / pgbench", durable / pgbench, "share", DURABLE_SHARE_MIN),
        shown(f"durable check-ins, {many}", median(m.per_second for m in rounds.check_in_high), "a second"),
        shown(f"check-in, server CPU, {many}", median(m.cpu_us["server"] for m in rounds.check_in_high), "us"),
    ]


def _proofs(key: bytes, session: str) -> list[Figure]:
    """Who is asking: the session's MAC is part of every check-in, a signature of none."""
    seal, now_s = SessionSeal(key), time.time()
    device = SigningKey.generate()
    value = msgspec.to_builtins(MESSAGE)
    signature = device.sign("report", value)
    return [
        shown(
            "session MAC checked (part of the check-in)",
            cpu_microseconds(lambda: seal.read(session, now_s), 20_000),
            "us",
        ),
        shown(
            "device signature checked (not in a check-in)",
            cpu_microseconds(lambda: signature_holds(device.public, "report", value, signature), 2_000),
            "us",
        ),
    ]


def _pgbench_script() -> str:
    numbers = {"DEVICE_COUNT": str(DEVICE_COUNT), "TENANT_COUNT": str(TENANT_COUNT), "BOOT_ID": MESSAGE.boot_id}
    script = PGBENCH_SCRIPT
    for name, value in numbers.items():
        script = script.replace(name, value)
    return script


def sessions_of(pairs: Sequence[tuple[UUID, UUID]], seal: SessionSeal) -> list[str]:
    ends = int(time.time()) + LIFETIME_S
    return [seal.issue(Session(tenant_id.hex, device_id.hex, 1, ends)) for tenant_id, device_id in pairs]


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


@contextmanager
def _server(kind: str, settings: dict[str, Any]) -> Iterator[Server]:
    command = [sys.executable, "-m", "bench.check_in_server", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the {kind} server did not start"
        try:
            yield Server(int(line), process.pid)
        finally:
            process.terminate()


def _load(server: Server, sessions: Sequence[str], connection_count: int, cluster: BenchCluster) -> Measured:
    body = msgspec.json.encode(MESSAGE).decode()
    groups = {"server": [server.pid], "postgres": cluster.processes()}
    return measure(Load(server.port, connection_count, ROUND_S, PATH, body, list(sessions), groups))
