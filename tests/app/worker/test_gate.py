"""The gate on the server: a part of the fleet is held by what is seen of it over all tenants, and the others go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from patchring.app.gate.kept import Seen, read_record
from patchring.core.gate.replay import differences
from tests.app.worker.world import POLICY, Product, Tenant, World

pytestmark = pytest.mark.anyio

GOOD = Product()
BAD = Product(harms="service:app")
# The limits of rings would stop nothing here: what does is the gate.
PATIENT = POLICY.replace("failed_max: 0", "failed_max: 50")
HELD = "facet:apt:demo=1.1:role/domain_controller"
MINUTE = timedelta(minutes=1)


def client(world: World, slug: str, controllers: int, product: Product, kind: str = "client") -> Tenant:
    """Two workstations and two servers that take the patch well, and domain controllers that get `product`."""
    tenant = world.add_tenant(slug, kind, PATIENT)
    tenant.add_devices(2, GOOD, criticality="low")
    server = {"class": "server", "criticality": "low"}
    tenant.add_devices(2, GOOD, **server)
    tenant.add_devices(controllers, product, **{"class": "server", "roles": ["domain_controller"]}, criticality="high")
    return tenant


def stops(world: World) -> list[str]:
    return [row["stop_key"] for row in world.rows("select stop_key from patchring.stop where lifted_at is null")]


async def until(world: World, done: Callable[[], bool], turns_max: int = 40) -> None:
    for _ in range(turns_max):
        if done():
            return
        await world.turn(MINUTE)
    raise AssertionError(f"not done after {turns_max} turns")


def replayed(world: World) -> list[str]:
    """What differs when every verdict on pooled evidence is asked again."""
    found = []
    for kept in world.rows("select * from patchring.gate_evidence order by facet, signal, era"):
        key = {name: kept[name] for name in ("patch_key", "facet", "signal", "era")}
        rows = world.rows(
            "select number, record from patchring.gate_record where patch_key = %(patch_key)s and facet = %(facet)s"
            " and signal = %(signal)s and era = %(era)s order by number",
            **key,
        )
        records = [read_record(row["number"], row["record"]) for row in rows]
        found += differences(records, Seen.read(kept["evidence"]).evidence.logs)
    return found


async def test_domain_controllers_that_fail_in_two_tenants_are_held_and_nobody_else(world: World) -> None:
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    alpha, beta = client(world, "alpha", 6, BAD), client(world, "beta", 6, BAD)
    await until(world, lambda: bool(stops(world)))
    assert stops(world) == [HELD]
    [stop] = world.rows("select reason from patchring.stop")
    assert stop["reason"] == "Stopped for domain controllers: service failures at other clients; others go on"
    await until(world, lambda: {*list(alpha.states(GOOD).values())[:4]} == {"verified"})
    assert [kind for kind in alpha.events() if kind.startswith("gate_")][-1:] == ["gate_held"]
    assert [kind for kind in beta.events() if kind.startswith("gate_")][-1:] == ["gate_held"]
    assert stops(world) == [HELD]
    assert replayed(world) == []
