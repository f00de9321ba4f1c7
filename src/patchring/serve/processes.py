"""The parent of the server's processes: starts them, hands each its settings, and starts again what died.

A child is asked to end when its parent dies (see `postgres/launch.py`), so no process is left behind by kill -9.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchring.serve.child import READY
from patchring.serve.errors import ChildFailed

READY_WAIT = 30.0
STOP_WAIT = 10.0
RESTART_PAUSES = (0.2, 1.0, 5.0, 15.0)
STEADY_S = 60.0
LAUNCHER = Path(__file__).parent / "postgres" / "launch.py"
LOG_BYTES_MAX = 20_000_000


@dataclass
class Child:
    """One process of the server. `settings` goes to its standard input as one line of JSON."""

    name: str
    module: str
    settings: Mapping[str, Any]
    log: Path
    process: Process | None = None
    restart_count: int = 0
    _watcher: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start and wait until it says that it serves. Raises ChildFailed."""
        await self._launch()
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def stop(self) -> None:
        """Ask it to end, and make it end when it does not."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WAIT)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def _launch(self) -> None:
        command = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "-", "-"]
        with _open_log(self.log) as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, sys.executable, "-m", self.module, stdin=PIPE, stdout=PIPE, stderr=log
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(self.settings).encode() + b"\n")
        self.process.stdin.close()
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), READY_WAIT)
        except TimeoutError:
            self.process.kill()
            raise ChildFailed(self.name, None, self.log, _last_line(self.log)) from None
        if line.decode().strip() != READY:
            code = await self.process.wait()
            raise ChildFailed(self.name, code, self.log, _last_line(self.log))

    async def _watch(self) -> None:
        """Start it again whenever it ended: at once after a long life, later and later when it does not hold."""
        failures = 0
        while True:
            assert self.process is not None
            began = time.monotonic()
            await self.process.wait()
            failures = 0 if time.monotonic() - began > STEADY_S else failures
            pause = RESTART_PAUSES[min(failures, len(RESTART_PAUSES) - 1)]
            failures += 1
            self.restart_count += 1
            await asyncio.sleep(pause)
            with contextlib.suppress(ChildFailed, OSError):  # tried again after the next pause; its log says why
                await self._launch()


class Family:
    """All processes, started in order and stopped in the reverse one."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}

    async def add(self, child: Child) -> None:
        self.children[child.name] = child
        await child.start()

    async def stop(self) -> None:
        for child in reversed(self.children.values()):
            await child.stop()


def _open_log(path: Path) -> Any:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def _last_line(log: Path) -> str:
    """The last line that a process wrote, shortened: usually the error that ended it."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-300:] if lines else ""
