"""The feeds that tests read: whole ones from the shared data folder, small cuts from beside this file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

CUTS = Path(__file__).parent / "cuts"
SHARED = Path(__file__).parents[3] / "shared" / "data"
OBSERVED = datetime(2031, 4, 1, 6, tzinfo=UTC)
"""Later than any feed of these was published, also the made-up ones."""
POLLS = ("poll1_2026-08-21T1248Z", "poll2_2026-08-21T1711Z", "poll3_2026-08-21T1847Z")


def cut(name: str) -> bytes:
    return (CUTS / name).read_bytes()


def shared(name: str) -> bytes:
    """A real file; the test is skipped where the folder is not."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared data folder is not beside this tree ({path.name}); the small cuts are tested instead")
    return path.read_bytes()


def changed(raw: bytes, **said: Any) -> bytes:
    """A JSON object with other values at the top."""
    return json.dumps(json.loads(raw) | said).encode()
