"""What this device says of itself. What cannot be read is left empty, never guessed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from patchring.wire.messages import Facts
from patchring_agent import VERSION, clocks
from patchring_agent.commands import as_text

OTHER_MANAGERS = ("snap", "flatpak", "fwupdmgr", "dnf", "zypper", "brew", "docker", "podman")
TICKS = os.sysconf("SC_CLK_TCK")


def facts() -> Facts:
    release = os_release(_text("/etc/os-release"))
    system = os.uname()
    return Facts(
        hostname=system.nodename,
        os_name=release.get("ID", system.sysname.lower()),
        os_version=release.get("VERSION_ID", ""),
        kernel=system.release,
        architecture=system.machine,
        boot_id=clocks.boot_id(),
        booted_at_ms=clocks.now().wall_ms - uptime_ms(),
        agent_version=VERSION,
        disk_free_bytes=shutil.disk_usage("/var").free,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        on_battery=_on_battery(),
        manufacturer=_text("/sys/class/dmi/id/sys_vendor"),
        model=_text("/sys/class/dmi/id/product_name"),
        other_managers=[name for name in OTHER_MANAGERS if shutil.which(name) is not None],
    )


def uptime_ms() -> int:
    """Since the start of PID 1: in a container that is its own boot, not the host's."""
    fields = _text("/proc/1/stat").rpartition(")")[2].split()
    started_ms = int(fields[19]) * 1000 // TICKS if len(fields) > 19 else 0
    return max(clocks.boot_ms() - started_ms, 0)


def os_release(text: str) -> dict[str, str]:
    """The fields of os-release(5), without their quotes."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _on_battery() -> bool:
    """Whether there is a mains adapter and none gives power."""
    supplies = Path("/sys/class/power_supply")
    adapters = [p for p in supplies.glob("*") if _text(str(p / "type")) == "Mains"] if supplies.is_dir() else []
    return bool(adapters) and all(_text(str(p / "online")) == "0" for p in adapters)


def _text(path: str) -> str:
    try:
        return as_text(Path(path).read_bytes()).strip()
    except OSError:
        return ""
