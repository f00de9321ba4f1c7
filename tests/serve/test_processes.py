"""A child that ended is started again, whatever stood in the way for a while."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from patchring.serve import processes
from patchring.serve.processes import Child
from tests.serve.hardship import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def child(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Child]:
    made = Child("idle", "tests.serve.idle_child", {}, tmp_path / "log" / "idle.log")
    await made.start()
    yield made
    await made.stop()


def pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def runs(child: Child) -> bool:
    return child.process is not None and child.process.returncode is None


async def test_after_a_long_life_it_comes_back_at_once(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths that lie far apart do not add up: only what does not hold waits longer each time."""
    monkeypatch.setattr(processes, "STEADY_S", 0.0)
    monkeypatch.setattr(processes, "RESTART_PAUSES", (0.0, 3600.0))
    for _ in range(3):
        ended = pid(child)
        os.kill(ended, signal.SIGKILL)
        await until(lambda ended=ended: runs(child) and pid(child) != ended, "it is back")  # type: ignore[misc]
    assert child.restart_count == 3


async def test_it_comes_back_when_its_log_can_be_written_again(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, for instance: the trouble of the moment does not end the watch over the child."""
    monkeypatch.setattr(processes, "RESTART_PAUSES", (0.0, 0.05))
    ended, folder = pid(child), child.log.parent
    folder.rename(folder.with_name("aside"))
    folder.write_text("no folder")
    os.kill(ended, signal.SIGKILL)
    await until(lambda: child.restart_count > 2, "it was tried some times")
    folder.unlink()
    await until(lambda: runs(child) and pid(child) != ended, "it is back")
