"""What an earlier server may have left in a data folder.

PostgreSQL removes a dead server's `postmaster.pid` itself, unless the process number in it lives again as
somebody else (every container starts counting at 1) or is a zombie that nobody collected. Its own processes all
work inside the data folder, so /proc says for certain who is still there. Where there is no /proc, PostgreSQL's
own check has to do.
"""

import os
import time
from pathlib import Path

_PROC = Path("/proc")


def wait_until_unused(data: Path, seconds_max: float) -> bool:
    """Wait for an earlier server's processes to end. False: they are still there."""
    deadline = time.monotonic() + seconds_max
    while processes_in(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def remove_stale_lock(data: Path) -> None:
    """Remove `postmaster.pid` when no process works in the data folder any more."""
    if _PROC.is_dir() and not processes_in(data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def processes_in(data: Path) -> list[int]:
    """The processes that work inside the folder. Zombies do not."""
    wanted = os.path.realpath(data)
    return [int(entry.name) for entry in _numbered(_PROC) if _working_folder(entry) == wanted]


def _numbered(proc: Path) -> list[Path]:
    return [entry for entry in proc.iterdir() if entry.name.isdigit()] if proc.is_dir() else []


def _working_folder(process: Path) -> str | None:
    try:
        return os.readlink(process / "cwd")
    except OSError:  # ended meanwhile, a zombie, or another user's
        return None
