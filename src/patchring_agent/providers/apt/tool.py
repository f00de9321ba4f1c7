"""Where apt and dpkg of this device are, and the command lines that they are asked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchring_agent.commands import Finished, run

CONFFILES = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
PATIENCE = ["-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30", "-o", "Acquire::Retries=2"]
INSTALL = ["-y", "-q", "--no-remove", "--no-install-recommends"]


@dataclass(frozen=True)
class AptSite:
    """One apt with its dpkg. `root` and the options differ from the defaults in tests alone.

    `cache` is the agent's own folder of .deb files; readable by apt's sandbox user, so not in the state folder.
    """

    root: Path = Path("/")
    cache: Path = Path("/var/cache/patchring-agent")
    apt_options: tuple[str, ...] = ()
    dpkg_options: tuple[str, ...] = ()

    @property
    def admin(self) -> Path:
        return self.root / "var/lib/dpkg"

    @property
    def lists(self) -> Path:
        return self.root / "var/lib/apt/lists"

    @property
    def archives(self) -> Path:
        return self.root / "var/cache/apt/archives"

    def get(self, *arguments: str) -> list[str]:
        """apt-get with the agent's own archive folder."""
        own = ["-o", f"Dir::Cache::archives={self.cache}/", "-o", "APT::Keep-Downloaded-Packages=true"]
        return ["apt-get", *self.apt_options, *own, *arguments]

    def simulate(self, *arguments: str) -> Finished:
        """A dry run: takes no lock, changes nothing."""
        return run(self.get("-s", "-y", "-q", "-o", "Debug::NoLocking=true", *arguments))

    def ask(self, *arguments: str) -> Finished:
        return run(["apt-cache", *self.apt_options, *arguments])

    def mark(self, *arguments: str) -> list[str]:
        return ["apt-mark", *self.apt_options, *arguments]

    def dpkg(self, *arguments: str) -> list[str]:
        return ["dpkg", *self.dpkg_options, "--force-confdef", "--force-confold", *arguments]

    def query(self, *arguments: str) -> Finished:
        return run(["dpkg-query", f"--admindir={self.admin}", *arguments])


def targets(changes: Sequence[tuple[str, str, str]], native: str) -> list[str]:
    """`name=version`, with the architecture where it is a foreign one. Each triple is name, architecture, version."""
    return [
        f"{name}={version}" if architecture in ("", "all", native) else f"{name}:{architecture}={version}"
        for name, architecture, version in changes
    ]
