"""The golden device: booted once from the base to get what every device has, then the model of all of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from lab import pool
from lab.device import Device

LOGIN = "lab"
"""An ordinary user; root of the same device may log in as it over ssh with a key."""

IDENTITY = ["/etc/ssh/ssh_host_*", "/etc/machine-id", "/var/lib/dbus/machine-id", "/var/log/journal/*"]


def prepare(golden: Device, versions: Mapping[str, str]) -> None:
    """Installs `versions` from the lab's repository and makes the login, on the running golden device."""
    golden.run(["apt-get", "update", "-q"])
    if versions:
        wanted = [f"{name}={version}" for name, version in versions.items()]
        golden.run(["apt-get", "install", "-q", "-y", *wanted], timeout=300)
    golden.run(["useradd", "--create-home", "--shell", "/bin/bash", LOGIN])
    golden.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/id_ed25519"])
    golden.push(f"/home/{LOGIN}/.ssh/authorized_keys", golden.read("/root/.ssh/id_ed25519.pub").encode())


def finish(golden: Device, model: Path) -> None:
    """Shuts the golden device down and keeps its disk as `model`, without what must differ between devices."""
    golden.stop()
    for pattern in IDENTITY:
        for path in golden.root.glob(pattern.lstrip("/")):
            path.unlink() if path.is_file() or path.is_symlink() else _empty(path)
    pool.snapshot(golden.root, model, read_only=True)
    pool.delete(golden.root)


def derive(model: Path, device: Device, bridge_address: str) -> None:
    """Makes the disk of a new device from the model: its own host name and machine id, all else shared."""
    fresh = device.root.with_name(f"{device.name}.new")
    pool.delete(fresh)
    pool.snapshot(model, fresh)
    (fresh / "etc/hostname").write_text(f"{device.name}\n")
    (fresh / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
    hosts = {"127.0.0.1": "localhost", device.address: device.name, bridge_address: "lab-host"}
    (fresh / "etc/hosts").write_text("".join(f"{address} {name}\n" for address, name in hosts.items()))
    fresh.rename(device.root)


def _empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
