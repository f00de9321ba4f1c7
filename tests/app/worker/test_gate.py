"""The gate on the server: a part of the fleet is held by what is seen of it over all tenants, and the others go on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from patchring.app.caller import Caller
from patchring.app.errors import NotAllowed
from patchring.app.gate.doubts import gate_doubts
from patchring.app.gate.kept import Seen, read_record
from patchring.app.gate.showing import release, replay, show
from patchring.app.permissions import StaffRole
from patchring.app.permits import PermitOffice
from patchring.app.principals import Principal
from patchring.app.services import Services
from patchring.app.work import unit_of_work
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.core.gate.replay import differences
from patchring.store.roles import Role
from patchring.wire.signing import SigningKey
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


def everybody(world: World) -> Caller:
    """A person who was given all tenants."""
    office = PermitOffice(world.database, world.clock, SigningKey.generate())
    services = Services(world.database, world.clock, office, b"s" * 32)
    return Caller(services, Principal(UUID(int=1), "ada", StaffRole.OPERATOR, None))


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


def controllers(tenant: Tenant) -> list[str]:
    return [state for name, state in tenant.states(GOOD).items() if int(name.rsplit("-")[-1]) >= 4]


async def test_what_is_held_is_neither_offered_nor_permitted(world: World) -> None:
    """Of twenty domain controllers most never get it, and an offer that is there already is withdrawn."""
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    tenants = [client(world, slug, 10, BAD) for slug in ("alpha", "beta")]
    await until(world, lambda: HELD in stops(world))
    begun = [sum(state == "failed" for state in controllers(tenant)) for tenant in tenants]
    for _ in range(8):
        await world.turn(MINUTE)
    assert [sum(state == "failed" for state in controllers(tenant)) for tenant in tenants] == begun
    assert sum(begun) <= 6
    assert {state for tenant in tenants for state in controllers(tenant)} == {"failed", "waiting"}


async def test_one_tenant_alone_warns_the_others_which_go_one_by_one(world: World) -> None:
    """Alpha's domain controllers fail and alpha is held by itself; beta's, which are well, go on, one at a time."""
    policy = PATIENT.replace("growth: 1, at_once: 2", "growth: 5, at_once: 10")
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    alpha, beta = client(world, "alpha", 8, BAD), client(world, "beta", 8, GOOD)
    for tenant in (alpha, beta):
        tenant.apply_policy(policy)
    for device in beta.devices:
        device.silent = True
    await until(world, lambda: bool(stops(world)))
    assert stops(world) == [f"facet:apt:demo=1.1:own/{alpha.tenant_id}"]
    await world.turn(MINUTE)
    told = beta.rows(
        "select kind, data ->> 'reason' as said from patchring.event where kind like 'gate%%' and tenant_id = %(t)s"
    )
    assert told == [
        {
            "kind": "gate_slowed",
            "said": "Slower for domain controllers: service failures at another client; they go one by one",
        }
    ]
    most = 0
    for device in beta.devices:
        device.silent = False
    for _ in range(40):
        await world.settle()
        states = controllers(beta)
        most = max(most, sum(state == "offered" for state in states))
        await world.turn(MINUTE)
    assert most == 1
    assert set(controllers(beta)) == {"verified"}
    assert stops(world) == [f"facet:apt:demo=1.1:own/{alpha.tenant_id}"]


async def test_a_restart_of_the_worker_and_a_look_more_change_nothing(world: World) -> None:
    """Everything is looked at again at the same instant by another worker: no row is other than before."""
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    tenants = [client(world, slug, 4, BAD) for slug in ("alpha", "beta")]
    await until(world, lambda: HELD in stops(world))
    await world.turn(MINUTE)
    await world.settle()
    tables = ("gate_device", "gate_event", "gate_part", "gate_own", "gate_own_record", "gate_facet", "gate_evidence")

    def kept() -> dict[str, list[dict[str, object]]]:
        return {
            name: world.rows(f"select t::text as row from patchring.{name} t order by 1")  # noqa: S608 - constants
            for name in (*tables, "gate_record", "event", "stop")
        }

    async def look() -> None:
        for tenant in tenants:
            for row in tenant.rows("select rollout_id from patchring.rollout where tenant_id = %(t)s"):
                world.wake(tenant, "gate", row["rollout_id"])
        world.workers = [Worker(world.database, world.clock, HANDLERS)]
        await world.work()

    await look()
    before = kept()
    await look()
    assert kept() == before


async def test_who_releases_a_facet_accepts_what_was_seen_and_it_is_held_again_only_by_more(world: World) -> None:
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    alpha, _ = client(world, "alpha", 8, BAD), client(world, "beta", 8, BAD)
    await until(world, lambda: HELD in stops(world))
    await world.turn(MINUTE)
    failed = controllers(alpha).count("failed")
    answer = await release(everybody(world), alpha.tenant_id, GOOD.key, "role/domain_controller", "it is our own probe")
    assert (answer["facet"], answer["state"]) == ("role/domain_controller", "released")
    await world.settle()
    assert HELD not in stops(world)
    assert "gate_released" in alpha.events()
    await until(world, lambda: HELD in stops(world))
    assert controllers(alpha).count("failed") > failed
    found = await replay(everybody(world), alpha.tenant_id, GOOD.key)
    assert found["verdict_count"] > 0
    assert found["differences"] == []


async def test_a_changed_record_is_found_when_it_is_asked_again(world: World) -> None:
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    alpha = client(world, "alpha", 1, GOOD)
    await world.turn(MINUTE)
    await until(world, lambda: set(alpha.states(GOOD).values()) == {"verified"})
    changed = "jsonb_set(record, '{expected}', to_jsonb((record ->> 'expected')::float8 + 1e-9))"
    where = "facet = 'all' and signal = 'service_failure' and number = 1"
    world.connection.execute(f"update patchring.gate_record set record = {changed} where {where}")  # noqa: S608
    found = await replay(everybody(world), alpha.tenant_id, GOOD.key)
    assert found["differences"]
    assert all(each.startswith("all, service_failure, era 1: ") for each in found["differences"])


async def test_a_release_of_what_all_have_needs_all_tenants(world: World) -> None:
    alpha = client(world, "alpha", 1, GOOD)
    one = replace(
        everybody(world), principal=replace(everybody(world).principal, tenant_ids=frozenset({alpha.tenant_id}))
    )
    with pytest.raises(NotAllowed):
        await release(one, alpha.tenant_id, GOOD.key, "all", "let it go on")


async def test_others_are_shown_sentences_without_counts_and_who_has_all_tenants_the_numbers(world: World) -> None:
    world.add_tenant("msp", "operator", PATIENT).add_devices(2, GOOD)
    alpha, beta = client(world, "alpha", 6, BAD), client(world, "beta", 6, BAD)
    await until(world, lambda: HELD in stops(world))
    await world.turn(MINUTE)
    full = everybody(world)
    one = replace(full, principal=replace(full.principal, tenant_ids=frozenset({beta.tenant_id})))

    async def said(caller: Caller) -> dict[str, str]:
        shown = await show(caller, beta.tenant_id, GOOD.key)
        held = [row for row in shown["facets"] if row["held_because"] and row["signal"] == "service_failure"]
        return {row["facet"]: row["reason"]["text"] for row in held}

    told = {"role/domain_controller": "Stopped for domain controllers: service failures at other clients; others go on"}
    assert await said(one) == told
    assert "in 2 tenants; without the patch" in (await said(full))["role/domain_controller"]
    assert alpha.slug not in str(await show(one, beta.tenant_id, GOOD.key))


async def test_a_ring_does_not_pass_while_a_signal_of_devices_further_out_cannot_be_read(world: World) -> None:
    """The sentence is said of every ring before the outermost that has such devices."""
    operator = world.add_tenant("msp", "operator", PATIENT)
    operator.add_devices(2, GOOD)
    alpha = client(world, "alpha", 0, GOOD)
    await until(world, lambda: bool(world.rows("select 1 from patchring.gate_part")))
    unread = "jsonb_set(evidence, '{outcome}', '\"inconclusive\"')"
    world.connection.execute(f"update patchring.gate_evidence set evidence = {unread} where facet = 'all'")  # noqa: S608
    [rollout] = alpha.rows("select rollout_id from patchring.rollout where tenant_id = %(t)s")
    async with unit_of_work(world.database, Role.DISPATCHER, world.clock, "worker", alpha.tenant_id) as work:
        doubts = await gate_doubts(work, rollout["rollout_id"], GOOD.key)
    assert {ring for ring, _ in doubts} == {3}
