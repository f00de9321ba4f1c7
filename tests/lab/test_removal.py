"""What a lab has made is in its state file before it exists, and goes away with one command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import Lab, host
from lab.errors import BadName
from lab.ledger import Entry, Ledger
from lab.programs import run
from lab.teardown import UNDO, remove_all, remove_incomplete

MAKES = [sys.executable, "-m", "lab", "--prefix", "prlabcut", "up", "only"]


def traces(prefix: str) -> list[str]:
    """Everything on the host that carries the prefix: mounts, networks, cgroups, processes and folders."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    links = run(["ip", "-o", "link"]).stdout.splitlines() + run(["ip", "netns"]).stdout.splitlines()
    folders = [*Path("/sys/fs/cgroup").glob(f"*{prefix}*"), *Path("/sys/fs/cgroup").glob(f"*/{prefix}*")]
    folders += Path("/var/lib").glob(f"*{prefix}*")
    return [line for line in [*mounts, *links, *map(str, folders)] if prefix in line]


@pytest.mark.lab
@pytest.mark.xdist_group("lab")
def test_down_removes_everything_after_a_crash(lab: Lab) -> None:
    """A lab whose making is killed while its first device runs leaves nothing once it is taken down."""
    cut = Lab("prlabcut")
    cut.down()
    with subprocess.Popen(MAKES, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL) as making:
        while making.poll() is None and not any("golden" in entry.name for entry in cut.ledger.entries()):
            time.sleep(0.01)
        making.send_signal(signal.SIGKILL)
    assert traces("prlabcut") != []
    assert cut.down() > 0
    assert traces("prlabcut") == []
    assert traces("prlabtest") != [], "the other lab was not touched"


def test_a_thing_is_noted_once_and_struck_once(tmp_path: Path) -> None:
    """A second note of the same thing keeps the first one's data; the order is the order of making."""
    ledger = Ledger(tmp_path / "state.json")
    ledger.note("link", "a", address="10.0.0.1")
    ledger.note("namespace", "b")
    ledger.note("link", "a", address="10.0.0.2")
    assert ledger.entries() == [Entry("link", "a", {"address": "10.0.0.1"}), Entry("namespace", "b")]
    ledger.strike(Entry("link", "a"))
    assert ledger.entries() == [Entry("namespace", "b")]


def test_what_was_begun_and_not_finished_is_removed_before_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, removed = Ledger(tmp_path / "state.json"), list[str]()
    monkeypatch.setitem(UNDO, "link", removed.append)
    with ledger.making("link", "done"):
        pass
    with pytest.raises(KeyboardInterrupt), ledger.making("link", "begun"):
        raise KeyboardInterrupt
    remove_incomplete(ledger)
    assert removed == ["begun"]
    assert ledger.entries() == [Entry("link", "done")]


def test_a_restart_of_the_host_is_noticed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "state.json")
    assert ledger.from_earlier_boot() is False
    ledger.note("link", "a")
    assert ledger.from_earlier_boot() is False
    content = json.loads(ledger.path.read_text())
    ledger.path.write_text(json.dumps({**content, "host_boot_id": "another"}))
    assert ledger.from_earlier_boot() is True


def test_processes_end_first_and_the_folder_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount is not busy any more when its turn comes, and the state file lives to the end."""
    ledger, removed = Ledger(tmp_path / "state.json"), list[str]()
    for kind in UNDO:
        monkeypatch.setitem(UNDO, kind, removed.append)
    for kind, name in (("folder", "f"), ("cgroup", "c"), ("mount", "m"), ("namespace", "n"), ("device", "d")):
        ledger.note(kind, name)
    assert remove_all(ledger) == 5
    assert removed == ["c", "d", "n", "m", "f"]


@pytest.mark.parametrize("prefix", ["", "a-b", "../x", "longerthan11", "9lives"])
def test_a_prefix_that_the_host_could_not_use_is_refused(prefix: str) -> None:
    with pytest.raises(BadName, match="a prefix has 1 to 11"):
        Lab(prefix)


def test_the_obstacle_is_one_line_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert host.obstacle() == "a lab needs root: run ./dev lab as root"
