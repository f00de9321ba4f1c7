"""A whole Patchring to measure: `LocalServer` in a folder of its own, gone afterwards.

Settings as in production, so what is answered is on the disk. PostgreSQL also notes the instant of each commit: what
came before and what after is then read from the database itself, and no measuring process has to be quick enough.
"""

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from patchring.serve.local import DATABASE_NAME, LocalServer
from patchring.serve.postgres import EmbeddedPostgres
from patchring.serve.postgres.server import address_of
from patchring.serve.settings import Settings


@asynccontextmanager
async def installation(agents_tls: bool = True, check_in_interval: int = 300) -> AsyncIterator[LocalServer]:
    """Every process runs until the end of the block; nothing is left of it then."""
    folder = Path(tempfile.mkdtemp(prefix="patchring-bench-"))
    folder.chmod(0o711)  # as root PostgreSQL runs under another account, which has to get in
    try:
        home = folder / "home"
        home.mkdir()
        _note_commits(home)
        people, agents = free_ports(2)
        settings = Settings(
            home,
            people_port=people,
            agents_port=agents,
            agents_tls=agents_tls,
            check_in_interval=check_in_interval,
            check_in_interval_busy=check_in_interval,
        )
        async with LocalServer(settings) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def admin_address(server: LocalServer) -> str:
    """The superuser's connection string to the server's own database."""
    return make_conninfo(address_of(server.home / "postgres"), dbname=DATABASE_NAME)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _note_commits(home: Path) -> None:
    with EmbeddedPostgres(home / "postgres") as postgres, psycopg.connect(postgres.address, autocommit=True) as admin:
        admin.execute("alter system set track_commit_timestamp = on")
