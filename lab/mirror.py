"""What the machine's own apt knows of Debian: where its archive is, and what it offers. No address is ours."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass

from lab.errors import HostNotReady
from lab.host import os_release
from lab.programs import run

FIELDS = ["ORIGIN", "LABEL", "CODENAME", "COMPONENT", "ARCHITECTURE", "REPO_URI", "FILENAME"]
APT_HELPER = "/usr/lib/apt/apt-helper"


@dataclass(frozen=True)
class Archive:
    """One suite of Debian's archive: `uri` as configured on the machine, `index` the Packages file here."""

    suite: str
    uri: str
    index: str

    def versions(self) -> dict[str, str]:
        """Package -> the version that the suite offers."""
        stanzas = run([APT_HELPER, "cat-file", self.index]).stdout.split("\n\n")
        fields = (dict(_field(line) for line in stanza.splitlines() if ": " in line) for stanza in stanzas)
        return {f["Package"]: f["Version"] for f in fields if "Package" in f}


@dataclass(frozen=True)
class Mirror:
    """Debian as the machine sees it. `check_dates` is false where the machine's apt takes outdated indexes."""

    codename: str
    architecture: str
    main: Archive
    security: Archive
    check_dates: bool

    def pending(self, candidates: Iterable[str]) -> list[str]:
        """The candidates, in their order, of which security has a newer version than main."""
        main, security = self.main.versions(), self.security.versions()
        both = [name for name in candidates if name in main and name in security]
        return [name for name in both if newer(security[name], main[name])]


def find(*, refresh: bool) -> Mirror:
    """Reads the machine's apt configuration; `refresh` runs `apt-get update` first.

    Raises HostNotReady when Debian's main or security suite of this release is not among its sources.
    """
    codename = os_release().get("VERSION_CODENAME", "")
    archives = {} if refresh else _archives(codename)
    if len(archives) < 2:
        run(["apt-get", "update", "-qq"], timeout=300)
        archives = _archives(codename)
    for label, suite in (("Debian", codename), ("Debian-Security", f"{codename}-security")):
        if label not in archives:
            raise HostNotReady(f"the machine's apt sources lack Debian's {suite} (component main): add it to them")
    dates = run(["apt-config", "shell", "CHECK", "Acquire::Check-Valid-Until"]).stdout
    return Mirror(
        codename, _architecture(), archives["Debian"], archives["Debian-Security"], "false" not in dates.lower()
    )


def acquire_settings() -> list[str]:
    """The machine's settings for reaching its mirror, as lines of apt.conf: proxies, certificates, what dates count."""
    groups = ("Acquire::http", "Acquire::https", "Acquire::Check-")
    return [line for line in run(["apt-config", "dump"]).stdout.splitlines() if line.startswith(groups)]


def newer(version: str, than: str) -> bool:
    """Debian's order of versions, as dpkg knows it."""
    return run(["dpkg", "--compare-versions", version, "gt", than], check=False).returncode == 0


def _archives(codename: str) -> dict[str, Archive]:
    """Label -> archive, for the main and the security suite of the release."""
    wanted = {"Debian": codename, "Debian-Security": f"{codename}-security"}
    layout = "|".join(f"$({field})" for field in FIELDS)
    found = {}
    for line in run(["apt-get", "indextargets", "--format", layout, "Created-By: Packages"]).stdout.splitlines():
        target = dict(zip(FIELDS, line.split("|"), strict=True))
        ours = target["COMPONENT"] == "main" and target["ARCHITECTURE"] == _architecture()
        if ours and target["ORIGIN"] == "Debian" and wanted.get(target["LABEL"]) == target["CODENAME"]:
            found[target["LABEL"]] = Archive(target["CODENAME"], target["REPO_URI"], target["FILENAME"])
    return found


def _architecture() -> str:
    """dpkg's name of this machine's architecture, such as amd64."""
    assert platform.system() == "Linux"
    return run(["dpkg", "--print-architecture"]).stdout.strip()


def _field(line: str) -> tuple[str, str]:
    key, _, value = line.partition(": ")
    return key, value
