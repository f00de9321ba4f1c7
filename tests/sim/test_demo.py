"""`patchring demo --once`: the whole main job on the real server, judged by itself. Takes about two minutes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 600


@pytest.fixture
def home() -> Iterator[Path]:
    """Not pytest's tmp_path: that is closed to the account that PostgreSQL runs under when we are root."""
    path = Path(f"/var/tmp/patchring-demo-test-{os.getpid()}")
    yield path
    shutil.rmtree(path, ignore_errors=True)
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)


def test_the_story_comes_out_as_told(home: Path) -> None:
    command = [sys.executable, "-m", "patchring.cli.main", "demo", "--once", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    told = done.stdout.rpartition("What happened")[2]
    for expected in (
        "by rule through rings 0 to 3, verified on 59 of 59 devices",
        "Ring 1 halted",
        "are back on the version before, verified; the patch is held",
        "The last installation began",
        "held by rule at 3 tenants, offered to nobody",
        "verified after a restart on 9 servers; never both of a pair down at once",
        *(["is real and only observes"] if shutil.which("apt-get") else []),
    ):
        assert expected in told, told
