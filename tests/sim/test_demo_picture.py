"""What the demo asks of the rollouts it sees, and how it draws them."""

import io
from typing import Any

import pytest
from rich.console import Console

from patchring.cli.demo_picture import Picture, SeenRollout, seen_rollout
from patchring.cli.demo_screen import Screen, table
from patchring.sim.catalogue import FRAMEWORK, WEBVIEW, SimUpdate
from patchring.sim.roster import DENTAL, ENGINEERING, OPERATOR, SimTenant


def seen(tenant: SimTenant, update: SimUpdate, state: str, *rings: tuple[str, dict[str, int]]) -> SeenRollout:
    """A rollout as the API gives it."""
    rows = [
        {"ring": n, "state": s, "counts": counts, "device_count": sum(counts.values()), "reasons": []}
        for n, (s, counts) in enumerate(rings)
    ]
    row: dict[str, Any] = {"rollout_id": f"{tenant.slug}/{update.key}", "title": update.title, "state": state}
    key = f"windows_update:{update.update_id}"
    return seen_rollout(tenant, {**row, "patch_key": key, "rings": rows, "reasons": [{"text": f"it is {state}"}]})


def test_a_patch_is_done_when_every_tenant_is() -> None:
    done = seen(OPERATOR, FRAMEWORK, "completed", ("passed", {"verified": 3}))
    running = seen(DENTAL, FRAMEWORK, "running", ("passed", {}), ("open", {"verified": 1, "waiting": 2}))
    picture = Picture([done, running])
    assert picture.completed(FRAMEWORK, [OPERATOR])
    assert not picture.completed(FRAMEWORK, [OPERATOR, DENTAL])
    assert not picture.completed(FRAMEWORK, [ENGINEERING])
    assert (picture.verified(FRAMEWORK), picture.devices(FRAMEWORK), picture.of(WEBVIEW)) == (4, 6, [])


@pytest.mark.parametrize(
    ("counts", "settled"),
    [
        ({"waiting": 3}, True),
        ({"rolled_back": 2, "verified": 1, "skipped": 1}, True),
        ({"rolling_back": 1}, False),
        ({"failed": 1}, False),
        ({"offered": 1}, False),
        ({"reboot_pending": 1}, False),
    ],
)
def test_nothing_is_settled_while_something_is_on_its_way(counts: dict[str, int], settled: bool) -> None:
    assert seen(DENTAL, WEBVIEW, "rolled_back", ("halted", counts)).is_settled is settled


def test_the_table_has_a_line_for_each_rollout_and_a_block_for_each_device() -> None:
    picture = Picture(
        [
            seen(OPERATOR, FRAMEWORK, "completed", ("passed", {"verified": 3})),
            seen(DENTAL, FRAMEWORK, "running", ("passed", {}), ("halted", {"failed": 1, "waiting": 2})),
        ]
    )
    console = Console(file=io.StringIO(), width=160, highlight=False)
    console.print(table(picture))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert ["Ringmaster IT" in lines[1], "✓ ■■■" in lines[1], "✓ completed" in lines[1]] == [True] * 3
    assert ["Harbour Dental Group" in lines[2], "✗ ■■■" in lines[2], "↓ running" in lines[2]] == [True] * 3
    assert FRAMEWORK.title[:20] in lines[1]
    assert FRAMEWORK.title[:20] not in lines[2]


def test_without_a_terminal_there_are_only_lines() -> None:
    file = io.StringIO()
    with Screen(Console(file=file, width=80)) as screen:
        screen.show(Picture(), "waiting")
        screen.say("it [was] halted", "failed", "05:00:00", "Harbour")
    assert file.getvalue() == "05:00:00 ✗ Harbour: it [was] halted\n"
