"""Where the demo lives: a folder of its own that every run begins anew, and ports that are free."""

import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import patchring.sim
from patchring.cli.errors import CliError
from patchring.serve.settings import Settings, default_home

MARK = ".patchring-demo"
POLICIES = Path(patchring.sim.__file__).parent / "policies"
FIRST_PORT = 8440
PORT_TRIES = 40


class DemoFolderTaken(CliError):
    """The folder is in use or is not the demo's."""


def demo_home() -> Path:
    """Beside the folder of a real installation, never in it."""
    return default_home().with_name("patchring-demo")


@contextmanager
def fresh_home(home: Path) -> Iterator[Path]:
    """The folder, emptied of an earlier run. Raises DemoFolderTaken for one that the demo did not make, or that another
    run uses."""
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = home.with_name(f"{home.name}.lock")
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoFolderTaken(f"a demo runs in {home} already; stop it, or give another --home") from error
        if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
            raise DemoFolderTaken(f"{home} holds something that is not the demo's; give another --home")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o755)
        (home / MARK).touch()
        yield home


def demo_settings(home: Path, port: int | None, check_in: int, busy: int) -> Settings:
    """Quick check-ins, and two ports in a row: the wanted ones, else the first pair that is free."""
    first = port or _free_pair()
    return Settings(
        home=home,
        people_port=first,
        agents_port=first + 1,
        check_in_interval=check_in,
        check_in_interval_busy=busy,
        feeds_fetched=False,
    )


def _free_pair() -> int:
    for first in range(FIRST_PORT, FIRST_PORT + 2 * PORT_TRIES, 2):
        if _is_free(first) and _is_free(first + 1):
            return first
    raise DemoFolderTaken(f"no two free ports in a row from {FIRST_PORT} on; give --port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
