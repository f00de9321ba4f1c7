"""Runs a transaction outside the agent: in a systemd unit of its own where systemd is PID 1, else in a session of its
own. A restart of the agent, or its death, must not kill dpkg; what the transaction prints goes to a file.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from patchring_agent import clocks
from patchring_agent.commands import ENVIRONMENT, apart, as_text, run, systemd_is_there
from patchring_agent.errors import CommandProblem, ProviderProblem
from patchring_agent.providers.contract import Transaction
from patchring_agent.store import StateFolder

OUTPUT_BYTES_MAX = 65_536
POLL_S = 0.2
ALIVE = frozenset({"active", "activating", "deactivating", "reloading"})


@dataclass(frozen=True)
class Ended:
    """`exit_code` None: nobody saw it end."""

    exit_code: Optional[int]
    output: str


def unit_name(action_id: str) -> str:
    safe = "".join(c for c in action_id if c.isalnum() or c == "-")
    return f"patchring-act-{safe}.service"


def own_command() -> tuple[list[str], dict[str, str]]:
    """How this very agent is started again: as a zipapp, as the installed script, or as a module on its path."""
    start = Path(sys.argv[0])
    if start.is_file() and (zipfile.is_zipfile(start) or start.name == "patchring-agent"):
        return [sys.executable, "-I", str(start.resolve())], {}
    return [sys.executable, "-m", "patchring_agent"], {"PYTHONPATH": str(Path(__file__).parents[1])}


class Acting:
    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._process: Optional[subprocess.Popen[bytes]] = None

    def start(self, action_id: str, permit_id: str, transaction: Transaction, deadline_boot_ms: int) -> None:
        """Raises ProviderProblem when nothing was started."""
        guard = ["guard", str(deadline_boot_ms), clocks.boot_id()]
        own, own_environment = own_command()
        inner = [*own, *guard, *transaction.argv]
        environment = {**ENVIRONMENT, **transaction.environment, **own_environment}
        argv = apart(inner, environment, unit_name(action_id))
        log = os.open(self._folder.transaction_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        lock = os.open(self._folder.transaction_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if clocks.boot_ms() >= deadline_boot_ms:
                raise ProviderProblem("the permit's lifetime was over")
            self._folder.save_begun(permit_id, transaction.afterwards)
            # The lock passes to the child: it is free again when the last process of the transaction has ended.
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                pass_fds=(lock,),
            )
        except OSError as error:
            raise ProviderProblem(f"the transaction could not be started: {error}") from error
        finally:
            os.close(log)
            os.close(lock)

    def wait(self, until_boot_ms: int) -> Optional[Ended]:
        """How the transaction ended, or None when it still runs at that time."""
        while self._process is not None:
            left_s = (until_boot_ms - clocks.boot_ms()) / 1000
            try:
                code = self._process.wait(max(min(left_s, 1.0), 0.01))
            except subprocess.TimeoutExpired:
                if left_s <= 0:
                    return None
                continue
            self._process = None
            return self._ended(code)
        return self._ended(None)

    def wait_for_orphan(self, action_id: str) -> Ended:
        """Waits for a transaction that an agent before this one started, if it still runs."""
        unit = unit_name(action_id)
        while systemd_is_there() and run(["systemctl", "is-active", unit]).stdout.strip() in ALIVE:
            time.sleep(POLL_S)
        lock = os.open(self._folder.transaction_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)
        return self._ended(None)

    def put_right(self) -> None:
        """What belongs after the transaction, also when it was interrupted."""
        permit_id, commands = self._folder.begun()
        for command in commands:
            run(apart(command))
        if commands:
            self._folder.save_begun(permit_id, [])

    def _ended(self, code: Optional[int]) -> Ended:
        try:
            with self._folder.transaction_log.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(file.tell() - OUTPUT_BYTES_MAX, 0))
                output = as_text(file.read())
        except FileNotFoundError:
            output = ""
        return Ended(code, output)


def reboot() -> str:
    """Ask the system to reboot; empty, or why it will not."""
    argv = ["systemctl", "reboot"] if systemd_is_there() else ["shutdown", "-r", "now"]
    try:
        finished = run(argv, timeout_s=30)
    except CommandProblem as error:
        return str(error)
    return "" if finished.exit_code == 0 else f"{argv[0]} says: {finished.stderr.strip()[:200]}"
