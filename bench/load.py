"""A load of HTTP requests from a process of its own: `python -m bench.load`, settings on standard input as JSON.

Each connection sends its next request when the answer to the last one is there; or, at a given pace, some free
connection sends one whenever it is time, and the wait for a free one counts as latency. After a warm-up it counts for
some seconds, and reads the CPU time of the processes it was given at both ends of that time.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

_TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP_S = 1.0


@dataclass(frozen=True)
class Load:
    """`cpu` names groups of processes by number whose CPU time is wanted. `pace` is requests a second over all
    connections; None: as many as are answered."""

    port: int
    connection_count: int
    seconds: float
    path: str
    body: str
    sessions: list[str]
    cpu: dict[str, list[int]]
    pace: float | None = None


@dataclass(frozen=True)
class Measured:
    """`cpu_us` is CPU microseconds a request by group; latencies are in milliseconds."""

    request_count: int
    failure_count: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: dict[str, float]


class Connection(asyncio.Protocol):
    """One connection with at most one request under way; `free` is told whenever there is none."""

    def __init__(
        self,
        requests: Sequence[bytes],
        free: "Callable[[Connection], object]",
        latencies: list[float],
        failures: list[str],
    ) -> None:
        self._requests = cycle(requests)
        self._free = free
        self._latencies = latencies
        self._failures = failures
        self._received = b""
        self._due_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's are no subclass
        self._free(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, mark, body = self._received.partition(b"\r\n\r\n")
        if not mark or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        self._latencies.append(time.perf_counter() - self._due_at)
        if not head.startswith(b"HTTP/1.1 200"):
            self._failures.append(self._received.decode("latin-1"))
        self._received = b""
        self._free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def send(self, due_at: float) -> None:
        """The next request; its latency counts from `due_at`."""
        if self._transport is not None:
            self._due_at = due_at
            self._transport.write(next(self._requests))


def send_at_once(connection: Connection) -> None:
    connection.send(time.perf_counter())


async def send_at_pace(free: "asyncio.Queue[Connection]", per_second: float) -> None:
    """One request at each beat, for ever; a late one is sent as soon as a connection is free."""
    began, count = time.perf_counter(), 0
    while True:
        count += 1
        due_at = began + count / per_second
        await asyncio.sleep(due_at - time.perf_counter())
        (await free.get()).send(due_at)


async def run_load(load: Load) -> Measured:
    latencies: list[float] = []
    failures: list[str] = []
    requests = [_request(load, session) for session in load.sessions]
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Connection] = asyncio.Queue()
    free = send_at_once if load.pace is None else queue.put_nowait
    for number in range(load.connection_count):
        own = requests[number :: load.connection_count]
        await loop.create_connection(partial(Connection, own, free, latencies, failures), "127.0.0.1", load.port)
    pacer = asyncio.create_task(send_at_pace(queue, load.pace)) if load.pace else None
    await asyncio.sleep(WARM_UP_S)
    latencies.clear()
    before, began = _cpu_seconds(load.cpu), time.perf_counter()
    await asyncio.sleep(load.seconds)
    counted, elapsed, after = sorted(latencies), time.perf_counter() - began, _cpu_seconds(load.cpu)
    if pacer:
        pacer.cancel()
    if failures:
        raise SystemExit(f"{len(failures)} requests failed, the first with: {failures[0]}")
    return Measured(
        len(counted),
        len(failures),
        len(counted) / elapsed,
        counted[len(counted) // 2] * 1e3,
        counted[len(counted) * 99 // 100] * 1e3,
        {
            group: sum(after[pid] - before[pid] for pid in pids if pid in before and pid in after) / len(counted) * 1e6
            for group, pids in load.cpu.items()
        },
    )


def measure(load: Load) -> Measured:
    """Run the load in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(load)), text=True, stdout=subprocess.PIPE, check=True)
    return Measured(**json.loads(done.stdout))


def _request(load: Load, session: str) -> bytes:
    head = f"POST {load.path} HTTP/1.1\r\nHost: server\r\nAuthorization: Bearer {session}\r\n"
    kind = "User-Agent: patchring-agent/0.1.0\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
    return f"{head}{kind}Content-Length: {len(load.body)}\r\n\r\n{load.body}".encode()


def _cpu_seconds(groups: dict[str, list[int]]) -> dict[int, float]:
    """CPU seconds so far of each process that is there."""
    found = {pid: _cpu_of(pid) for pids in groups.values() for pid in pids}
    return {pid: seconds for pid, seconds in found.items() if seconds is not None}


def _cpu_of(pid: int) -> float | None:
    """User and system time of a process (fields 14 and 15 of its stat line), without its children; None: it is gone."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None
    fields = line.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(run_load(Load(**json.load(sys.stdin)))))))
