"""The state folder and the settings: private, whole after any cut, and clear about what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from patchring_agent import cli, config, store
from patchring_agent.config import Settings
from patchring_agent.errors import ConfigurationProblem, NotEnrolled, StateDamaged
from patchring_agent.loop import Entry, Identity, Job, Kept
from patchring_agent.store import Enrolment, StateFolder
from tests.agent.authority import DEVICE, TENANT, Authority
from tests.agent.world import install
from tests.wire.vectors import plan

ENROLMENT = Enrolment("https://p.example.org", "-", TENANT, DEVICE, "ab" * 32)
REPORT = "01999999-0000-7000-8000-000000000001"


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    found = StateFolder(tmp_path / "state")
    found.make()
    return found


def full() -> Kept:
    """A state with everything in it."""
    identity = Identity(TENANT, DEVICE, "ab" * 32)
    entry = Entry(REPORT, 1, "progress", 5, {"state": "received", "action_id": "action-1", "detail": ""}, "too new")
    job = Job(install(1, "app=1.1"), "ready", plan(), detail="no permit: closed")
    return Kept(identity, Authority().root, 7, 1, 3, "boot-1", [entry], None, "d", "d", 1, job, [job], ["x"], ["a-0"])


def test_what_is_saved_comes_back_unchanged(folder: StateFolder) -> None:
    folder.save_kept(full())
    folder.save_enrolment(ENROLMENT)
    folder.save_session("s")
    assert (folder.kept(), folder.enrolled(), folder.session()) == (full(), ENROLMENT, "s")
    assert {oct(path.stat().st_mode & 0o777) for path in folder.path.iterdir()} == {"0o600"}


def test_a_cut_while_writing_leaves_the_state_before(folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.save_kept(full())

    def cut(handle: int) -> None:
        raise OSError("power is gone")

    monkeypatch.setattr(store.os, "fsync", cut)
    with pytest.raises(OSError, match="power is gone"):
        folder.save_kept(replace(full(), sequence=99))
    assert folder.kept() == full()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":1}', b'{"format":1,"value":{}}', b"\xff"])
def test_a_damaged_state_says_which_file_and_what_to_do(folder: StateFolder, content: bytes) -> None:
    (folder.path / "state.json").write_bytes(content)
    with pytest.raises(StateDamaged, match=r"state\.json cannot be read: .*; enrol this device anew"):
        folder.kept()


def test_a_state_of_a_newer_agent_is_not_guessed_at(folder: StateFolder) -> None:
    (folder.path / "state.json").write_bytes(b'{"format":2,"value":{}}')
    with pytest.raises(StateDamaged, match=r"has format 2; this agent reads 1"):
        folder.kept()


def test_a_damaged_key_is_not_replaced_unasked(folder: StateFolder) -> None:
    (folder.path / "device.key").write_text("short")
    with pytest.raises(StateDamaged, match="is not a key of 64 hexadecimal digits"):
        folder.key()


def test_one_agent_at_a_time(folder: StateFolder) -> None:
    folder.lock()
    with pytest.raises(ConfigurationProblem, match="another agent is running"):
        StateFolder(folder.path).lock()


def test_no_enrolment_says_what_to_run(folder: StateFolder) -> None:
    with pytest.raises(NotEnrolled, match="run `patchring-agent enrol --server URL --token TOKEN`"):
        folder.enrolled()


def test_settings_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "agent.conf"
    file.write_text("# comment\n\nobserve = yes\nrefresh_interval_s=60\nstate_folder = /x\nallow_http = off\n")
    assert config.read(file) == Settings(Path("/x"), True, False, 60)
    assert config.read(tmp_path / "none") == Settings()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("observe = perhaps", "agent.conf:1: observe: expected yes or no, got 'perhaps'"),
        ("refresh_interval_s = 6h", "agent.conf:1: refresh_interval_s: expected a number of seconds, got '6h'"),
        ("obsrve = yes", "agent.conf:1: expected one of state_folder, observe, "),
        ("observe", "agent.conf:1: expected one of state_folder, observe, "),
    ],
)
def test_a_setting_that_is_not_understood_is_named_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "agent.conf"
    file.write_text(line)
    with pytest.raises(ConfigurationProblem) as problem:
        config.read(file)
    assert says in str(problem.value)


def run(folder: StateFolder, *arguments: str) -> int:
    return cli.main(["--config", str(folder.path / "none"), "--state", str(folder.path), *arguments])


def test_status_and_journal_tell_what_the_agent_is_doing(
    folder: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.save_kept(full())
    folder.save_enrolment(ENROLMENT)
    assert run(folder, "status") == 0
    said = capsys.readouterr().out
    assert "action     install app 1.1: ready (no permit: closed)\n" in said
    assert "journal    1 reports unsent, 1 of them refused\n" in said
    assert run(folder, "journal") == 0
    line = f"{REPORT}  1970-01-01T00:00:00Z  received of action action-1  REFUSED: too new\n"
    assert capsys.readouterr().out == line


def test_a_report_is_dropped_only_when_asked_for_and_confirmed(
    folder: StateFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save_kept(full())
    folder.save_enrolment(ENROLMENT)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert run(folder, "journal", "--drop", REPORT) == 1
    assert folder.kept() == full()
    assert run(folder, "journal", "--drop", "other", "--yes") == 1
    assert "no report other in the journal" in capsys.readouterr().err
    assert run(folder, "journal", "--drop", REPORT, "--yes") == 0
    assert folder.kept() == replace(full(), journal=[])


def test_wrong_usage_is_2_and_no_enrolment_is_1(folder: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as usage:
        run(folder, "fly")
    assert usage.value.code == 2
    assert run(folder, "run", "--once") == 1
    assert run(folder, "enrol", "--server", "https://127.0.0.1:9", "--token", "pr1.x") == 1
    assert "expected pr1.TENANT.TOKEN.SECRET.ROOT.SERVER" in capsys.readouterr().err


def test_a_server_that_is_away_is_75(folder: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    token = "pr1." + "a" * 32 + "." + "b" * 32 + "." + "c" * 32 + "." + "d" * 64 + ".-"
    assert run(folder, "enrol", "--server", "http://127.0.0.1:9", "--token", token) == 75
    assert "127.0.0.1 cannot be reached" in capsys.readouterr().err
