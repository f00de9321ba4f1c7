"""The base image: a small Debian from the main suite alone, so that real security updates are pending in it.

Built once with mmdebstrap and kept in the cache; `dress` then fits an unpacked copy to one lab.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lab import mirror, pool
from lab.mirror import Mirror
from lab.place import CACHE, locked
from lab.programs import run

INCLUDE = [
    "systemd-sysv",
    "dbus",
    "python3",
    "python3-apt",
    "python3-cryptography",
    "iproute2",
    "procps",
    "openssh-server",
]
LEAVE_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"]
SECURITY_CANDIDATES = [
    "rsync",
    "sudo",
    "curl",
    "libexpat1",
    "wget",
    "less",
    "vim-tiny",
    "openssl",
    "tzdata",
    "perl-base",
]
SECURITY_COUNT = 3
"""So many of the candidates, the first that have a security update pending today, are put into the base."""

MASKED = [
    "systemd-udevd.service",
    "getty.target",
    "console-getty.service",
    "systemd-networkd-wait-online.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
]
"""Units that have nothing to do in a device of the lab, or that would update it behind our back."""

ORDINARY_FOLDERS = ["var/lib/machines", "var/lib/portables"]
"""systemd makes these as subvolumes of their own where they are missing, and a device with those cannot be deleted."""


def image(debian: Mirror) -> Path:
    """The base as a tar file, from the cache when it is there."""
    recipe = json.dumps([INCLUDE, LEAVE_OUT, SECURITY_CANDIDATES, SECURITY_COUNT]).encode()
    name = f"base-{debian.codename}-{debian.architecture}-{hashlib.sha256(recipe).hexdigest()[:12]}"
    finished = CACHE / f"{name}.tar"
    with locked("base"):
        if not finished.exists():
            extra = mirror.find(refresh=True).pending(SECURITY_CANDIDATES)[:SECURITY_COUNT]
            fresh = CACHE / f"{name}.new.tar"
            _build(fresh, debian, INCLUDE + extra)
            fresh.replace(finished)
    return finished


def _build(target: Path, debian: Mirror, packages: list[str]) -> None:
    """Downloads as the machine's apt does, from the mirror and through the proxy it is configured for."""
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEAVE_OUT]
    options += [f"--aptopt={setting}" for setting in mirror.acquire_settings()]
    options += [f"--include={','.join(packages)}"]
    source = f"deb {debian.main.uri} {debian.codename} main"
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        Path(work).chmod(0o755)  # apt fetches as a user of its own
        run(
            ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *options, debian.codename, target, source],
            environment={"TMPDIR": work},
            timeout=900,
        )


def unpack(tar: Path, subvolume: Path, dress: Callable[[Path], None]) -> None:
    """Makes `subvolume` from the image, dressed; it appears under its name only when it is complete."""
    fresh = subvolume.with_name("base.new")
    pool.delete(fresh)
    pool.create(fresh)
    run(["tar", "--extract", "--file", tar, "--directory", fresh, "--numeric-owner", "--xattrs", "--xattrs-include=*"])
    dress(fresh)
    fresh.rename(subvolume)


def dress(root: Path, *, www: str, debian: Mirror, key: bytes) -> None:
    """Fits the unpacked base to a lab: its sources, units, and the files of `lab/guest`."""
    shutil.copytree(Path(__file__).parent / "guest", root, dirs_exist_ok=True)
    for unit in MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    for folder in ORDINARY_FOLDERS:
        (root / folder).mkdir(exist_ok=True)
    for file in ("etc/machine-id", "etc/fstab"):
        (root / file).write_text("")
    for file in ("etc/resolv.conf", "etc/apt/apt.conf.d/99mmdebstrap"):  # the host's
        (root / file).unlink(missing_ok=True)
    _write_sources(root / "etc/apt", www, debian, key)


def _write_sources(apt: Path, www: str, debian: Mirror, key: bytes) -> None:
    """Three signed suites, all over the bridge: the lab's two, and Debian's security suite as Debian signed it."""
    (apt / "sources.list").write_text("")
    (apt / "keyrings").mkdir(exist_ok=True)
    (apt / "keyrings/patchring-lab.gpg").write_bytes(key)
    ours = "[signed-by=/etc/apt/keyrings/patchring-lab.gpg]"
    theirs = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    sources = apt / "sources.list.d"
    (sources / "lab.list").write_text(f"deb {ours} {www}/lab lab main\ndeb {ours} {www}/lab lab-security main\n")
    (sources / "debian-security.list").write_text(
        f"deb {theirs} {www}/debian-security {debian.codename}-security main\n"
    )
    if not debian.check_dates:  # the machine's mirror is a frozen one: what its apt accepts, the devices do too
        (apt / "apt.conf.d/91frozen-mirror").write_text('Acquire::Check-Valid-Until "false";\n')
