"""Runs programs of the system: argument arrays, a small fixed environment, a time limit. Never a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from patchring_agent.errors import CommandProblem

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "NEEDRESTART_MODE": "l",
    "APT_LISTCHANGES_FRONTEND": "none",
}


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], timeout_s: int = 300, folder: Optional[str] = None) -> Finished:
    """Raises CommandProblem when the program is missing or does not end in time; any exit code is an answer."""
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            cwd=folder,
            env=ENVIRONMENT,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandProblem(f"{argv[0]} is not installed on this device") from error
    except subprocess.TimeoutExpired as error:
        raise CommandProblem(f"{argv[0]} took longer than {timeout_s} s and was stopped") from error
    return Finished(done.returncode, as_text(done.stdout), as_text(done.stderr))


def systemd_is_there() -> bool:
    """Whether systemd is PID 1 (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def apart(argv: Sequence[str], environment: Mapping[str, str] = ENVIRONMENT, unit: str = "") -> list[str]:
    """The command in a unit of its own where systemd is there: outside the agent's cgroup and its sandbox."""
    if not systemd_is_there():
        return list(argv)
    named = [f"--unit={unit}"] if unit else []
    set_environment = [f"--setenv={key}={value}" for key, value in environment.items()]
    start = ["systemd-run", "--quiet", "--wait", "--collect", "--pipe", "--description=Patchring package transaction"]
    return [*start, *named, *set_environment, "--", *argv]


def as_text(printed: bytes) -> str:
    """What a program printed, as text that can be stored and signed: no zero characters, no broken sequences."""
    return printed.replace(b"\0", b"").decode("utf-8", "replace")


def last_errors(finished: Finished) -> str:
    """The lines that say what went wrong, in one line of at most 400 characters."""
    lines = [line.strip() for line in (finished.stderr or finished.stdout).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("E:", "dpkg: error", "Err:"))] or lines[-2:]
    return "; ".join(said)[:400] or f"exit code {finished.exit_code} without a word"
