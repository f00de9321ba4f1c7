"""What every command has: words, JSON, an exit code that says how it ended, and one line for what went wrong."""

import inspect
import json
import socket
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from patchring.cli.main import app
from patchring.cli.manual import MANUAL, commands, renewed
from patchring.serve.running import note_settings
from patchring.serve.settings import Settings
from tests.cli.conftest import Desk, clean

ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
COMMANDS = {" ".join(names[1:]): command for names, command in commands(ROOT)}
# Commands without --json, and why.
NOT_JSON = {
    "up": "runs until Ctrl-C",
    "demo": "a story on the screen",
    "doctor": "looked at by a person on this machine",
    "rollouts watch": "a live picture; `rollouts show --json` is for programs",
    "policy schema": "is JSON",
    "events export": "is JSON, a line for each event",
}


def test_every_command_is_in_the_manual() -> None:
    """Renew it with `python -m patchring.cli.manual --write`."""
    text = MANUAL.read_text(encoding="utf-8")
    assert renewed(text) == text
    assert [name for name in COMMANDS if f"\n### {name}\n" not in text] == []


@pytest.mark.parametrize(
    "line",
    [
        "patchring policy diff PATH [OTHER] [OPTIONS]",
        "patchring policy document [PATH] [OPTIONS]",
        "| `--format FORM` | What is written. One of `pdf`, `html`. |",
        "| `KIND` | What is proposed. One of `hold`, `expedite`, `approve`. |",
    ],
)
def test_the_manual_says_which_words_there_are_and_what_may_be_left_out(line: str) -> None:
    assert line in MANUAL.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_and_its_parameters_are_for(name: str) -> None:
    """A sentence for the command, words for each argument and option."""
    command = COMMANDS[name]
    words = (command.help or "").partition("Example:")[0]
    assert words.strip().endswith((".", "?"))
    silent = [parameter.name for parameter in command.params if not getattr(parameter, "help", "")]
    assert silent == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in NOT_JSON])
def test_every_command_answers_programs(name: str) -> None:
    assert "as_json" in {parameter.name for parameter in COMMANDS[name].params}


def test_what_has_no_json_is_still_there() -> None:
    assert NOT_JSON.keys() - COMMANDS.keys() == set()


ASKING = [name for name, command in COMMANDS.items() if "yes" in {parameter.name for parameter in command.params}]


@pytest.mark.parametrize("name", ASKING)
def test_what_asks_needs_an_answer(desk: Desk, tmp_path: Path, name: str) -> None:
    """Where nobody can be asked, a command with consequences does nothing and says how to go on."""
    given = {"tenant": "northwind", "patch": desk.scene.patch_key, "rollout": desk.scene.rollout_id, "file": MANUAL}
    given |= {"reason": "because", "key": "everything", "hold_id": "1", "approval_id": "1", "token_id": "1"}
    given |= {"name": "operator", "version": 1, "kind": "hold", "proposal_id": "1", "decision": "accept"}
    given |= {"issue_id": "1", "source": "ticket 4711", "release_when": "1.2 is out", "facet": "own"}
    command = COMMANDS[name]
    if name == "known-issues add":
        given["patch"] = "package=demo"
    if name == "known-issues import":
        given["file"] = tmp_path / "issues.json"
        given["file"].write_text('[{"name": "x"}]', encoding="utf-8")
    if name == "policy apply":
        given["file"] = Path(inspect.getfile(Desk)).parents[2] / "examples/policies/standard.yaml"
    arguments = [given[str(p.name)] for p in command.params if p.param_type_name == "argument"]
    options = [part for p in command.params if p.param_type_name == "option" and p.required
               for part in (p.opts[0], given[str(p.name)])]  # fmt: skip
    refused = desk(*name.split(), *arguments, *options, code=1)
    assert "say --yes" in refused.err
    assert desk.scene.count("event") == 0


def test_a_refusal_is_one_line_with_its_kind(desk: Desk) -> None:
    """And exit code 4: the server said no."""
    shown = desk("tenants", "show", "nobody", code=4)
    assert shown.out == ""
    assert shown.err == "patchring: there is no tenant 'nobody' among those you were given [tenant_not_found]\n"


def test_what_the_server_listed_is_below_the_line(desk: Desk) -> None:
    shown = desk("sites", "create", "northwind", "", "--zone", "x" * 61, code=4)
    first, *rest = shown.err.splitlines()
    assert first.endswith("[invalid]")
    assert [line.split(":")[0].strip() for line in rest] == ["body.name", "body.zone"]


@pytest.mark.parametrize("name", ["a/b", "a b", "ä?x=1#y", "%41", "[red]", "...", "a/../../sites"])
def test_a_name_is_taken_as_it_is_typed(desk: Desk, name: str) -> None:
    """No name leads to another address, and none is taken for markup."""
    shown = desk("devices", "show", "northwind", name, code=4)
    assert name in shown.err or "[not_found]" in shown.err


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_no_address_keeps_is_no_name(desk: Desk, name: str) -> None:
    assert "is no name or id" in desk("devices", "show", "northwind", name, code=1).err


def test_arguments_that_are_not_understood_are_exit_code_2(desk: Desk) -> None:
    desk("halt", "--reason", "x", code=2)
    desk("halt", "--everything", "--key", "patch:x", "--reason", "x", code=2)
    desk("devices", "classify", "northwind", "web-1", "--reason", "x", code=2)
    desk("principals", "create", "ada", "--role", "technician", code=2)
    desk("principals", "create", "ada", "--role", "king", "--all-tenants", code=2)
    desk("nothing", code=2)


def test_a_server_that_is_away_is_exit_code_3(desk: Desk) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        desk.monkeypatch.setenv("PATCHRING_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        assert "start it with `patchring up`" in desk("tenants", "list", code=3).err


def test_something_else_at_the_address_is_said(desk: Desk) -> None:
    desk.monkeypatch.setenv("PATCHRING_URL", f"{desk.url}/elsewhere")
    assert "[not_found]" in desk("tenants", "list", code=4).err


def test_an_invalid_policy_shows_every_problem_with_its_line(desk: Desk, tmp_path: Path) -> None:
    """As compilers write it, as the command's output; nothing was sent."""
    text = tmp_path / "bad.yaml"
    text.write_text("patchring: 1\ntitle: T\nautomation: sometimes\n", encoding="utf-8")
    shown = desk("policy", "check", text, code=1)
    assert f"{text}:3: automation:" in shown.out.replace("\n", " ").replace("  ", " ")


def test_keys_of_somebody_else_sign_nothing(desk: Desk) -> None:
    """Without the tenant's keys on this machine the command says where they were looked for."""
    desk.monkeypatch.setenv("PATCHRING_KEYS", str(desk.keys / "elsewhere"))
    shown = desk("approve", "northwind", desk.scene.patch_key, "-r", "because", "-y", code=1)
    assert "bring them from the machine that made the tenant" in shown.err


def test_configuration_is_found_in_order_and_says_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This machine's server, then the file, then the environment; the token itself is never printed."""
    clean(monkeypatch, tmp_path)
    desk = Desk("", tmp_path, tmp_path / "home", None, capsys, monkeypatch)  # type: ignore[arg-type] # no server is asked
    (tmp_path / "home").mkdir()
    assert "no token in" in desk("tenants", "list", code=1).err
    (tmp_path / "home/operator-token").write_text("from-home")
    assert configured(desk)["token"] == ("(known, not printed)", str(tmp_path / "home/operator-token"))
    file = tmp_path / "config/patchring/client.toml"
    file.parent.mkdir(parents=True)
    file.write_text('url = "https://patchring.example"\ntoken = "from-file"\n')
    file.chmod(0o644)
    assert "chmod 600" in desk("config", "show", code=1).err
    file.chmod(0o600)
    assert configured(desk)["url"] == ("https://patchring.example", str(file))
    monkeypatch.setenv("PATCHRING_URL", "https://other.example")
    assert configured(desk)["url"] == ("https://other.example", "environment PATCHRING_URL")
    file.write_text("colour = 'red'\n")
    assert "unknown setting 'colour'" in desk("config", "show", code=1).err
    file.write_text("not toml")
    assert "cannot be read as TOML" in desk("config", "show", code=1).err


def configured(desk: Desk) -> dict[str, tuple[str, str]]:
    shown = desk("config", "show", "--json")
    assert "from-" not in shown.out
    return {row["setting"]: (row["value"], row["source"]) for row in json.loads(shown.out) if row["what"] == "client"}


def test_a_database_address_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clean(monkeypatch, tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@db/patchring")
    desk = Desk("", tmp_path, tmp_path / "home", None, capsys, monkeypatch)  # type: ignore[arg-type] # no server is asked
    shown = desk("config", "show")
    assert "hunter2" not in shown.out
    assert "environment DATABASE_URL" in shown.out


def test_what_the_server_was_started_with_goes_before_this_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The source says what this shell has; where both agree, and of what only the shell knows, it is the shell's."""
    clean(monkeypatch, tmp_path)
    monkeypatch.setenv("PATCHRING_WORKER_COUNT", "3")
    desk = Desk("", tmp_path, tmp_path / "home", None, capsys, monkeypatch)  # type: ignore[arg-type] # no server is asked
    monkeypatch.setenv("PATCHRING_HOME", str(desk.home))
    (desk.home / "run").mkdir(parents=True, exist_ok=True)
    note_settings(Settings(desk.home, feeds_fetched=False, worker_count=3, database_url="postgresql://a:hunter2@db/p"))
    assert "hunter2" not in (desk.home / "run" / "settings.json").read_text(encoding="utf-8")
    rows = {row["setting"]: (row["value"], row["source"]) for row in desk("config", "show", "--json").json}
    assert rows["feeds_fetched"] == ("False", "the server as it was last started (this shell: True, default)")
    assert rows["worker_count"] == ("3", "environment PATCHRING_WORKER_COUNT")
    assert rows["people_port"] == ("8440", "default")
