"""The properties of the loop are only as good as the bugs they catch: every planted one has to be caught."""

from __future__ import annotations

import importlib
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import patchring_agent.loop
from tests.agent.mutants import MUTANTS
from tests.agent.test_loop import OFFERS
from tests.agent.world import World

SOURCE = Path(patchring_agent.loop.__file__).parent
SCHEDULE_COUNT_MAX = 1_500


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the loop under the name `mutated_loop`, importable while the test runs."""
    copy = tmp_path / "mutated_loop"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.glob("*.py"):
        path.write_text(path.read_text().replace("patchring_agent.loop", "mutated_loop"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield copy
    for name in [n for n in sys.modules if n.split(".")[0] == "mutated_loop"]:
        del sys.modules[name]


def caught_after(loop: ModuleType) -> int | None:
    """The number of schedules until a property broke; None when none did."""
    for seed in range(SCHEDULE_COUNT_MAX):
        world = World(random.Random(seed), OFFERS[sorted(OFFERS)[seed % len(OFFERS)]], loop)
        try:
            world.run(seed % 150, 300)
            world.verdict()
        except Exception:  # noqa: BLE001 - a planted bug may break in any way
            return seed
    return None


@pytest.mark.parametrize(("name", "file", "stands", "planted"), MUTANTS, ids=[m[0] for m in MUTANTS])
def test_planted_bug_is_caught(plant: Path, name: str, file: str, stands: str, planted: str) -> None:
    source = (plant / file).read_text()
    assert stands in source, f"the place of the bug {name!r} is gone: update mutants.py"
    (plant / file).write_text(source.replace(stands, planted))
    loop = importlib.import_module("mutated_loop")
    assert caught_after(loop) is not None, f"{name}: no schedule caught it"


def test_the_unchanged_copy_is_not_blamed(plant: Path) -> None:
    """What catches the mutants is the bug, not the copying."""
    loop = importlib.import_module("mutated_loop")
    for seed in range(40):
        world = World(random.Random(seed), OFFERS["two actions"], loop)
        world.run(60)
        world.verdict()
