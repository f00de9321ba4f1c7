"""The whole server on one machine: embedded PostgreSQL (or DATABASE_URL), signer, worker, web, as one process tree."""

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from patchring.app.principals import ensure_operator
from patchring.serve.certificate import ensure_certificate, fingerprint
from patchring.serve.clock import SystemClock
from patchring.serve.errors import PortTaken
from patchring.serve.postgres import EmbeddedPostgres
from patchring.serve.processes import Child, Family
from patchring.serve.running import note_settings
from patchring.serve.secrets import SecretFolder
from patchring.serve.settings import OPERATOR_TOKEN_FILE, Settings
from patchring.serve.stores import open_database, store_settings
from patchring.store.prepare import prepare_database
from patchring.store.roles import Role
from patchring.store.secrets import StoreSecrets, load_or_make_secrets

DATABASE_NAME = "patchring"
ADDRESS_FILE = "database"
"""Under HOME/run: where commands on this machine find the database; it holds no secret."""
Progress = Callable[[str], None]


class LocalServer:
    """`async with LocalServer(settings) as server:` everything runs; `server.settings` has the addresses."""

    def __init__(self, settings: Settings, progress: Progress = lambda _: None) -> None:
        self.settings = settings
        self.home = settings.home
        self.family = Family()
        self._progress = progress
        self._postgres: EmbeddedPostgres | None = None
        self._clock = SystemClock()

    @property
    def operator_token(self) -> str:
        """The bearer token of the installation's operator."""
        return self._token_file.read_text(encoding="utf-8").strip()

    @property
    def _token_file(self) -> Path:
        return self.home / OPERATOR_TOKEN_FILE

    async def start(self) -> None:
        """Raises ServeError, PostgresError, StoreError; what was started is stopped again then."""
        self.home.mkdir(mode=0o755, parents=True, exist_ok=True)
        _require_free_port(self.settings.people_host, self.settings.people_port, "--people-port")
        _require_free_port(self.settings.agents_host, self.settings.agents_port, "--agents-port")
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await self.family.stop()
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        now = self._clock.now()
        folder = SecretFolder(self.home)
        store = load_or_make_secrets(folder.file("store.json"))
        self._progress("database")
        address = await asyncio.to_thread(self._open_store, store, now)
        await self._ensure_operator(address, store)
        self._progress("processes")
        for child in self._children(address, store, folder, now):
            await self.family.add(child)

    def _open_store(self, store: StoreSecrets, now: datetime) -> str:
        """Start PostgreSQL unless an external one was given, and bring the database up to this version."""
        admin = self.settings.database_url
        if not admin:
            self._postgres = EmbeddedPostgres(self.home / "postgres")
            admin = _with_database(self._postgres.start())
        prepare_database(admin, store, now)
        return _without_user(admin)

    async def _ensure_operator(self, address: str, store: StoreSecrets) -> None:
        """The first start makes the operator's token, in a file of mode 0600."""
        token = self.operator_token if self._token_file.exists() else secrets.token_urlsafe(32)
        async with open_database(store_settings(address, store, [Role.WEB])) as database:
            await ensure_operator(database, self._clock, token)
        if not self._token_file.exists():
            self._token_file.touch(mode=0o600)
            self._token_file.write_text(token, encoding="utf-8")

    def _children(self, address: str, store: StoreSecrets, folder: SecretFolder, now: datetime) -> list[Child]:
        settings, run = self.settings, self.home / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        permit_key = folder.signing_key("permit.key").public
        certificate, certificate_key, pinned = None, None, "-"
        if settings.agents_tls:
            certificate, certificate_key = ensure_certificate(self.home, folder, now)
            pinned = fingerprint(certificate)
        signer = {
            "store": store_settings(address, store, [Role.SIGNER]),
            "permit_key": str(folder.file("permit.key")),
            "socket": str(run / "signer.sock"),
        }
        web = {
            "store": store_settings(address, store, [Role.WEB, Role.STAFF, Role.INGEST]),
            "session_key": folder.key("session.key").hex(),
            "signer_socket": signer["socket"],
            "permit_key": permit_key,
            "fingerprint": pinned,
            "people": {"host": settings.people_host, "port": settings.people_port},
            "agents": {"host": settings.agents_host, "port": settings.agents_port},
            "agents_address": settings.agents_address,
            "certificate": str(certificate) if certificate else None,
            "certificate_key": str(certificate_key) if certificate_key else None,
            "check_in_interval": settings.check_in_interval,
            "check_in_interval_busy": settings.check_in_interval_busy,
        }
        worker = {"store": store_settings(address, store, [Role.DISPATCHER])}
        children = [self._child("signer", signer)]
        children += [self._child("worker", worker, number) for number in range(settings.worker_count)]
        if settings.feeds_fetched:
            children.append(self._child("feeder", {"store": store_settings(address, store, [Role.FEEDER])}))
        (run / ADDRESS_FILE).write_text(address, encoding="utf-8")
        note_settings(settings)
        return [*children, self._child("web", web)]

    def _child(self, kind: str, settings: Mapping[str, object], number: int = 0) -> Child:
        name = kind if number == 0 else f"{kind}-{number + 1}"
        return Child(name, f"patchring.serve.{kind}", settings, self.home / "log" / f"{name}.log")


def _with_database(admin: str) -> str:
    """The superuser's connection to our own database, made at the first start."""
    with psycopg.connect(admin, autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))
    return make_conninfo(admin, dbname=DATABASE_NAME)


def _without_user(admin: str) -> str:
    """The address alone: each process adds the role and password that it was given."""
    parts = conninfo_to_dict(admin)
    return make_conninfo(**{name: str(value) for name, value in parts.items() if name not in ("user", "password")})


def _require_free_port(host: str, port: int, flag: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, flag) from error
