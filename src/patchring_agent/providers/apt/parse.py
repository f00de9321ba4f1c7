"""Pure parsers of what dpkg-query, apt-cache, apt-get -s and needrestart print (LC_ALL=C.UTF-8).

Lines that are not understood are left out, never guessed at; a plan that cannot be read whole is refused by plan.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

DPKG_FORMAT = "${db:Status-Abbrev}\t${Package}\t${Architecture}\t${Version}\t${source:Package}\t${source:Version}\n"

_STEP = re.compile(
    r"Inst (?P<name>\S+)(?: \[(?P<old>[^\]]+)\])? \((?P<new>\S+) (?P<releases>.*?) ?\[(?P<arch>[^\]]+)\]\)"
)
_REMOVAL = re.compile(r"(?:Remv|Purg) (?P<name>\S+) \[(?P<old>[^\]]+)\]")
_VERSION_LINE = re.compile(r" (?:\*\*\*|   ) (?P<version>\S+) -?\d+(?: \(phased (?P<phased>\d+)%\))?$")
_SOURCE_LINE = re.compile(r" +-?\d+ (?P<location>\S.*)$")


@dataclass(frozen=True)
class Owned:
    """A package that dpkg knows. `status` is the abbreviation: wanted, state, error ("ii ", "iHR")."""

    status: str
    name: str
    architecture: str
    version: str
    source: str
    source_version: str

    @property
    def is_there(self) -> bool:
        return self.status[1:2] not in ("n", "c", "")

    @property
    def is_whole(self) -> bool:
        return self.status[1:2] == "i" and self.status[2:3] in (" ", "")


@dataclass(frozen=True)
class Step:
    """One line of a dry run. `new` is empty for a removal, `old` for an addition."""

    name: str
    architecture: str
    old: str
    new: str


@dataclass(frozen=True)
class Release:
    """Where packages come from, in the words of a Release file. `suite` is the codename where there is one."""

    origin: str
    label: str
    suite: str


@dataclass(frozen=True)
class Known:
    """What apt knows of one package; `versions` newest first, each with the locations that have it."""

    installed: str
    candidate: str
    versions: dict[str, list[str]] = field(default_factory=dict)


def dpkg_list(text: str) -> list[Owned]:
    rows = (line.split("\t") for line in text.splitlines())
    return [Owned(*row) for row in rows if len(row) == 6]


def dry_run(text: str) -> list[Step]:
    """Names of foreign architectures carry them (`libc6:i386`); they are taken apart here."""
    steps = []
    for line in text.splitlines():
        found = _STEP.match(line)
        if found is not None:
            name = found["name"].split(":")[0]
            steps.append(Step(name, found["arch"], found["old"] or "", found["new"]))
            continue
        removal = _REMOVAL.match(line)
        if removal is not None:
            name, _, architecture = removal["name"].partition(":")
            steps.append(Step(name, architecture, removal["old"], ""))
    return steps


def deferred_by_phasing(text: str) -> set[str]:
    """The names under apt's heading for upgrades that it holds back for its phased roll-out."""
    names: set[str] = set()
    inside = False
    for line in text.splitlines():
        if inside and line.startswith("  "):
            names.update(line.split())
        else:
            inside = line.startswith("The following upgrades have been deferred due to phasing")
    return names


def releases(text: str) -> dict[str, Release]:
    """`apt-cache policy` without arguments: the release behind each location."""
    found: dict[str, Release] = {}
    location = ""
    for line in text.splitlines():
        source = _SOURCE_LINE.match(line)
        if source is not None:
            location = source["location"].strip()
        elif line.strip().startswith("release ") and location:
            fields = dict(_release_field(part) for part in re.split(r",(?=[a-z]=)", line.strip()[len("release ") :]))
            if "o" in fields or "l" in fields:
                suite = fields.get("n") or fields.get("a", "")
                found[location] = Release(fields.get("o", ""), fields.get("l", ""), suite)
            location = ""
    return found


def _release_field(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key, value


def policies(text: str) -> dict[str, Known]:
    """`apt-cache policy NAME...`: by name, with `:arch` only for foreign architectures."""
    found: dict[str, Known] = {}
    name, installed, candidate, version = "", "", "", ""
    for line in text.splitlines():
        if line and not line.startswith(" ") and line.endswith(":"):
            name = line[:-1]
        elif line.startswith("  Installed: "):
            installed = line[len("  Installed: ") :]
        elif line.startswith("  Candidate: "):
            candidate = line[len("  Candidate: ") :]
            found[name] = Known(_some(installed), _some(candidate))
        elif name in found:
            version = _version_or_source(found[name], version, line)
    return found


def _version_or_source(known: Known, version: str, line: str) -> str:
    heading = _VERSION_LINE.match(line)
    if heading is not None:
        known.versions.setdefault(heading["version"], [])
        return heading["version"]
    source = _SOURCE_LINE.match(line)
    if source is not None and version in known.versions:
        known.versions[version].append(source["location"].strip())
    return version


def _some(text: str) -> str:
    return "" if text == "(none)" else text


def stanzas(text: str) -> list[dict[str, str]]:
    """Records of `apt-cache show` and `dpkg-deb --field`: the first line of each field."""
    found: list[dict[str, str]] = []
    for block in re.split(r"\n\s*\n", text):
        record: dict[str, str] = {}
        for line in block.splitlines():
            if line and not line[0].isspace() and ":" in line:
                key, _, value = line.partition(":")
                record[key] = value.strip()
        if record:
            found.append(record)
    return found


def restarts(text: str) -> list[str]:
    """`needrestart -b`: the services that run something old."""
    prefix = "NEEDRESTART-SVC:"
    return [line[len(prefix) :].strip() for line in text.splitlines() if line.startswith(prefix)]


def is_security(release: Optional[Release]) -> bool:
    """Debian, its derivatives, Ubuntu and ESM name their security releases so."""
    if release is None:
        return False
    return (
        release.label.lower().endswith("-security")
        or release.suite.endswith("-security")
        or release.origin.startswith("UbuntuESM")
    )


def kernel_reasons(running: str, running_build: str, installed: dict[str, str]) -> list[str]:
    """Whether an installed kernel is newer than the running one.

    `running` is `uname -r`, `running_build` is `uname -v` (Debian writes the package version into it), `installed`
    maps names of packages that are there to versions. A device without a kernel package of its own says nothing.
    """
    images = {name[len("linux-image-") :]: version for name, version in installed.items() if _is_image(name)}
    if running not in images:
        return []
    newest = max(images, key=_numbers)
    if _numbers(newest) > _numbers(running):
        return [f"kernel {newest} is installed, {running} is running"]
    built = re.search(r"Debian (\S+)", running_build)
    if built is not None and built[1] != images[running]:
        return [f"kernel {running} is installed as {images[running]}, {built[1]} is running"]
    return []


def _is_image(name: str) -> bool:
    return re.match(r"linux-image-\d", name) is not None and not name.endswith("-dbg")


def _numbers(release: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", release)]
