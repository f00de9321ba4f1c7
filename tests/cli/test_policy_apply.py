"""`patchring policy apply`: what is hardly meant is said before it is signed."""

from pathlib import Path

from tests.cli.conftest import Desk


def test_what_is_warned_of_is_printed_before_it_is_signed(desk: Desk, tmp_path: Path) -> None:
    """A misspelt origin; programs get the answer alone."""
    text = tmp_path / "policy.yaml"
    misspelt = "approvals:\n  - {name: kept, when: {origin: Debain}, decide: hold}\n"
    assert desk.scene.policy_text.count("approvals:\n") == 1
    text.write_text(desk.scene.policy_text.replace("approvals:\n", misspelt), encoding="utf-8")
    shown = desk("policy", "apply", desk.scene.slug, text, "--yes").out
    warned, signed = shown.index("warning: approvals[0].when.origin: did you mean 'Debian'?"), shown.index("in force")
    assert warned < signed
    assert desk("policy", "apply", desk.scene.slug, text, "--yes", "--json").json["version"] == 3
