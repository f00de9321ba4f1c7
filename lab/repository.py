"""The lab's apt repository: two signed suites, `lab` and `lab-security`, that grow while devices look on.

A suite offers one version of each package, the last one published, as Debian's suites do; the .deb files of all
versions stay in the pool.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

from lab import deb
from lab.catalogue import DEBS
from lab.programs import run
from lab.signing import SigningKey

ORIGIN = "Patchring Lab"
LABELS = {"lab": "Lab", "lab-security": "Lab-Security"}
"""Suite -> label: the label is what tells a device that an update comes from a security suite."""


class Repository:
    """The files below `root`, served over HTTP at `url` by somebody else."""

    def __init__(self, root: Path, keys: Path, url: str) -> None:
        self.root, self.url = root, url
        self.pool = root / "pool"
        self.pool.mkdir(parents=True, exist_ok=True)
        self.key = SigningKey(keys)
        self.architecture = run(["dpkg", "--print-architecture"]).stdout.strip()

    def offered(self, suite: str) -> dict[str, str]:
        """Name -> version, as the suite offers it now."""
        file = self._folder(suite) / "offered.json"
        offered: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return offered

    def publish(self, suite: str, versions: Mapping[str, str]) -> None:
        """Offers these versions (name -> version of the catalogue) in the suite, beside what it offers already."""
        self._write(suite, {**self.offered(suite), **versions})

    def withdraw(self, suite: str, *names: str) -> None:
        """No longer offers these packages in the suite; their files stay in the pool."""
        self._write(suite, {name: v for name, v in self.offered(suite).items() if name not in names})

    def _folder(self, suite: str) -> Path:
        return self.root / "dists" / suite

    def _write(self, suite: str, offered: Mapping[str, str]) -> None:
        """Puts the index in place under its hash first, then the signature that names it: no reader sees half."""
        folder = self._folder(suite)
        binary = folder / f"main/binary-{self.architecture}"
        (binary / "by-hash/SHA256").mkdir(parents=True, exist_ok=True)
        index = self._index(offered)
        (binary / "by-hash/SHA256" / hashlib.sha256(index).hexdigest()).write_bytes(index)
        (binary / "Packages").write_bytes(index)
        self._wait_for_a_new_second(folder / "InRelease")
        release, signed = self.root / "Release.new", self.root / "InRelease.new"
        release.write_text(self._release(suite))
        self.key.clearsign(release, signed)
        signed.replace(folder / "InRelease")
        release.unlink()
        (folder / "offered.json").write_text(json.dumps(offered, indent=1))

    def _index(self, offered: Mapping[str, str]) -> bytes:
        """The Packages file: apt-ftparchive's description of the pool, less the versions that are not offered."""
        files = {deb.build(DEBS[name, version], self.pool).name for name, version in offered.items()}
        described = run(["apt-ftparchive", "packages", "pool"], cwd=self.root).stdout.strip().split("\n\n")
        wanted = [stanza for stanza in described if _file_name(stanza) in files]
        return "".join(f"{stanza}\n\n" for stanza in wanted).encode()

    def _release(self, suite: str) -> str:
        fields = {
            "Origin": ORIGIN,
            "Label": LABELS[suite],
            "Suite": suite,
            "Codename": suite,
            "Architectures": self.architecture,
            "Components": "main",
            "Acquire-By-Hash": "yes",
            **dict.fromkeys(["MD5", "SHA1", "SHA512"], "no"),  # SHA-256 alone: one name by hash for each index
        }
        options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in fields.items()]
        return run(["apt-ftparchive", *options, "release", self._folder(suite)]).stdout

    @staticmethod
    def _wait_for_a_new_second(published: Path) -> None:
        """HTTP dates count seconds: of two publications in one, apt would take the second for the first."""
        while published.exists() and int(time.time()) <= int(published.stat().st_mtime):
            time.sleep(0.05)


def _file_name(stanza: str) -> str:
    line = next((line for line in stanza.splitlines() if line.startswith("Filename: ")), "")
    return line.rpartition("/")[2]
