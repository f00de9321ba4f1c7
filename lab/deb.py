"""Builds a Debian package from a few values with dpkg-deb; the same values always give the same bytes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.programs import run

EPOCH = "1735689600"  # 2025-01-01 UTC, the time of every file in every package


@dataclass(frozen=True)
class Deb:
    """One version of one package. `files` maps absolute paths to text; those below /etc are conffiles.

    `postinst` and `prerm` are the bodies of shell scripts that dpkg runs as root; empty means none.
    `relations` holds control fields such as Depends and Conflicts.
    """

    name: str
    version: str
    description: str
    files: Mapping[str, str] = field(default_factory=dict)
    relations: Mapping[str, str] = field(default_factory=dict)
    postinst: str = ""
    prerm: str = ""

    @property
    def file_name(self) -> str:
        return f"{self.name}_{self.version}_all.deb"

    def control(self) -> str:
        fields = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": "all",
            "Maintainer": "Patchring Lab <lab@example.invalid>",
            "Section": "misc",
            "Priority": "optional",
            **self.relations,
            "Description": self.description,
        }
        return "".join(f"{key}: {value}\n" for key, value in fields.items())


def build(deb: Deb, folder: Path) -> Path:
    """The package's file in `folder`; built only when it is not there."""
    target = folder / deb.file_name
    if target.exists():
        return target
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        _write_tree(deb, tree)
        fresh = Path(work) / deb.file_name
        run(
            ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, fresh],
            environment={"SOURCE_DATE_EPOCH": EPOCH},
        )
        shutil.move(fresh, target)
    return target


def _write_tree(deb: Deb, tree: Path) -> None:
    conffiles = [path for path in deb.files if path.startswith("/etc/")]
    contents = {
        **deb.files,
        "/DEBIAN/control": deb.control(),
        "/DEBIAN/conffiles": "".join(f"{path}\n" for path in conffiles),
    }
    for path, text in contents.items():
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o644)
    for script, body in (("postinst", deb.postinst), ("prerm", deb.prerm)):
        if body:
            (tree / "DEBIAN" / script).write_text(f"#!/bin/sh\nset -e\n{body}")
            (tree / "DEBIAN" / script).chmod(0o755)
