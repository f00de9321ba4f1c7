"""Known issues over the API: placed once for every tenant, imported, confirmed, ended, set aside by one tenant."""

from typing import Any

import pytest

from tests.api.test_people_proposals import ask
from tests.api.twins import Twin, Twins
from tests.api.valid import known_issue

pytestmark = pytest.mark.anyio
WHY = "the vendor withdrew it"


async def placed(twins: Twins, **said: Any) -> Any:
    return await ask(twins, "POST", "/known-issues", {**known_issue(), **said}, "all")


async def kept_back(twins: Twins, twin: Twin) -> list[str]:
    """What explains why the twin's device does not have the patch, as far as known issues say so."""
    path = f"/tenants/{twin.slug}/explain?device={twin.device_name}&patch={twin.scene.patch_key}"
    reasons = (await ask(twins, "GET", path))["reasons"]
    return [each["text"] for each in reasons if each["code"] == "known_issue"]


def recorded(twin: Twin, kind: str) -> list[dict[str, Any]]:
    query = "select data from patchring.event where tenant_id = %s and kind = %s"
    return [row[0] for row in twin.scene.connection.execute(query, [twin.tenant_id, kind]).fetchall()]


async def test_it_stands_for_every_tenant_at_once(twins: Twins) -> None:
    """Both explain it, both have it in their record, and the answer counts them."""
    made = await placed(twins, devices={}, fixed_in="1.2", until_on="2027-06-30")
    assert (made["state"], made["source_kind"], made["tenant_count"]) == ("in_force", "person", 2)
    text = (
        "known issue demo-1 keeps it from every device: it does not start (ticket 4711); until 1.2 is out; "
        "not for 1.2 and later; at the latest until the end of 2027-06-30 UTC"
    )
    for twin in (twins.a, twins.b):
        assert await kept_back(twins, twin) == [text]
        [told] = recorded(twin, "known_issue_placed")
        assert told == {"issue": "demo-1", "reason": "it does not start", "source": "ticket 4711", "patch_count": 1}
        path = f"/tenants/{twin.slug}/decisions?patch={twin.scene.patch_key}"
        assert [each["text"] for each in (await ask(twins, "GET", path))["known_issues"]][-1] == text
    again = await placed(twins)
    assert (again["kind"], again["status"]) == ("known_issue_known", 409)


async def test_released_it_keeps_nothing_back(twins: Twins) -> None:
    """Once; and its name is free for another."""
    made = await placed(twins, devices={})
    path = f"/known-issues/{made['issue_id']}/end"
    ended = await ask(twins, "POST", path, {"reason": WHY}, "all")
    assert (ended["state"], ended["end_reason"], ended["ended_by"]) == ("released", WHY, "operator:all")
    assert await kept_back(twins, twins.a) == []
    assert [each["reason"] for each in recorded(twins.b, "known_issue_released")] == [WHY]
    again = await ask(twins, "POST", path, {"reason": WHY}, "all")
    assert again["detail"] == "known issue demo-1: expected one that is in force or proposed, it is released"
    assert (await placed(twins))["state"] == "in_force"


async def test_what_was_proposed_keeps_nothing_back_until_a_person_confirms_it(twins: Twins) -> None:
    """And is declined by ending it."""
    path = f"/known-issues/{twins.a.proposed_issue_id}"
    confirmed = await ask(twins, "POST", f"{path}/confirm", {}, "all")
    assert (confirmed["state"], confirmed["decided_by"]) == ("in_force", "operator:all")
    assert (await ask(twins, "POST", f"{path}/confirm", {}, "all"))["kind"] == "known_issue_not_proposed"
    declined = await ask(twins, "POST", f"/known-issues/{twins.b.proposed_issue_id}/end", {"reason": WHY}, "all")
    assert declined["state"] == "declined"


async def test_one_tenant_sets_it_aside_and_heeds_it_again(twins: Twins) -> None:
    """With a reason in its record; the other tenant's devices are kept back all the while."""
    made = await placed(twins, devices={})
    path = f"/tenants/{twins.a.slug}/known-issues/{made['issue_id']}"
    waived = await ask(twins, "POST", f"{path}/waive", {"reason": "no kiosk here"})
    assert (waived["waived_because"], waived["waived_by"]) == ("no kiosk here", "patch_administrator:both")
    assert (await kept_back(twins, twins.a), len(await kept_back(twins, twins.b))) == ([], 1)
    assert (await ask(twins, "POST", f"{path}/waive", {"reason": WHY}))["kind"] == "known_issue_waived"
    heeded = await ask(twins, "POST", f"{path}/heed", {"reason": "it broke here too"})
    assert heeded["waived_at"] is None
    assert len(await kept_back(twins, twins.a)) == 1
    assert (await ask(twins, "POST", f"{path}/heed", {"reason": WHY}))["kind"] == "known_issue_heeded"
    assert [len(recorded(twins.a, f"known_issue_{what}")) for what in ("waived", "heeded")] == [1, 1]


async def test_a_list_places_and_changes_and_ends_nothing(twins: Twins) -> None:
    """Dry first; the second time nothing is new; what is missing from a later list stands."""
    first, second = {**known_issue(), "devices": {}}, {**known_issue(), "name": "demo-2"}
    both = {"issues": [first, second]}
    dry = await ask(twins, "POST", "/known-issues/import", {**both, "dry_run": True}, "all")
    assert dry == {"added": 2, "changed": 0, "unchanged": 0}
    assert await kept_back(twins, twins.a) == []
    assert await ask(twins, "POST", "/known-issues/import", both, "all") == dry
    unchanged = await ask(twins, "POST", "/known-issues/import", both, "all")
    assert unchanged == {"added": 0, "changed": 0, "unchanged": 2}
    said = {"issues": [{**first, "reason": "it starts, and stops after a minute"}]}
    assert (await ask(twins, "POST", "/known-issues/import", said, "all"))["changed"] == 1
    assert "it starts, and stops after a minute" in (await kept_back(twins, twins.a))[0]
    names = {row["name"] for row in (await ask(twins, "GET", "/known-issues"))["items"]}
    assert {"demo-1", "demo-2"} <= names


WRONG = {
    "patches: expected a condition on package, source, title or kb that names something; got classification. "
    "What concerns every patch is a stop": {"patches": {"classification": ["security"]}},
    "patches: expected a condition on package, source, title or kb that names something; got package. "
    "What concerns every patch is a stop": {"patches": {"package": ["demo", "*"]}},
    "patches: expected one of": {"patches": {"packet": ["demo"]}},
    "devices: expected one of": {"devices": {"colour": ["red"]}},
    "devices: expected workstation or laptop or server": {"devices": {"class": ["servers"]}},
}


@pytest.mark.parametrize("expected", WRONG)
async def test_what_names_nothing_or_cannot_be_is_refused(twins: Twins, expected: str) -> None:
    """In a sentence that names the issue, the field and what is possible; an import keeps nothing of the list."""
    refused = await placed(twins, **WRONG[expected])
    assert refused["kind"] == "known_issue_invalid"
    assert refused["detail"].startswith(f"known issue demo-1, {expected}")
    issues = [{**known_issue(), "name": "good"}, {**known_issue(), **WRONG[expected]}]
    assert (await ask(twins, "POST", "/known-issues/import", {"issues": issues}, "all"))["kind"] == refused["kind"]
    assert "good" not in {row["name"] for row in (await ask(twins, "GET", "/known-issues"))["items"]}


async def test_an_unknown_one_is_not_found(twins: Twins) -> None:
    """For the MSP and for a tenant; one that is only proposed cannot be set aside."""
    unknown = "019aaf5e-0000-7000-8000-000000000001"
    for path, who in (
        (f"/known-issues/{unknown}/end", "all"),
        (f"/tenants/northwind/known-issues/{unknown}/waive", "both"),
        (f"/tenants/northwind/known-issues/{twins.a.proposed_issue_id}/waive", "both"),
    ):
        assert (await ask(twins, "POST", path, {"reason": WHY}, who))["kind"] == "issue_not_found"
