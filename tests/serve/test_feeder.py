"""The feeder process: it asks what is due, outlives what goes wrong, and ends when it is asked to."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from patchring.serve.child import READY
from patchring.serve.stores import store_settings
from patchring.store.roles import Role
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio
PATIENCE_S = 60.0
MODULE = "patchring.serve.feeder"


class Proxy:
    """The way to the internet, which lets nobody through. `asked`: the first line of each request."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.somebody = asyncio.Event()

    async def refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode("ascii").splitlines()[0])
        self.somebody.set()
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(anyio_backend: str) -> AsyncIterator[tuple[Proxy, str]]:
    made = Proxy()
    server = await asyncio.start_server(made.refuse, "127.0.0.1", 0)
    async with server:
        yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def settings(fresh: FreshDatabase, **other: str) -> dict[str, Any]:
    """What the server hands to a feeder: its own role's secrets and no more."""
    address = re.sub(r"\buser=\S+ ?", "", fresh.admin)
    return {"store": {**store_settings(address, fresh.secrets, [Role.FEEDER]), **other}}


@asynccontextmanager
async def feeder(given: dict[str, Any], way: str) -> AsyncIterator[Process]:
    """Running and ready. All its HTTP goes by way of the proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment = {**kept, "HTTPS_PROXY": way, "HTTP_PROXY": way}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(given).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(PATIENCE_S):
            assert (await process.stdout.readline()).decode().strip() == READY
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: Process) -> int:
    """Asked to end, it does, and says nothing of errors."""
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_S):
        _, errors = await process.communicate()
    assert b"Traceback" not in errors, errors.decode()
    assert process.returncode is not None
    return process.returncode


async def logged(process: Process, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    assert process.stderr
    async with asyncio.timeout(PATIENCE_S):
        while line := await process.stderr.readline():
            # The library of the connections says some of its own, not as JSON.
            row: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
            if row and wanted(row):
                return row
    raise AssertionError("the feeder ended without saying it")


async def test_what_is_exploited_is_asked_for_first(fresh: FreshDatabase, proxy: tuple[Proxy, str]) -> None:
    """At once, over TLS; asked to end in the middle of its tries, it ends well and has kept nothing."""
    refusing, way = proxy
    async with feeder(settings(fresh), way) as process:
        async with asyncio.timeout(PATIENCE_S):
            await refusing.somebody.wait()
        assert await ended(process) == 0
    assert set(refusing.asked) == {"CONNECT www.cisa.gov:443 HTTP/1.1"}
    with psycopg.connect(fresh.admin) as admin:
        rows = admin.execute("select feed, part, observed_at, tried_at from patchring.feed").fetchall()
    assert rows == [("kev", "", None, None)]


async def test_a_source_that_cannot_be_reached_is_said_and_the_next_one_asked(
    fresh: FreshDatabase, proxy: tuple[Proxy, str]
) -> None:
    """After four tries; its problem is kept for `patchring feeds status`."""
    refusing, way = proxy
    async with feeder(settings(fresh), way) as process:
        async with asyncio.timeout(PATIENCE_S):
            while len(set(refusing.asked)) < 2:
                refusing.somebody.clear()
                await refusing.somebody.wait()
        assert await ended(process) == 0
    assert refusing.asked[:4] == ["CONNECT www.cisa.gov:443 HTTP/1.1"] * 4
    assert refusing.asked[4] == "CONNECT epss.empiricalsecurity.com:443 HTTP/1.1"
    with psycopg.connect(fresh.admin) as admin:
        row = admin.execute("select problem_kind, failure_count from patchring.feed where feed = 'kev'").fetchone()
    assert row == ("feed_unreachable", 1)


async def test_a_database_that_is_away_ends_nothing(fresh: FreshDatabase, proxy: tuple[Proxy, str]) -> None:
    """It says so and looks again later; nobody was asked for what could not be kept."""
    refusing, way = proxy
    async with feeder(settings(fresh, address="host=127.0.0.1 port=1 dbname=nothing"), way) as process:
        said = await logged(process, lambda row: row["event"] == "feeds_not_written")
        assert (said["process"], said["level"]) == ("feeder", "warning")
        assert await ended(process) == 0
    assert refusing.asked == []
