"""The two clocks of a device, and the name of its boot. The only file of the agent that reads the time."""

from __future__ import annotations

import time
from pathlib import Path

from patchring_agent.loop.events import Now

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> Now:
    return Now(time.time_ns() // 1_000_000, boot_ms())


def boot_ms() -> int:
    """Milliseconds since boot, sleep included; nobody can set this clock."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """The kernel's name of this boot; the same in every process until the next."""
    return BOOT_ID.read_text(encoding="ascii").strip()
