"""A halt stops as much as the policy says, and whatever that is, its own rollout goes the way back."""

import pytest

from tests.app.worker.world import POLICY, Product, World

pytestmark = pytest.mark.anyio

BAD = Product(harms="service:app")


@pytest.mark.parametrize("scope", ["ring", "rollout", "tenant", "patch"])
async def test_the_stop_of_a_failure_does_not_hold_its_own_way_back(world: World, scope: str) -> None:
    """Also where the whole tenant is stopped: nothing new begins, and what broke is taken back and verified."""
    operator = world.add_tenant("msp", "operator", POLICY.replace("halt: patch", f"halt: {scope}"))
    operator.add_devices(2, BAD)
    await world.run(lambda: operator.rollout(BAD)["state"] == "rolled_back")
    assert operator.states(BAD) == {"msp-0": "rolled_back", "msp-1": "waiting"}
    assert operator.devices[0].installed == {"demo": "1.0"}
    [stop] = world.rows("select split_part(stop_key, ':', 1) as kind, placed_by, lifted_at from patchring.stop")
    assert stop == {"kind": scope, "placed_by": "worker", "lifted_at": None}
