"""What the machine has to offer: root, Debian, a few kernel features, and Debian's packages (installed here)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab.cgroup import hierarchy
from lab.errors import HostNotReady
from lab.programs import run, search_path

TOOLS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "mkfs.btrfs": "btrfs-progs",
    "ip": "iproute2",
    "apt-ftparchive": "apt-utils",
    "gpg": "gpg",
    "gpg-agent": "gpg-agent",
    "dpkg-deb": "dpkg",
    "nsenter": "util-linux",
    "mount": "mount",
    "tar": "tar",
}
"""Program -> the Debian package that brings it."""

CAP_SYS_ADMIN = 21
WAITING = ["-o", "DPkg::Lock::Timeout=300"]
"""Options for apt-get: seconds to wait while another program (unattended-upgrades, say) installs."""

DEVICES_MAX = 20
"""systemd needs several of the 128 inotify instances that a kernel gives one user by default."""


def os_release() -> dict[str, str]:
    """/etc/os-release as a dictionary; empty where there is none."""
    file = Path("/etc/os-release")
    lines = file.read_text().splitlines() if file.exists() else []
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines) if key}


def obstacle() -> str | None:
    """One line that says why this machine cannot carry a lab; None when it can.

    Missing packages are not an obstacle: `prepare` installs them.
    """
    if os.geteuid() != 0:
        return "a lab needs root: run ./dev lab as root"
    release = os_release()
    if release.get("ID") != "debian":
        return f"a lab needs Debian as host, this is {release.get('PRETTY_NAME', 'something else')}"
    if not _capable(CAP_SYS_ADMIN):
        return "a lab needs the capability CAP_SYS_ADMIN, which this container does not have: use a real machine"
    if not Path("/dev/loop-control").exists():
        return "a lab needs loop devices, and /dev/loop-control is missing: modprobe loop"
    if not _has_btrfs():
        return "a lab needs a kernel with btrfs: modprobe btrfs"
    try:
        hierarchy()
    except HostNotReady as reason:
        return str(reason)
    return None


def missing_packages() -> list[str]:
    """The Debian packages whose programs are not here."""
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=search_path())})


def prepare() -> None:
    """Installs what is missing. Raises HostNotReady with the one line that says why not."""
    reason = obstacle()
    if reason:
        raise HostNotReady(reason)
    packages = missing_packages()
    if packages:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-qq"], timeout=300)
        install = ["apt-get", "install", *WAITING, "-y", "-qq", "--no-install-recommends", *packages]
        run(install, environment=quiet, timeout=900)


def _capable(capability: int) -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> capability & 1)


def _has_btrfs() -> bool:
    if shutil.which("modprobe", path=search_path()):
        run(["modprobe", "btrfs"], check=False)
    return "\tbtrfs\n" in Path("/proc/filesystems").read_text()
