"""Relations of the policy on the real worker and signer: what comes first does, and what conflicts does not begin."""

import pytest

from tests.app.worker.world import POLICY, Product, World

pytestmark = pytest.mark.anyio

APP, LIBRARY = Product("app"), Product("library")
NEEDS = """
relations:
  - {name: app needs the new library, kind: needs, when: {package: app}, other: {package: library}, older_than: "1.1"}
"""
CONFLICTS = """
relations:
  - {name: old driver, kind: conflicts, when: {package: app}, other: {package: driver}, older_than: "3"}
"""


async def test_a_prerequisite_is_installed_first_and_then_the_patch_goes(world: World) -> None:
    operator = world.add_tenant("msp", "operator", POLICY + NEEDS)
    [device] = operator.add_devices(1, APP, LIBRARY)
    await world.run(lambda: all(operator.rollout(each)["state"] == "completed" for each in (APP, LIBRARY)))
    granted = world.rows(
        "select a.packages -> 0 ->> 'name' as name from patchring.permit p"
        " join patchring.action a using (tenant_id, action_id) order by p.granted_at, p.permit_id"
    )
    assert [row["name"] for row in granted] == ["library", "app"]
    assert "prerequisite_first" in device.denials, "the patch asked first, and was told what goes before it"


async def test_what_conflicts_with_something_installed_is_refused_until_that_is_gone(world: World) -> None:
    operator = world.add_tenant("msp", "operator", POLICY + CONFLICTS)
    [device] = operator.add_devices(1, APP)
    device.installed["driver"] = "2.9"
    device.report_scan()
    await world.turn()
    assert (device.denials, operator.states(APP)) == (["conflict_installed"], {"msp-0": "offered"})
    [denial] = world.rows("select reasons from patchring.denial")
    said = "conflicts with driver 2.9, which is installed: rule old driver"
    assert [each["text"].partition(" (")[0] for each in denial["reasons"]] == [said]
    device.installed["driver"] = "3.0"
    device.report_scan()
    await world.run(lambda: operator.rollout(APP)["state"] == "completed")


async def test_a_patch_that_no_relation_means_asks_nothing(world: World) -> None:
    operator = world.add_tenant("msp", "operator", POLICY + CONFLICTS)
    other = Product("demo")
    [device] = operator.add_devices(1, other)
    device.installed["driver"] = "2.9"
    await world.run(lambda: operator.rollout(other)["state"] == "completed")
    assert device.denials == []
