"""What it costs to check the policies of a whole MSP: a baseline and 300 tenants, half of them with a site of their
own, half with a group, every one merged, compiled and checked."""

import shutil
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, at_most, shown
from patchring.policyfile import Tree, check_tree

EXAMPLE = Path(__file__).parents[1] / "examples" / "policies" / "tree"
TENANT_COUNT, SECONDS_MAX = 300, 5.0


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="patchring-bench-"))
    try:
        tree = _tree(folder)
        before = time.process_time()
        found = list(check_tree(tree, tree.tenants))
        spent = time.process_time() - before
    finally:
        shutil.rmtree(folder)
    broken = [name for name, checked in found if checked.policy is None]
    assert len(found) == TENANT_COUNT, "a tenant was not looked at"
    assert not broken, f"the example tree has errors: {broken}"
    rows = sum(len(checked.policy.segments) for _, checked in found if checked.policy)
    return [
        shown("tenants", len(found), "tenants"),
        shown("segments after compiling", rows, "rows"),
        at_most("the whole tree checked", spent, "s of CPU", SECONDS_MAX),
    ]


def _tree(folder: Path) -> Tree:
    """The example's tenants over and over, under names of their own."""
    shutil.copy(EXAMPLE / "baseline.yaml", folder)
    tenants = sorted((EXAMPLE / "tenants").iterdir())
    for number in range(TENANT_COUNT):
        shutil.copytree(tenants[number % len(tenants)], folder / "tenants" / f"tenant-{number:03}")
    return Tree(folder)
