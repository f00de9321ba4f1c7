"""The demo's folder and ports: its own, begun anew, and never somebody else's."""

import socket
from pathlib import Path

import pytest

from patchring.cli.demo_home import POLICIES, DemoFolderTaken, demo_settings, fresh_home
from patchring.policyfile.load import load
from patchring.sim.roster import TENANTS


def test_a_second_run_begins_with_an_empty_folder(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    with fresh_home(home):
        (home / "left").write_text("over")
    with fresh_home(home):
        assert [entry.name for entry in home.iterdir()] == [".patchring-demo"]


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(DemoFolderTaken, match="not the demo's"), fresh_home(tmp_path):
        pass
    assert (tmp_path / "mine").read_text() == "precious"


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    with fresh_home(home), pytest.raises(DemoFolderTaken, match="runs in"), fresh_home(home):
        pass


def test_ports_in_use_are_passed_over(tmp_path: Path) -> None:
    free = demo_settings(tmp_path, None, 12, 3)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", free.agents_port))
        taken.listen()
        other = demo_settings(tmp_path, None, 12, 3)
    assert free.agents_port == free.people_port + 1
    assert {free.people_port, free.agents_port}.isdisjoint({other.people_port, other.agents_port})


def test_every_tenant_has_a_policy_that_says_why_it_is_quick() -> None:
    for tenant in TENANTS:
        policy = load((POLICIES / f"{tenant.slug}.yaml").read_text(encoding="utf-8"), tenant.slug)
        override = policy.overrides["no_soak"]
        assert (len(policy.rings), len(set(override.by)), "emonstration" in override.reason) == (4, 2, True)
