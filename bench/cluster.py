"""A durable PostgreSQL for benchmarks, on the embedded binaries, with devices in it."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from patchring.serve.clock import SystemClock
from patchring.serve.postgres import EmbeddedPostgres, find_binaries
from patchring.serve.postgres.leftovers import processes_in
from patchring.store.prepare import prepare_database
from patchring.store.secrets import StoreSecrets, new_secrets

_SEED = """
insert into patchring.tenant (tenant_id, slug, name, kind, created_at)
select id, 't' || n, 't' || n, 'client', %(at)s from unnest(%(tenant_ids)s::uuid[]) with ordinality as t (id, n);
insert into patchring.site (tenant_id, site_id, name, zone, created_at)
select tenant_id, tenant_id, 'office', 'UTC', %(at)s from patchring.tenant;
insert into patchring.device (tenant_id, device_id, site_id, name, public_key, enrolled_at)
select t, d, t, 'pc-' || n, n::text, %(at)s
from unnest(%(of_tenant)s::uuid[], %(device_ids)s::uuid[]) with ordinality as new (t, d, n);
insert into patchring.device_contact (tenant_id, device_id, scan_digest, scan_wanted)
select tenant_id, device_id, %(scan_digest)s, false from patchring.device;
analyze;
"""


@dataclass(frozen=True)
class BenchCluster:
    """`admin` is the superuser's connection string; `data` the server's folder."""

    admin: str
    data: Path
    secrets: StoreSecrets

    def processes(self) -> list[int]:
        return processes_in(self.data)

    def add_devices(self, tenant_count: int, device_count: int, scan_digest: str) -> list[tuple[UUID, UUID]]:
        """(tenant, device) of new devices, dealt out over new tenants; device n of 1.. has the id `device_id(n)`."""
        tenant_ids = [UUID(int=(0x0190_0000_0000_7000_9000 << 48) + n) for n in range(tenant_count)]
        pairs = [(tenant_ids[n % tenant_count], device_id(n)) for n in range(1, device_count + 1)]
        given = {
            "tenant_ids": tenant_ids,
            "of_tenant": [tenant_id for tenant_id, _ in pairs],
            "device_ids": [device for _, device in pairs],
            "at": SystemClock().now(),
            "scan_digest": scan_digest,
        }
        with psycopg.ClientCursor(psycopg.connect(self.admin, autocommit=True)) as cursor:
            cursor.execute(_SEED, given)
            cursor.connection.close()
        return pairs

    def pgbench(self, script: str, clients: int, seconds: int) -> float:
        """Transactions a second of PostgreSQL's own benchmark program with a script."""
        address = conninfo_to_dict(self.admin)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            command = [find_binaries().program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"]
            command += ["-T", str(seconds), "-f", file.name, "-h", str(address["host"]), "-U", str(address["user"])]
            environment = {**os.environ, "PGPASSWORD": str(address["password"])}
            done = subprocess.run(
                [*command, str(address["dbname"])], env=environment, text=True, capture_output=True, check=False
            )
        assert done.returncode == 0, f"pgbench failed: {done.stderr[-600:]}"
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found, f"pgbench said no figure: {done.stdout}"
        return float(found.group(1))


def device_id(number: int) -> UUID:
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + number)


@contextmanager
def durable_cluster() -> Iterator[BenchCluster]:
    """Settings as in production: what is answered is on the disk."""
    home = Path(tempfile.mkdtemp(prefix="patchring-bench-"))
    try:
        with EmbeddedPostgres(home) as server:
            secrets = new_secrets()
            prepare_database(server.address, secrets, SystemClock().now())
            yield BenchCluster(server.address, home / "data", secrets)
    finally:
        shutil.rmtree(home, ignore_errors=True)
