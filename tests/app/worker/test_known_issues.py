"""A known issue on the real worker and signer: who is left out, what is taken back, and how it ends."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from patchring.store.ids import new_id
from tests.app.worker.test_policy import GOOD, operator
from tests.app.worker.world import POLICY, Product, Tenant, World

pytestmark = pytest.mark.anyio

TILLS = {"class": "point_of_sale"}
PLACE = """
insert into patchring.known_issue (issue_id, name, patches, devices, reason, source_kind, source, release_when,
  fixed_in, until_on, state, placed_at, placed_by)
values (%(issue_id)s, %(name)s, %(patches)s, %(devices)s, 'tills do not print', 'person', 'ticket 4711',
  'the vendor says so', %(fixed_in)s, %(until_on)s, %(state)s, %(at)s, 'patch_administrator:ada')
returning issue_id
"""
RELEASE = """
update patchring.known_issue set state = 'released', ended_at = placed_at, ended_by = 'ada', end_reason = 'fixed'
where issue_id = %(id)s returning 1
"""
WAIVE = """
insert into patchring.known_issue_waiver values (%(t)s, %(id)s, 'no printer here', %(at)s, 'ada') returning 1
"""


def place(world: World, tenant: Tenant, **said: Any) -> UUID:
    """In force from now on, as `known_issues.keeping` keeps it; the tenant's patches are looked at again."""
    issue: dict[str, Any] = {
        "issue_id": new_id(world.clock.now()),
        "name": f"issue-{uuid4()}",
        "patches": Jsonb({"package": ["demo"]}),
        "devices": Jsonb({"class": ["point_of_sale"]}),
        "fixed_in": "",
        "until_on": None,
        "state": "in_force",
        "at": world.clock.now(),
    }
    [row] = tenant.rows(PLACE, **(issue | said))
    wake(world, tenant)
    return UUID(str(row["issue_id"]))


def wake(world: World, tenant: Tenant) -> None:
    for row in tenant.rows("select patch_id from patchring.patch where tenant_id = %(t)s"):
        world.wake(tenant, "patch", row["patch_id"])
    for row in tenant.rows("select rollout_id from patchring.rollout where tenant_id = %(t)s"):
        world.wake(tenant, "rollout", row["rollout_id"])


async def test_devices_that_it_names_are_left_out_until_it_is_released(world: World) -> None:
    """The others go on; when it ends, those have their turn by themselves."""
    tenant = operator(world, POLICY)
    issue_id = place(world, tenant)
    tenant.add_devices(2, GOOD)
    tenant.add_devices(1, GOOD, **TILLS)
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified", "msp-1": "verified"}
    tenant.rows(RELEASE, id=issue_id)
    wake(world, tenant)
    await world.run(lambda: tenant.states(GOOD).get("msp-2") == "verified")


async def test_it_ends_by_itself_after_its_last_day(world: World) -> None:
    """Nobody has to remember it."""
    tenant = operator(world, POLICY)
    place(world, tenant, until_on=date(2026, 11, 24))
    tenant.add_devices(1, GOOD)
    tenant.add_devices(1, GOOD, **TILLS)
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified"}
    world.clock.advance(timedelta(hours=42))
    for device in tenant.devices:
        device.report_scan()
    await world.run(lambda: tenant.states(GOOD).get("msp-1") == "verified")


async def test_one_that_came_after_the_offer_refuses_the_permit(world: World) -> None:
    """At once, before any worker has looked; then the offer is taken back, and the others of the ring go on."""
    tenant = operator(world, POLICY)
    [till] = tenant.add_devices(1, GOOD, **TILLS)
    await world.settle()
    assert tenant.states(GOOD) == {"msp-0": "offered"}
    place(world, tenant)
    await world.check_in(till)
    assert till.denials == ["known_issue"]
    await world.settle()
    assert tenant.states(GOOD) == {"msp-0": "waiting"}
    [action] = tenant.rows("select state from patchring.action where tenant_id = %(t)s")
    assert action["state"] == "withdrawn"
    tenant.add_devices(1, GOOD)
    await world.run(lambda: tenant.states(GOOD).get("msp-1") == "verified")
    assert tenant.states(GOOD)["msp-0"] == "waiting"


async def test_a_tenant_that_set_it_aside_goes_on(world: World) -> None:
    """Its own risk, and nobody else's."""
    tenant = operator(world, POLICY)
    issue_id = place(world, tenant)
    tenant.rows(WAIVE, id=issue_id, at=world.clock.now())
    tenant.add_devices(1, GOOD, **TILLS)
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified"}


@pytest.mark.parametrize("said", [{"state": "proposed"}, {"fixed_in": "1.1"}])
async def test_what_is_only_proposed_or_fixed_keeps_nothing_back(world: World, said: dict[str, Any]) -> None:
    """A person has not confirmed it; the patch is the version in which it is fixed."""
    tenant = operator(world, POLICY)
    place(world, tenant, **said)
    tenant.add_devices(1, GOOD, **TILLS)
    await world.run(lambda: tenant.rollout(GOOD)["state"] == "completed")
    assert tenant.states(GOOD) == {"msp-0": "verified"}


async def test_a_failure_proposes_one_and_names_nobody(world: World) -> None:
    """Once, with what sets the failed devices apart; it keeps nothing back until a person confirms it."""
    tenant = operator(world, POLICY)
    bad = Product(harms="service:app")
    tenant.add_devices(3, bad)
    await world.run(lambda: tenant.rollout(bad)["state"] in ("rolled_back", "halted"))
    [issue] = tenant.rows("select * from patchring.known_issue")
    assert (issue["state"], issue["source_kind"], issue["name"]) == ("proposed", "evidence", bad.key)
    assert issue["patches"] == {"provider": ["apt"], "package": ["demo"], "version": ["1.1"]}
    assert issue["devices"].keys() <= {"os", "os_version", "class"}
    assert issue["reason"] == "it failed on devices that had it first"
    told = tenant.rows("select data from patchring.event where kind = 'known_issue_proposed' and tenant_id = %(t)s")
    assert [row["data"]["issue"] for row in told] == [bad.key]
