"""Starts the lab's own long-running Python modules, detached from the command that starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.cgroup import Cgroup
from lab.errors import CommandFailed

READY_VARIABLE = "PATCHRING_LAB_READY_FD"


def start(module: str, arguments: Sequence[str], log: Path) -> None:
    """Runs `python -m module arguments` and returns once it has called `ready`.

    Raises CommandFailed with the end of its log when it ended before.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["setsid", "--fork", sys.executable, "-m", module, *arguments]
    hears, tells = os.pipe()
    surroundings = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), READY_VARIABLE: str(tells)}
    with open(hears, "rb") as answer:
        with log.open("ab") as output:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=surroundings,
                pass_fds=[tells],
                check=True,
            )
        os.close(tells)
        if answer.read() != b"ready":  # the pipe ends without a word when the process does
            raise CommandFailed(command, 1, log.read_text(errors="replace"))


def ready() -> None:
    """Called by the module once it does its work."""
    tells = int(os.environ.pop(READY_VARIABLE))
    os.write(tells, b"ready")
    os.close(tells)


def enter(cgroup: str) -> None:
    """Moves the calling process into the cgroup by which the lab finds and ends it."""
    Cgroup(cgroup).make()
    Cgroup(cgroup).enter()
