"""What a benchmark gives: figures, each beside its limit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured number. `limit` is in words ("at most 6"), empty where a figure only stands beside others; `ok` is
    None for those."""

    name: str
    value: float
    unit: str
    limit: str = ""
    ok: bool | None = None


def shown(name: str, value: float, unit: str) -> Figure:
    """A figure without a limit of its own."""
    return Figure(name, value, unit)


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"at most {limit:g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"at least {limit:g}", value >= limit)


def cpu_microseconds(work: Callable[[], object], count: int) -> float:
    """The CPU time of one call in this process, over `count` calls after a few to warm up."""
    for _ in range(min(count, 50)):
        work()
    before = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - before) / count * 1e6


def peak_memory_mib() -> float:
    """The most memory that this process has had resident. Not by `getrusage`: its figure begins with the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
