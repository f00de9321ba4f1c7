"""A throw-away dpkg root with an apt of its own and a small repository over HTTP on the loopback address.

Real apt-get and dpkg do the work; maintainer scripts run without a chroot and find their root in DPKG_ROOT.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchring.wire.messages import Package
from patchring_agent.providers.apt.provider import Apt
from patchring_agent.providers.apt.tool import AptSite

TOOLS = ("apt-get", "dpkg-deb", "apt-ftparchive")
FOLDERS = (
    "var/lib/dpkg/info",
    "var/lib/dpkg/updates",
    "var/lib/dpkg/triggers",
    "var/lib/apt/lists/partial",
    "var/cache/apt/archives/partial",
    "var/log/apt",
    "etc/apt/apt.conf.d",
    "etc/apt/preferences.d",
    "etc/apt/sources.list.d",
    "etc/apt/trusted.gpg.d",
    "run",
)


def unusable() -> str:
    """Why there can be no such root here; empty when there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)} (Debian's apt, dpkg and apt-utils)"
    return "" if os.geteuid() == 0 else "needs root: dpkg sets owners"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def send_head(self) -> Any:
        """Always the whole file: by the second, two publications in one second are the same to If-Modified-Since."""
        del self.headers["If-Modified-Since"]
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@dataclass
class AptRoot:
    folder: Path
    published: int = 0
    port: int = 0
    scripts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root, self.repository = self.folder / "root", self.folder / "repository"
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True)
        (self.repository / "pool").mkdir(parents=True)
        for name in ("status", "available"):
            (self.root / "var/lib/dpkg" / name).touch()
        handler = functools.partial(_Quiet, directory=str(self.repository))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        sources = f"deb [trusted=yes] http://127.0.0.1:{self.server.server_port} lab main\n"
        sources += f"deb [trusted=yes] http://127.0.0.1:{self.server.server_port} lab-security main\n"
        (self.root / "etc/apt/sources.list").write_text(sources)
        self.apt = Apt(self.site())

    def site(self) -> AptSite:
        dpkg = ("--root=" + str(self.root), "--force-script-chrootless", f"--log={self.root}/dpkg.log")
        options = {
            "Dir": self.root,
            "Dir::State::status": self.root / "var/lib/dpkg/status",
            "APT::Sandbox::User": "root",
            "APT::Get::Never-Include-Phased-Updates": "true",
            "Acquire::Languages": "none",
        }
        apt = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        apt += [part for option in dpkg for part in ("-o", f"DPkg::Options::={option}")]
        return AptSite(self.root, self.folder / "cache", tuple(apt), dpkg)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def build(self, suite: str, name: str, version: str, fields: str = "", **scripts: str) -> None:
        """Put a package into the pool of a suite; `scripts` are bodies of maintainer scripts by name."""
        tree = self.folder / "build" / f"{name}_{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        content = tree / f"opt/{name}/version"
        content.parent.mkdir(parents=True)
        content.write_text(version + "\n")
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Lab <lab@example.org>\n"
        control += f"Section: misc\nPriority: optional\nInstalled-Size: 7\n{fields}Description: the {name} of the lab\n"
        (tree / "DEBIAN/control").write_text(control)
        for script, body in scripts.items():
            path = tree / "DEBIAN" / script
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        pool = self.repository / "pool" / suite
        pool.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, pool], check=True, capture_output=True)

    def publish(self, suite: str, label: str) -> None:
        """Write the suite's index; each has a length of its own, so that no client takes it for the one before."""
        self.published += 1
        indexes = self.repository / "dists" / suite / "main" / "binary-amd64"
        indexes.mkdir(parents=True, exist_ok=True)
        command = ["apt-ftparchive", "packages", f"pool/{suite}"]
        packages = subprocess.run(command, cwd=self.repository, check=True, capture_output=True).stdout
        (indexes / "Packages").write_bytes(packages)
        facts = {"Origin": "Lab", "Label": label, "Suite": f"{suite}-stable", "Codename": suite, "Components": "main"}
        facts |= {"Architectures": "amd64", "Description": "x" * self.published}
        options = [part for key, value in facts.items() for part in ("-o", f"APT::FTPArchive::Release::{key}={value}")]
        command = ["apt-ftparchive", *options, "release", f"dists/{suite}"]
        done = subprocess.run(command, cwd=self.repository, check=True, capture_output=True)
        (self.repository / "dists" / suite / "Release").write_bytes(done.stdout)

    def publish_all(self) -> None:
        for suite, label in (("lab", "Lab"), ("lab-security", "Lab-Security")):
            (self.repository / "pool" / suite).mkdir(exist_ok=True)
            self.publish(suite, label)
        assert self.apt.refresh() == ""

    def install(self, *exact: str) -> None:
        """As an administrator would, beside the agent."""
        command = self.site().get("-y", "-q", "-o", f"Dir::Cache::archives={self.root}/var/cache/apt/archives/")
        subprocess.run([*command, "install", *exact], check=True, capture_output=True)

    def versions(self) -> dict[str, str]:
        """What dpkg has, with the state where it is not whole."""
        from patchring_agent.providers.apt.facts import owned

        return {p.name: p.version if p.is_whole else f"{p.version} {p.status.strip()}" for p in owned(self.site())}

    def content(self, name: str) -> str:
        return (self.root / f"opt/{name}/version").read_text().strip()


def package(text: str) -> Package:
    name, _, version = text.partition("=")
    return Package("apt", name, version)
