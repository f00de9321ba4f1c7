"""The data folder: made once by initdb, configured anew at each start."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from patchring.serve.postgres.account import Account
from patchring.serve.postgres.binaries import Binaries
from patchring.serve.postgres.errors import StartFailed, WrongVersion
from patchring.serve.postgres.folders import Folders, superuser_password, write_private

SUPERUSER = "postgres"
# The server must not take our LD_LIBRARY_PATH, PG* variables or locale for its own.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_HEADER = "# Written by Patchring at each start. Settings of your own: ALTER SYSTEM.\n"
_RULES = _HEADER + "local all all scram-sha-256\n"


@dataclass(frozen=True)
class Settings:
    """What a caller may choose.

    `socket_shared`: other accounts of this machine reach the socket (and still need a password), for processes that
    each have a system user of their own. `durable=False` is for tests: fast, and lost with the machine's power.
    """

    connections_max: int = 100
    shared_buffers_mib: int = 128
    socket_shared: bool = False
    durable: bool = True


def prepare_cluster(folders: Folders, binaries: Binaries, account: Account, settings: Settings) -> None:
    """Make the cluster unless it is there, and write its settings. Raises StartFailed, WrongVersion."""
    if not folders.data.exists():
        _make_cluster(folders, binaries, account, settings)
    found = (folders.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(binaries.major):
        raise WrongVersion(folders.data, found, str(binaries.major))
    write_private(folders.data / "postgresql.conf", _HEADER + _configuration(folders, settings), account)
    write_private(folders.data / "pg_hba.conf", _RULES, account)


def _make_cluster(folders: Folders, binaries: Binaries, account: Account, settings: Settings) -> None:
    """Built beside its place and moved there when whole, so that a cut-off initdb leaves nothing half done."""
    draft = folders.home / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    account.own(draft)
    password_file = folders.run / "password"
    write_private(password_file, superuser_password(folders), account)
    try:
        done = account.run(_initdb(binaries, draft, password_file, settings), ENVIRONMENT)
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        raise StartFailed("initdb", done.stdout.strip().replace("\n", "; ")[-600:])
    draft.rename(folders.data)


def _initdb(binaries: Binaries, data: Path, password_file: Path, settings: Settings) -> list[str]:
    command = [
        binaries.program("initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--locale=C",
        "--encoding=UTF8",
        "--data-checksums",
    ]
    return command if settings.durable else [*command, "--no-sync"]


def _configuration(folders: Folders, settings: Settings) -> str:
    lines = {
        "listen_addresses": "",
        "unix_socket_directories": str(folders.run),
        "unix_socket_permissions": "0777" if settings.socket_shared else "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": str(settings.connections_max),
        "shared_buffers": f"{settings.shared_buffers_mib}MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        # A client that was killed must not leave its query and its locks behind.
        "client_connection_check_interval": "10s",
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",  # a file for each day of the week, written over a week later
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        # Parameters are the clients' data and tenant scopes: neither belongs in a log.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    if not settings.durable:
        lines |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in lines.items())


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
