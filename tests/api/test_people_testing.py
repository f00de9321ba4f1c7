"""Tests over the API: what is asked for, what was tried, and what two persons let go without it."""

from datetime import timedelta

import pytest

from patchring.app.permissions import StaffRole
from tests.api.test_people_proposals import ask
from tests.api.twins import Twins
from tests.api.valid import tried, waived

pytestmark = pytest.mark.anyio
HERE = "/tenants/northwind"
CASES = [
    {"case": "sale", "criterion": "a sale of northwind is booked"},
    {"case": "print", "criterion": "a receipt comes out"},
]


async def test_the_plan_is_that_of_the_policy_in_force(twins: Twins) -> None:
    assert await ask(twins, "GET", f"{HERE}/test-plans") == {
        "plans": [{"segment": "tills", "ring": 1, "cases": CASES}],
    }  # fmt: skip


async def test_a_record_keeps_the_criterion_and_says_so_in_the_events(twins: Twins) -> None:
    twins.clock.advance(timedelta(seconds=1))
    made = await ask(twins, "POST", f"{HERE}/test-records", tried(twins))
    result = {**CASES[0], "passed": True, "note": "at noon"}
    assert (made["results"], made["passed"], made["devices"]) == ([result], True, ["a till"])
    assert made["recorded_by"] == "patch_administrator:both"
    assert await ask(twins, "GET", f"{HERE}/test-records/{made['test_record_id']}") == made
    listed = await ask(twins, "GET", f"{HERE}/test-records?patch={twins.a.scene.patch_key}")
    assert listed["items"][0] == made
    query = "select data->>'how' from patchring.event where tenant_id = %s and kind = 'test_recorded'"
    assert twins.admin.execute(query, [twins.a.tenant_id]).fetchall() == [("sale passed (at noon)",)]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"segment": "everything"}, "test_unknown"),
        ({"results": [{"case": "other", "passed": True}]}, "test_unknown"),
        ({"results": [{"case": "sale", "passed": True}, {"case": "sale", "passed": False}]}, "test_twice"),
        ({"devices": []}, "invalid"),
        ({"patch": "apt:nothing=1"}, "patch_not_found"),
    ],
)
async def test_what_is_no_record_is_refused(twins: Twins, change: dict[str, object], kind: str) -> None:
    assert (await ask(twins, "POST", f"{HERE}/test-records", {**tried(twins), **change}))["kind"] == kind


async def test_a_waiver_is_confirmed_by_another_person_once(twins: Twins) -> None:
    twins.clock.advance(timedelta(seconds=1))
    made = await ask(twins, "POST", f"{HERE}/test-waivers", waived(twins), who="ada")
    assert (made["asked_by"], made["confirmed_by"]) == ("patch_administrator:ada", None)
    path = f"{HERE}/test-waivers/{made['test_waiver_id']}/confirm"
    assert (await ask(twins, "POST", path, who="ada"))["kind"] == "not_allowed"
    done = await ask(twins, "POST", path)
    assert done == {**made, "confirmed_by": "patch_administrator:both", "confirmed_at": done["confirmed_at"]}
    assert (await ask(twins, "POST", path, who="all"))["kind"] == "waiver_confirmed"


async def test_the_same_person_under_another_role_is_no_second(twins: Twins) -> None:
    """The principal counts, not the words that name it."""
    made = await ask(twins, "POST", f"{HERE}/test-waivers", waived(twins), who="ada")
    twins.admin.execute("update patchring.principal set role = 'service_desk_lead' where name = 'ada'")
    path = f"{HERE}/test-waivers/{made['test_waiver_id']}/confirm"
    assert (await ask(twins, "POST", path, who="ada"))["kind"] == "not_allowed"


async def test_a_waiver_has_an_end_within_a_month(twins: Twins) -> None:
    """And cannot be confirmed after it."""
    for days in (0, 31):
        until = (twins.clock.now() + timedelta(days=days)).isoformat()
        refused = await ask(twins, "POST", f"{HERE}/test-waivers", {**waived(twins), "expires_at": until})
        assert refused["kind"] == "waiver_too_long"
    made = await ask(twins, "POST", f"{HERE}/test-waivers", waived(twins), who="ada")
    twins.clock.advance(timedelta(days=2))
    late = await ask(twins, "POST", f"{HERE}/test-waivers/{made['test_waiver_id']}/confirm")
    assert late["kind"] == "waiver_over"


async def test_who_tries_cannot_waive(twins: Twins) -> None:
    """A technician puts tests on record; a waiver takes a patch administrator or a service desk lead."""
    twins.principal("tess", StaffRole.TECHNICIAN, twins.a)
    assert "test_record_id" in await ask(twins, "POST", f"{HERE}/test-records", tried(twins), who="tess")
    assert (await ask(twins, "POST", f"{HERE}/test-waivers", waived(twins), who="tess"))["kind"] == "not_allowed"
