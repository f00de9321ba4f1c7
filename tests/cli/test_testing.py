"""`patchring tests`: what is asked for, put on record, and waived by two persons."""

from pathlib import Path

import psycopg
import pytest

from patchring.app.permissions import StaffRole
from patchring.app.principals import token_hash
from patchring.store.ids import new_id
from tests.cli.conftest import Desk
from tests.databases import FreshDatabase

ROW = (
    "  - {name: tills, when: {class: kiosk}, ring: 1, window: any time, remedy: back, tests: {sale: a sale is booked}}"
)


@pytest.fixture
def tested(desk: Desk, tmp_path: Path) -> Desk:
    """Kiosks ask for a test."""
    file = tmp_path / "policy.yaml"
    file.write_text(desk.scene.policy_text.replace("segments:\n", f"segments:\n{ROW}\n"), encoding="utf-8")
    desk("policy", "apply", desk.scene.slug, file, "--yes")
    return desk


def test_a_policy_without_tests_asks_for_none(desk: Desk) -> None:
    tenant = desk.scene.slug
    assert desk("tests", "plan", tenant).out == "the policy asks for no test\n"
    assert desk("tests", "plan", tenant, "--json").json == []
    assert desk("tests", "list", tenant).out.startswith("nothing is on record")
    assert desk("tests", "list", tenant, "--waivers").out.startswith("nothing was let go")


def test_what_was_tried_is_put_on_record(tested: Desk) -> None:
    """With its note; the list and the page of the record have it."""
    tenant, patch = tested.scene.slug, tested.scene.patch_key
    case = {"case": "sale", "criterion": "a sale is booked"}
    assert tested("tests", "plan", tenant, "--json").json == [{"segment": "tills", "ring": 1, "cases": [case]}]
    about = ("tests", "record", tenant, patch, "tills", "--device", "lab-1")
    assert "expected --passed CASE" in tested(*about, code=1).err
    assert "has no test 'x'" in tested(*about, "--passed", "x", code=4).err
    row = tested(*about, "--failed", "sale=no paper", "--json").json
    assert row["results"] == [{**case, "passed": False, "note": "no paper"}]
    assert ": sale passed" in tested(*about, "--passed", "sale").out
    assert [each["passed"] for each in tested("tests", "list", tenant, "--json").json] == [True, False]
    shown = tested("tests", "show", tenant, row["test_record_id"])
    assert f"{patch} for tills on lab-1, by operator:operator" in shown.out.replace("\n", " ")
    assert tested("tests", "show", tenant, row["test_record_id"], "--json").json == row


def test_a_waiver_takes_another_person(tested: Desk, fresh: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, patch = tested.scene.slug, tested.scene.patch_key
    tested("tests", "waive", tenant, patch, "tills", "--reason", "attacked since this morning")
    [row] = tested("tests", "list", tenant, "--waivers", "--json").json
    confirm = ("tests", "confirm", tenant, row["test_waiver_id"])
    assert "it takes a second person" in tested(*confirm, code=4).err
    second = {"principal_id": new_id(tested.scene.now), "name": "grace", "kind": "staff", "all_tenants": True}
    role = {"role": StaffRole.SERVICE_DESK_LEAD.value, "token_hash": token_hash("g" * 40)}
    with psycopg.connect(fresh.admin, autocommit=True) as admin:
        tested.scene.connection = admin
        tested.scene.insert("principal", [{**second, **role, "created_at": tested.scene.now}])
    monkeypatch.setenv("PATCHRING_TOKEN", "g" * 40)
    assert tested(*confirm, "--json").json["confirmed_by"] == "service_desk_lead:grace"
    assert "grace confirmed it before" in tested(*confirm, code=4).err
