"""A PostgreSQL for the tests, and a migrated database of its own for each test, copied from a template."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from patchring.serve.clock import SystemClock
from patchring.serve.postgres import EmbeddedPostgres, Settings
from patchring.store.prepare import ensure_grants, prepare_database
from patchring.store.secrets import StoreSecrets, new_secrets

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
TEMPLATE = "patchring_template"
ROOM_BYTES = 2 * 1024**3

# What runs where: None is the PostgreSQL that ships with Patchring.
BINARIES: dict[str, Path | None] = {"embedded": None, "15": DEBIAN_15}


@dataclass(frozen=True)
class FreshDatabase:
    """One migrated, empty database. `admin` is the superuser's connection string."""

    name: str
    admin: str
    secrets: StoreSecrets


@dataclass
class Cluster:
    """A running server with the template in it."""

    server: EmbeddedPostgres
    secrets: StoreSecrets
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def address(self, database: str) -> str:
        return make_conninfo(self.server.address, dbname=database)

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A connection of the superuser, in autocommit."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            yield connection

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[FreshDatabase]:
        """A database of its own; dropped at the end, whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        with self.connected() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        with self.connected(name) as connection:
            ensure_grants(connection, self.secrets.names)
        try:
            yield FreshDatabase(name, self.address(name), self.secrets)
        finally:
            with self.connected() as connection:
                connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


def quick_folder() -> str | None:
    """In memory where there is room: a copy of the template then takes 40 ms, on a busy disk a second."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    return str(memory) if roomy else None


@contextmanager
def running_cluster(binaries: Path | None) -> Iterator[Cluster]:
    """A server in a folder of its own, with roles and a migrated template; gone afterwards."""
    # Not pytest's tmp_path: that is closed to the account that PostgreSQL runs under when we are root.
    home = Path(tempfile.mkdtemp(prefix="patchring-pg-", dir=quick_folder()))
    try:
        with EmbeddedPostgres(home, binaries=binaries, settings=Settings(durable=False)) as server:
            cluster = Cluster(server, new_secrets())
            with cluster.connected() as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
            prepare_database(cluster.address(TEMPLATE), cluster.secrets, SystemClock().now())
            yield cluster
    finally:
        shutil.rmtree(home)
