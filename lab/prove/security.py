"""A real security update of Debian, pending in the base: approved with each tenant's key, verified in every ring."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lab import mirror
from lab.base import SECURITY_CANDIDATES
from lab.device import Device
from lab.programs import run
from lab.prove.errors import ProofFailed, require
from lab.prove.roster import MSP, PLACES, TENANTS
from lab.prove.scene import Scene

ARCHIVES = "/var/cache/apt/archives"


class SecurityUpdate:
    """Two steps about one package, which is chosen by what is pending today."""

    def __init__(self) -> None:
        self.name, self.installed, self.version = "", "", ""

    @property
    def patch_key(self) -> str:
        return f"apt:{self.name}={self.version}"

    def approve(self, scene: Scene) -> str:
        self._choose(scene)
        self._keep_prior_version(scene)
        for tenant in TENANTS:
            reason = "the advisory concerns us"
            scene.office.command("approve", tenant.slug, self.patch_key, "--reason", reason, "--yes")
        return f"{self.name} {self.installed} to {self.version}, from Debian-Security"

    def verified(self, scene: Scene) -> str:
        scene.until_states(self.patch_key, list(PLACES), 150)
        there = scene.fleet.versions(self.name)
        require(set(there.values()) == {f"{self.version} installed"}, f"{self.name} {self.version} everywhere", there)
        require(mirror.newer(self.version, self.installed), f"newer than {self.installed}", self.version)
        return f"{self.name} {self.version} on {len(PLACES)} devices"

    def _choose(self, scene: Scene) -> None:
        """The first candidate that comes alone, and whose installed version the machine's own mirror still has."""
        missing = {row["patch_key"]: row for row in scene.office.device(MSP, MSP.places[0].name)["missing"]}
        device = scene.fleet[MSP.places[0].name]
        for name in SECURITY_CANDIDATES:
            rows = [row for key, row in missing.items() if key.startswith(f"apt:{name}=") and row["security"]]
            if rows and _has(name, rows[0]["installed_version"]) and _alone(device, name):
                self.name, self.installed, self.version = name, rows[0]["installed_version"], rows[0]["version"]
                return
        expected = f"a pending Debian security update of one of {', '.join(SECURITY_CANDIDATES)}"
        raise ProofFailed(expected, ", ".join(sorted(missing)))

    def _keep_prior_version(self, scene: Scene) -> None:
        """Into apt's archive on each device, where it is on a Debian that installed it with apt: without a way back
        nothing is installed. The lab's base was unpacked from an image."""
        with tempfile.TemporaryDirectory() as folder:
            exact = f"{self.name}={self.installed}"
            run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", exact], cwd=Path(folder))
            (file,) = Path(folder).glob("*.deb")
            content = file.read_bytes()
            scene.fleet.each(lambda device: device.push(f"{ARCHIVES}/{file.name}", content))


def _has(name: str, version: str) -> bool:
    return run(["apt-cache", "show", f"{name}={version}"], check=False).returncode == 0


def _alone(device: Device, name: str) -> bool:
    lines = device.run(["apt-get", "install", "-s", "-y", "--only-upgrade", name], check=False).stdout.splitlines()
    return [line.split()[1] for line in lines if line.startswith(("Inst ", "Remv "))] == [name]
