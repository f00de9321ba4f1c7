"""`patchring proposal`: a decision is put to every tenant, and each answers by its own policy."""

import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.cli.conftest import Desk

WHY = "vendor withdrew it"
POLICY_MD = Path(__file__).parents[2] / "docs" / "policy.md"


def make(desk: Desk, kind: str) -> str:
    shown = desk("proposal", "make", kind, desk.scene.patch_key, "--reason", WHY, "--yes", "--json")
    return str(UUID(shown.json["proposal_id"]))


def rules(desk: Desk, folder: Path, said: str) -> None:
    """The tenant's next version answers proposals like this."""
    text = folder / "policy.yaml"
    text.write_text(f"{desk.scene.policy_text}proposals: {said}\n", encoding="utf-8")
    desk("policy", "apply", desk.scene.slug, text, "--yes")


def answer_of(desk: Desk, proposal_id: str) -> dict[str, object]:
    rows = desk("proposal", "list", "--tenant", desk.scene.slug, "--all", "--json").json
    [row] = [row for row in rows if row["proposal_id"] == proposal_id]
    return {name: row[name] for name in ("state", "decided_by", "decision_reason", "held")}


def test_a_hold_is_taken_and_released_with_its_proposal(desk: Desk) -> None:
    """Made, it holds; withdrawn, it does not; then it is listed only when everything is."""
    shown = desk("proposal", "make", "hold", desk.scene.patch_key, "-r", WHY, "-y")
    [row] = desk("proposal", "list", "--json").json
    assert shown.out == f"proposed: {row['proposal_id']}; 1 taken\n"
    assert (row["kind"], row["patch_key"], row["reason"]) == ("hold", desk.scene.patch_key, WHY)
    [hold] = desk("holds", "list", desk.scene.slug, "--json").json
    assert (hold["source"], hold["patch_key"]) == ("msp", desk.scene.patch_key)
    gone = desk("proposal", "withdraw", row["proposal_id"], "-r", "false alarm", "-y")
    assert gone.out == f"withdrawn: to hold {desk.scene.patch_key}; holds released: 1\n"
    assert desk("holds", "list", desk.scene.slug, "--json").json == []
    assert desk("proposal", "list").out == "nothing was proposed\n"
    assert [each["withdraw_reason"] for each in desk("proposal", "list", "--all", "--json").json] == ["false alarm"]


def test_the_lists_say_what_tenants_made_of_it(desk: Desk) -> None:
    """Over all tenants how many did what; of one, by which rule."""
    made = make(desk, "approve")
    assert "1 open" in desk("proposal", "list").out
    [row] = desk("proposal", "list", "--tenant", desk.scene.slug, "--json").json
    assert (row["proposal_id"], row["state"], row["rule"]) == (made, "open", "proposals.approve")
    assert "asks for a person" in " ".join(desk("proposal", "list", "-t", desk.scene.slug).out.split())


def test_an_accepted_hold_is_placed(desk: Desk, tmp_path: Path) -> None:
    rules(desk, tmp_path, "{hold: review}")
    made = make(desk, "hold")
    assert answer_of(desk, made) == {"state": "open", "decided_by": None, "decision_reason": None, "held": False}
    shown = desk("proposal", "answer", desk.scene.slug, made, "accept", "-r", "we looked", "-y")
    [hold] = desk("holds", "list", desk.scene.slug, "--json").json
    assert shown.out == f"accepted: to hold {desk.scene.patch_key}; held: {hold['hold_id']}\n"
    answered = answer_of(desk, made)
    assert (answered["state"], answered["decision_reason"], answered["held"]) == ("accepted", "we looked", True)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("accept", "accepted: to expedite {}; it goes out when it is approved, with a signature\n"),
        ("decline", "declined: to expedite {}; nothing comes of it\n"),
    ],
)
def test_nothing_goes_out_by_an_answer_alone(desk: Desk, decision: str, said: str) -> None:
    """Neither answer approves or holds anything, and the second answer is refused in one line."""
    made = make(desk, "expedite")
    shown = desk("proposal", "answer", desk.scene.slug, made, decision, "-r", "we looked", "-y")
    assert shown.out == said.format(desk.scene.patch_key)
    assert (desk.scene.count("hold"), desk.scene.count("approval")) == (0, 0)
    again = desk("proposal", "answer", desk.scene.slug, made, "accept", "-r", "again", "-y", code=4)
    assert again.err.count("\n") == 1
    assert again.err.endswith("[proposal_answered]\n")


def test_what_cannot_be_proposed_is_said_in_one_line(desk: Desk) -> None:
    """A patch that no tenant knows, a proposal that is not there, a kind that is none."""
    unknown = desk("proposal", "make", "hold", "apt:nothing=1", "-r", WHY, "-y", code=4)
    assert "`patchring halt --key patch:KEY`" in unknown.err
    assert unknown.err.endswith("[patch_not_found]\n")
    absent = desk("proposal", "withdraw", uuid4(), "-r", WHY, "-y", code=4)
    assert absent.err.endswith("[proposal_not_found]\n")
    desk("proposal", "make", "block", desk.scene.patch_key, "-r", WHY, "-y", code=2)
    assert desk.scene.count("event") == 0


def test_the_guide_is_right_as_it_is_written(desk: Desk, tmp_path: Path) -> None:
    """Its rules are those that count where nothing is written, and its commands are typed as they stand there."""
    [told] = [part for part in POLICY_MD.read_text("utf-8").split("\n\n") if part.startswith("**Proposals.**")]
    quoted = re.findall(r"`([^`]+)`", told)
    [said] = [each.removeprefix("proposals: ") for each in quoted if each.startswith("proposals: ")]
    made = {}
    for when in ("nothing is written", "the guide's words are"):
        kinds = ("hold", "expedite", "approve")
        made[when] = [answer_of(desk, make(desk, kind))["state"] for kind in kinds]
        rules(desk, tmp_path, said)
    assert list(made.values()) == [["taken", "open", "open"]] * 2
    commands = [each.split()[1:] for each in quoted if each.startswith("patchring ")]
    needs = {"make": ["hold", desk.scene.patch_key], "answer": [desk.scene.slug, make(desk, "approve"), "accept"]}
    needs["withdraw"] = [make(desk, "hold")]
    for words in commands:
        line = [desk.scene.slug if word == "TENANT" else word for word in words]
        desk(*line, *needs[words[1]], "-r", WHY, "-y") if words[1] in needs else desk(*line)
    assert [words[1] for words in commands] == ["make", "list", "answer", "withdraw"]
