"""A technician's first hour: tenants with keys, a site, a policy, a token, a device, a patch, a halt, the way on."""

import stat
from pathlib import Path

from tests.cli.conftest import TOKEN, Desk
from tests.scene import POLICY

WHY = ("--reason", "ticket 4711")


def test_a_tenant_is_made_with_its_keys_and_a_policy_that_only_they_can_sign(desk: Desk, tmp_path: Path) -> None:
    """Keys are made here, closed to others; what they sign is accepted; after that a site and a token are there."""
    made = desk("tenants", "create", "Eastwind Ltd", "--slug", "eastwind", "--json").json
    assert (made["name"], made["policy_version"]) == ("Eastwind Ltd", None)
    for name in ("root.key", "approval.key"):
        assert stat.S_IMODE((desk.keys / "eastwind" / name).stat().st_mode) == 0o600
    text = tmp_path / "eastwind.yaml"
    text.write_text(POLICY, encoding="utf-8")
    assert "debian" in desk("policy", "check", text).out
    assert desk("policy", "apply", "eastwind", text, "--yes", "--json").json["version"] == 1
    assert desk("policy", "show", "eastwind").out == POLICY
    assert [row["version"] for row in desk("policy", "versions", "eastwind", "--json").json] == [1]
    desk("sites", "create", "eastwind", "Head office", "--zone", "Europe/Berlin")
    assert [row["zone"] for row in desk("sites", "list", "eastwind", "--json").json] == ["Europe/Berlin"]
    token = desk("tokens", "create", "eastwind", "--site", "Head office", "--uses", 2).out
    assert token.startswith("pr1.")
    (listed,) = desk("tokens", "list", "eastwind", "--json").json
    assert (listed["use_count_max"], listed["revoked_at"]) == (2, None)
    assert desk("tokens", "revoke", "eastwind", listed["token_id"], "-y", "--json").json["revoked_at"] is not None
    assert [row["slug"] for row in desk("tenants", "list", "--json").json] == ["eastwind", "northwind"]


def test_a_patch_is_looked_at_approved_and_explained(desk: Desk) -> None:
    """The approval is signed with the tenant's key on this machine, under the policy in force."""
    key = desk.scene.patch_key
    assert [row["patch_key"] for row in desk("patches", "list", "northwind", "--json").json] == [key]
    assert desk("patches", "list", "--json").json[0]["tenant"] == "northwind"
    assert desk("patches", "show", "northwind", key, "--json").json["devices"]["items"][0]["name"] == "web-1"
    (decision,) = desk("patches", "decisions", "northwind", key, "--json").json["segments"]
    assert (decision["outcome"], decision["rule"], decision["approved"]) == ("auto", "debian", None)
    approved = desk("approve", "northwind", key, *WHY, "-y", "--json").json
    assert desk("patches", "decisions", "northwind", key, "--json").json["segments"][0]["approved"] is True
    desk("approvals", "withdraw", "northwind", approved["approval_id"], *WHY, "-y")
    assert desk("approvals", "list", "northwind", "--json").json[0]["withdrawn_at"] is not None
    assert desk("reject", "northwind", key, *WHY, "-y", "--json").json["decision"] == "reject"
    explained = desk("explain", "northwind", "web-1", key, "--json").json
    assert explained["answer"]
    assert explained["answer"] in desk("explain", "northwind", "web-1", key).out


def test_a_rollout_is_halted_resumed_and_taken_back(desk: Desk) -> None:
    rollout = str(desk.scene.rollout_id)
    assert [row["rollout_id"] for row in desk("rollouts", "list", "northwind", "--json").json] == [rollout]
    assert "halted" in desk("rollouts", "halt", "northwind", rollout, *WHY).out
    assert desk("rollouts", "show", "northwind", rollout, "--json").json["stopped_by"][0]["reason"] == "ticket 4711"
    desk("halt", "--key", f"tenant:{desk.scene.tenant_id}", *WHY)
    still = desk("rollouts", "resume", "northwind", rollout, *WHY, "-y").out
    assert f"still stopped by tenant:{desk.scene.tenant_id}" in still
    desk("lift", "--key", f"tenant:{desk.scene.tenant_id}", *WHY, "-y")
    assert desk("rollouts", "roll-back", "northwind", rollout, *WHY, "-y", "--json").json["state"] == "halted"
    assert desk("rollouts", "abandon", "northwind", rollout, *WHY, "-y", "--json").json["state"] == "abandoned"
    start = ("rollouts", "start", "northwind", desk.scene.patch_key, "-y")
    assert "held: taken back" in desk(*start, code=4).err
    [hold] = desk("holds", "list", "northwind", "--json").json
    desk("holds", "release", "northwind", hold["hold_id"], *WHY, "-y")
    assert desk(*start, "--json").json["device_count"] == 1
    assert "[rollout_not_started]" in desk(*start, code=4).err
    assert "abandoned" in desk("rollouts", "watch", "northwind", rollout).out


def test_everything_is_stopped_in_one_line_and_twice_is_no_error(desk: Desk) -> None:
    """Whoever halts under stress is told that it is stopped; nothing is asked, and nothing fails."""
    assert "stopped: everything" in desk("halt", "--everything", *WHY).out
    assert "stopped already" in desk("halt", "--everything", *WHY).out
    assert [row["stop_key"] for row in desk("stops", "--json").json] == ["everything"]
    desk("lift", "--key", "everything", *WHY, "-y")
    assert desk("stops", "--json").json == []
    assert [row["stop_key"] for row in desk("stops", "--all", "--json").json] == ["everything"]


def test_a_device_is_found_and_classified(desk: Desk) -> None:
    given = ("--class", "server", "--role", "web", "--role", "mail", "--no-internet-facing")
    desk("devices", "classify", "northwind", "web-1", *given, *WHY)
    shown = desk("devices", "show", "northwind", "web-1", "--json").json
    assert (shown["class"], shown["roles"], shown["internet_facing"]) == ("server", ["web", "mail"], False)
    assert [row["name"] for row in desk("devices", "list", "northwind", "--role", "mail", "--json").json] == ["web-1"]
    assert desk("devices", "list", "northwind", "--class", "kiosk", "--json").json == []
    assert desk("devices", "software", "northwind", "web-1", "--json").json == []


def test_a_patch_is_held_and_released(desk: Desk) -> None:
    held = desk("holds", "place", "northwind", desk.scene.patch_key, *WHY, "--json").json
    assert [row["hold_id"] for row in desk("holds", "list", "northwind", "--json").json] == [held["hold_id"]]
    desk("holds", "release", "northwind", held["hold_id"], *WHY, "-y")
    assert desk("holds", "list", "northwind", "--json").json == []
    assert desk("holds", "list", "northwind", "--all", "--json").json[0]["release_reason"] == "ticket 4711"


def test_the_record_is_verified_on_this_machine(desk: Desk) -> None:
    """The chain is fetched and walked here; a changed event is found, and the command fails."""
    for number in range(3):
        desk("sites", "create", "northwind", f"Office {number}", "--zone", "UTC")
    sound = desk("events", "verify", "northwind", "--json").json
    assert (sound["event_count"], sound["holds"], sound["broken_at"]) == (3, True, [])
    exported = desk("events", "export", "northwind").out.splitlines()
    assert len(exported) == 3
    assert [row["seq"] for row in desk("events", "list", "northwind", "--limit", 2, "--json").json] == [3, 2]
    changed = "update patchring.event set actor = 'nobody' where tenant_id = %s and seq = 2"
    desk.scene.connection.execute(changed, [desk.scene.tenant_id])
    assert "first at event 2" in desk("events", "verify", "northwind", code=1).err


def test_a_new_approval_key_replaces_the_old_one(desk: Desk) -> None:
    """The next root names it; only then does it sign, and the old one stays beside it."""
    old = (desk.keys / "northwind" / "approval.key").read_text()
    assert desk("keys", "renew", "northwind", "--approval", "-y", "--json").json["version"] == 2
    assert (desk.keys / "northwind" / "approval.key").read_text() != old
    assert [place.read_text() for place in (desk.keys / "northwind").glob("approval.until-*.key")] == [old]
    desk("approve", "northwind", desk.scene.patch_key, *WHY, "-y")
    assert [row["tenant"] for row in desk("keys", "list", "--json").json] == ["northwind"]


def test_a_principal_is_made_and_revoked(desk: Desk) -> None:
    """With the token that is shown once he works under his own name, in his own tenants."""
    made = desk("principals", "create", "ada", "--role", "technician", "--tenant", "northwind", "--json").json
    desk.monkeypatch.setenv("PATCHRING_TOKEN", made["token"])
    shown = desk("server", "--json").json["principal"]
    assert (shown["name"], shown["role"], shown["all_tenants"]) == ("ada", "technician", False)
    assert "[not_allowed]" in desk("principals", "list", code=4).err
    desk.monkeypatch.setenv("PATCHRING_TOKEN", TOKEN)
    assert desk("principals", "revoke", "ada", "-y", "--json").json["revoked_at"] is not None
    desk.monkeypatch.setenv("PATCHRING_TOKEN", made["token"])
    assert "[not_signed_in]" in desk("server", code=4).err
