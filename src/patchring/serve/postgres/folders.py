"""The folders of the embedded server.

HOME/                    ours; others may pass through, not look (0711), only if the server has another account
HOME/superuser.secret    ours, 0600: the password of the database's superuser
HOME/lock                held while a process runs this database
HOME/start.log           what the server said before its own log opened
HOME/data/               the server's, 0700: the database; its log is in data/log
HOME/run/                the server's, 0700: the socket (in a shorter place when HOME's path is too long)
"""

import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from patchring.serve.postgres.account import Account
from patchring.serve.postgres.errors import StartFailed, Unreachable

SOCKET_NAME = ".s.PGSQL.5432"
# sockaddr_un.sun_path: 104 bytes on macOS, 108 on Linux, with the closing zero; PostgreSQL adds ".lock" elsewhere.
SOCKET_PATH_BYTES_MAX = 100


@dataclass(frozen=True)
class Folders:
    home: Path
    run: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def secret(self) -> Path:
        return self.home / "superuser.secret"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def start_log(self) -> Path:
        return self.home / "start.log"


def prepare_folders(home: Path, account: Account, socket_shared: bool = False) -> Folders:
    """Make HOME and its run folder. Parents are made too, but the mode of one that exists is never touched.

    Raises Unreachable when the server's account cannot get there.
    """
    home = home.absolute()
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    home.chmod(0o711 if account.switch or socket_shared else 0o700)
    if not account.can_enter(home):
        raise Unreachable(home, account.name)
    run = run_folder(home)
    _own_folder(run, account)
    run.chmod(0o711 if socket_shared else 0o700)
    return Folders(home, run)


def run_folder(home: Path) -> Path:
    """Where the socket of this HOME is: beside the data, or where the path is short enough for a socket."""
    beside = home / "run"
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return beside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return _short_folder() / f"patchring-{digest}"


def _short_folder() -> Path:
    if os.geteuid() == 0 and os.path.isdir("/run"):
        return Path("/run")
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(own) if own and len(own) < 40 and os.path.isdir(own) else Path(tempfile.gettempdir())


def _own_folder(folder: Path, account: Account) -> None:
    """Make a folder of the account alone, or refuse one that somebody else put there first."""
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
            raise StartFailed("PostgreSQL", f"{folder} belongs to somebody else; remove it") from None


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file of mode 0600, whole or not at all; ours, or the account's.

    The owner is changed on the open file and not by its name: the folder may belong to the account, which could
    put a link in its place and be given any file of the system.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if account and account.switch:
            os.fchown(handle, account.uid, account.gid)
        file.write(text)
        file.flush()
        os.fsync(handle)
    draft.rename(path)


def superuser_password(folders: Folders) -> str:
    """The superuser's password: read, or made when there is none yet."""
    if not folders.secret.exists():
        write_private(folders.secret, secrets.token_urlsafe(32))
    return folders.secret.read_text(encoding="utf-8")
