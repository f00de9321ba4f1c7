"""The agent of this machine: processor time a day, peak memory, and that it scans only when something changed.

The one-file agent runs under the system's Python against a whole server and reads this machine's real package manager
(as root: it fetches its indexes too, as a service does). The server hands out no work. Check-ins come every few seconds
here and every 300 s in life, so a relay cuts the connection after each: as in life, every one makes a connection anew.
"""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from agent_package import zipapp

from bench.figures import Figure, at_most, shown
from bench.installation import admin_address, installation
from patchring.cli.client import Client
from patchring.cli.keys import create_keys
from patchring.core.ids import uuid7
from patchring.serve.local import LocalServer
from patchring_agent.look import state_digest
from patchring_agent.providers import catalogue

CPU_S_MAX, RESIDENT_MB_MAX = 60.0, 40.0
CHECK_INS_A_DAY, REFRESHES_A_DAY, SCANS_A_DAY = 24 * 3600 // 300, 4, 4
INTERVAL_S, QUIET_S = 3, 2.0
CHECK_IN_COUNT, ATTEMPTS_MAX = 15, 5
WAIT_S = 120.0
DPKG_STATUS = Path("/var/lib/dpkg/status")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """Processor seconds, children included; `resident_mb` is the largest process among them, in MB of 10^6 bytes."""

    cpu_s: float
    resident_mb: float


@dataclass(frozen=True)
class Window:
    """A time of check-ins in which nothing changed on the machine."""

    check_in_count: int
    cpu_s: float
    scan_count: int


def run() -> list[Figure]:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return [shown("not measured: needs root and apt", 0, "")]
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    async with installation(check_in_interval=INTERVAL_S) as server, relayed(server.settings.agents_port) as relay:
        with tempfile.TemporaryDirectory(prefix="patchring-agent-") as folder:
            agent = Agent(Path(folder), server)
            await agent.enrol(relay.port)
            first = await agent.once()
            started = await agent.once()
            async with agent.running() as pid:
                window = await _quiet_window(agent, relay, pid)
                scan_s = await _cpu_of_a_scan(agent, pid, window.cpu_s / window.check_in_count)
                resident_mb = _peak_resident_mb(pid)
    check_in_s = window.cpu_s / window.check_in_count
    refresh_s = max(first.cpu_s - started.cpu_s - scan_s, 0)
    day_s = started.cpu_s + CHECK_INS_A_DAY * check_in_s + REFRESHES_A_DAY * refresh_s + SCANS_A_DAY * scan_s
    many = f"{CHECK_INS_A_DAY} check-ins, {REFRESHES_A_DAY} fetches, {SCANS_A_DAY} scans"
    return [
        shown(f"Python of the agent: {agent.python}", sys.version_info.minor, "minor version of ours"),
        shown("start and first check-in, CPU", started.cpu_s, "s"),
        shown("a check-in on a new connection, CPU", check_in_s * 1000, "ms"),
        shown("a scan and its report, CPU (apt and dpkg in it)", scan_s, "s"),
        shown("indexes fetched, CPU (apt in it)", refresh_s, "s"),
        at_most(f"CPU a day: start, {many}", day_s, "s", CPU_S_MAX),
        at_most("peak resident memory of the agent", resident_mb, "MB", RESIDENT_MB_MAX),
        shown("peak resident memory of what it calls", max(first.resident_mb, started.resident_mb), "MB"),
        shown("check-ins while nothing changed", window.check_in_count, "check-ins"),
        at_most("scans while nothing changed", window.scan_count, "scans", 0),
    ]


class Agent:
    """The agent's file with a state folder of its own, and what the server knows of it."""

    def __init__(self, folder: Path, server: LocalServer) -> None:
        self._folder = folder
        self._server = server
        self._file = zipapp.build(folder, int(time.time()))
        self.python = _python()

    async def enrol(self, port: int) -> None:
        token = await asyncio.to_thread(_token, self._server, self._folder / "keys")
        address = f"https://127.0.0.1:{port}"
        await self._ended(self._command("enrol", "--no-start", "--server", address, "--token", token))

    async def once(self) -> Used:
        """Start, do what there is to do, end."""
        return await self._ended(self._command("run", "--once"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """The process that checks in for ever, until the end of the block; its number."""
        with (self._folder / "log").open("wb") as log, subprocess.Popen(self._command("run"), stderr=log) as process:
            try:
                yield process.pid
                assert process.poll() is None, f"the agent ended by itself: {(self._folder / 'log').read_text()}"
            finally:
                process.send_signal(signal.SIGTERM)

    def scan_count(self) -> int:
        with psycopg.connect(admin_address(self._server)) as admin:
            row = admin.execute("select count(*) from patchring.report where kind = 'scan'").fetchone()
        assert row is not None
        return int(row[0])

    def _command(self, *arguments: str) -> list[str]:
        state = ["--config", str(self._folder / "none"), "--state", str(self._folder / "state")]
        return [self.python, "-I", str(self._file), *state, *arguments]

    async def _ended(self, command: list[str]) -> Used:
        return await asyncio.to_thread(_ended, command, self._folder / "log")


def _ended(command: list[str], log: Path) -> Used:
    """Run to the end; what the kernel counted for it and for all that it waited for."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command[-1]} ended with {process.returncode}: {log.read_text()}"
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)


def _python() -> str:
    """The distribution's own where it has the distribution's cryptography, else ours."""
    system = "/usr/bin/python3"
    if Path(system).exists():
        asked = subprocess.run([system, "-I", "-c", "import cryptography"], capture_output=True, check=False)
        if asked.returncode == 0:
            return system
    return sys.executable


def _token(server: LocalServer, keys_folder: Path) -> str:
    """An enrolment token of a new tenant, which has no policy: nothing is ever offered to its devices."""
    api = Client(server.settings.people_address, server.operator_token)
    try:
        now = datetime.now(UTC)
        tenant_id = uuid7(now, secrets.token_bytes(8))
        root = create_keys("measured", keys_folder).sign_root(tenant_id, api.get("/server")["permit_key"], now)
        named = {"tenant_id": str(tenant_id), "slug": "measured", "name": "Measured", "kind": "client"}
        api.post("/tenants", {**named, "root": root})
        api.post("/tenants/measured/sites", {"name": "Office", "zone": "UTC"})
        made = api.post("/tenants/measured/tokens", {"site": "Office", "hours": 1, "uses": 1}, repeatable=False)
        return str(made["token"])
    finally:
        api.close()


async def _quiet_window(agent: Agent, relay: "Relay", pid: int) -> Window:
    """Some check-ins while the package manager's state stayed as it was; tried again when somebody changed it."""
    for _ in range(ATTEMPTS_MAX):
        await _until(lambda: relay.connection_count > 1)
        relay.connection_count, scans, used_s = 0, agent.scan_count(), _cpu_s(pid)
        before = state_digest(catalogue.present())
        await _until(lambda: relay.connection_count >= CHECK_IN_COUNT)
        count, after = relay.connection_count, state_digest(catalogue.present())
        if before == after:
            return Window(count, _cpu_s(pid) - used_s, agent.scan_count() - scans)
    raise AssertionError(f"{ATTEMPTS_MAX} times somebody installed something meanwhile; measure on a quiet machine")


async def _cpu_of_a_scan(agent: Agent, pid: int, check_in_s: float) -> float:
    """Let dpkg's state look newer; the CPU until the server has the scan, without the check-ins meanwhile."""
    scans, used_s, began = agent.scan_count(), _cpu_s(pid), time.monotonic()
    os.utime(DPKG_STATUS)
    await _until(lambda: agent.scan_count() > scans)
    await asyncio.sleep(1)
    return _cpu_s(pid) - used_s - check_in_s * round(time.monotonic() - began)


def _cpu_s(pid: int) -> float:
    """User and system time of a process and of the children it waited for (fields 14 to 17 of its stat line)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _peak_resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    [kib] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kib) * 1024 / 1e6


async def _until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.2)


class Relay:
    """Hands bytes through to the server and cuts what is quiet; `connection_count` counts what the agent opened."""

    def __init__(self, target: int) -> None:
        self.connection_count = 0
        self.port = 0
        self._target = target

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connection_count += 1
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [asyncio.create_task(_pass(reader, to_writer)), asyncio.create_task(_pass(to_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.ALL_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for each in (writer, to_writer):
                each.close()


async def _pass(reader: StreamReader, writer: StreamWriter) -> None:
    """Until the end, or until nothing came for a moment."""
    with suppress(OSError, TimeoutError):
        while data := await asyncio.wait_for(reader.read(65_536), QUIET_S):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def relayed(target: int) -> AsyncIterator[Relay]:
    relay = Relay(target)
    async with await asyncio.start_server(relay.serve, "127.0.0.1", 0) as listener:
        relay.port = listener.sockets[0].getsockname()[1]
        yield relay
