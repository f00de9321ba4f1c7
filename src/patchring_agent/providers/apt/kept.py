"""The agent's own folder of .deb files: what will be installed, and the way back.

A file counts by what is in it (name, version, architecture) and by its SHA-256, not by what it is called.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote

from patchring.wire.codec import decode, encode
from patchring.wire.messages import Change, Package
from patchring_agent.commands import run
from patchring_agent.errors import CommandProblem
from patchring_agent.providers.apt import parse
from patchring_agent.providers.apt.tool import AptSite

VERSIONS_KEPT = 3
SETS, SETS_KEPT = "sets.json", 50
BLOCK_BYTES = 1 << 20


def file_name(name: str, version: str, architecture: str) -> str:
    """As apt itself names files in its archive."""
    return f"{name}_{version.replace('%', '%25').replace(':', '%3a')}_{architecture}.deb"


def sha256_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK_BYTES), b""):
            found.update(block)
    return found.hexdigest()


def find(site: AptSite, name: str, version: str, architecture: str) -> Optional[Path]:
    """The file in the agent's folder, if it really is this package; a damaged one is not."""
    path = site.cache / file_name(name, version, architecture)
    return path if path.is_file() and _is(path, name, version) else None


def keep(site: AptSite, name: str, version: str, architecture: str) -> Optional[Path]:
    """Make sure that a copy is in the agent's folder: from apt's archive, or from the repository while it has it."""
    found = find(site, name, version, architecture)
    if found is not None:
        return found
    wanted = site.cache / file_name(name, version, architecture)
    in_archive = site.archives / wanted.name
    if in_archive.is_file() and _is(in_archive, name, version):
        partial = wanted.with_suffix(".copy")
        shutil.copyfile(in_archive, partial)
        partial.replace(wanted)
        return wanted
    _download(site, name, version, architecture)
    return find(site, name, version, architecture)


def _download(site: AptSite, name: str, version: str, architecture: str) -> None:
    exact = f"{name}={version}" if architecture == "all" else f"{name}:{architecture}={version}"
    try:
        run(site.get("-q", "-o", "APT::Sandbox::User=root", "download", exact), folder=str(site.cache))
    except CommandProblem:
        return


def _is(path: Path, name: str, version: str) -> bool:
    """Whether the file is a whole .deb of this package: dpkg-deb reads its control part and its contents' list."""
    try:
        control = run(["dpkg-deb", "--field", str(path), "Package", "Version"])
        whole = run(["dpkg-deb", "--contents", str(path)])
    except CommandProblem:
        return False
    found = parse.stanzas(control.stdout)
    return whole.exit_code == 0 and found == [{"Package": name, "Version": version}]


def remember(site: AptSite, back: Sequence[Change]) -> None:
    """Keep which changes went together: what was installed as a set may only go back as one."""
    if back:
        sets = [*_sets(site), encode(list(back))][-SETS_KEPT:]
        path = site.cache / SETS
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(sets), encoding="utf-8")
        beside.replace(path)


def companions(site: AptSite, packages: Sequence[Package], installed: Mapping[str, str]) -> list[Package]:
    """What was installed together with these targets and is still there, at the versions before."""
    wanted = {(package.name, package.version) for package in packages}
    names = {package.name for package in packages}
    for entry in reversed(_sets(site)):
        back = decode(list[Change], entry)
        still_there = all(installed.get(change.package) == change.from_version for change in back)
        if still_there and wanted & {(change.package, change.to_version) for change in back}:
            return [
                Package("apt", change.package, change.to_version, change.architecture)
                for change in back
                if change.package not in names
            ]
    return []


def _sets(site: AptSite) -> list[Any]:
    """What cannot be read is no set: the way back is then looked for package by package."""
    try:
        found = json.loads((site.cache / SETS).read_text(encoding="utf-8"))
        decode(list[list[Change]], found)
    except (OSError, ValueError):
        return []
    return list(found)


def prune(site: AptSite, name: str, keep_versions: set[str]) -> None:
    """Of each package the newest few files stay, and always those that are named."""
    files = sorted(site.cache.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime, reverse=True)
    others = [path for path in files if unquote(path.name.split("_")[1]) not in keep_versions]
    for path in others[VERSIONS_KEPT:]:
        path.unlink(missing_ok=True)
