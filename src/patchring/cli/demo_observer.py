"""The machine that the demo runs on, as one real device: the real agent in a process of its own, which only observes.

It reads the real package manager's state and reports it; it never asks for a permit and never acts. It ends with the
demo, also when the demo is killed.
"""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

from patchring.cli.errors import CliError
from patchring.serve.processes import LAUNCHER

STOP_WAIT_S = 5.0
ENROL_WAIT_S = 60.0


class ObserverFailed(CliError):
    """The real agent of this machine could not join; its own words say why."""


def can_observe() -> bool:
    """Whether this machine has the package manager that the agent speaks with."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


class Observer:
    """`folder` holds the agent's state; it is the demo's own, so a real agent on this machine is not touched."""

    def __init__(self, folder: Path, server: str, log: Path) -> None:
        self._folder = folder
        self._server = server
        self._log = log
        self._process: Process | None = None

    async def enrol(self, token: str) -> str:
        """Join a tenant; the device's id. Raises ObserverFailed."""
        process = await asyncio.create_subprocess_exec(
            *self._command("enrol", "--server", self._server, "--token-file", "-"),
            stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=_environment(),
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(token.encode()), ENROL_WAIT_S)
        words = said.decode("utf-8", "replace").split()
        if process.returncode != 0 or "device" not in words:
            raise ObserverFailed(f"the agent of this machine could not join: {' '.join(words)[-300:]}")
        return words[words.index("device") + 1]

    async def start(self) -> None:
        """Observe from now on."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command("run", "--observe"), stdin=DEVNULL, stdout=log, stderr=log, env=_environment()
            )

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_WAIT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _command(self, *arguments: str) -> list[str]:
        agent = [sys.executable, "-m", "patchring_agent", "--state", str(self._folder), *arguments]
        return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "-", "-", *agent]


def _environment() -> dict[str, str]:
    """What the agent needs of ours, without what could point it elsewhere."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
