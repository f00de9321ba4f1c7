"""Whose name PostgreSQL runs under. It refuses to run as root, and it is right."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from patchring.serve.postgres.errors import NoAccount

# The packages make the first; the second is on every system.
_CANDIDATES = ("patchring", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of the system. `switch` says that we are root and have to change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def run(self, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a short program under this account, in the root folder, and keep what it says."""
        return subprocess.run(
            command,
            env=environment,
            cwd="/",
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether the account may use what is in the folder. Asked of the system: modes, groups, lists."""
        if not self.switch:
            return os.access(folder, os.X_OK)
        test = shutil.which("test", path="/usr/bin:/bin") or "test"
        return self.run([test, "-x", str(folder)], {}).returncode == 0


def server_account() -> Account:
    """The account to run PostgreSQL as: our own, or as root a lesser one. Raises NoAccount."""
    uid = os.geteuid()
    if uid != 0:
        return _named_account(uid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise NoAccount(uid)


def _named_account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise NoAccount(uid) from None
    return Account(entry.pw_name, uid, os.getegid(), switch=False)
