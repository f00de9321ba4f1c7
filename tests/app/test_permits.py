"""The signer's transaction: granted when all is well, refused with the reason when any one thing is not."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from patchring.app.permits import PermitOffice
from patchring.app.stops import EVERYTHING, lift_stop, patch_stop, place_stop, ring_stop, rollout_stop, tenant_stop
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.wire.authority import verify_permit
from patchring.wire.messages import Change, PermitAnswer
from patchring.wire.signing import SigningKey, fingerprint
from tests.databases import FreshDatabase
from tests.scene import PLAN, POLICY, Scene

pytestmark = pytest.mark.anyio

CHANGE = PLAN.changes[0]


@pytest.fixture
def scene(fresh: FreshDatabase) -> Any:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        made = Scene(connection)
        made.add_devices(2)
        yield made


@pytest.fixture
def office(database: Database, scene: Scene) -> PermitOffice:
    return PermitOffice(database, SystemClock(), scene.permit_key)


async def ask(office: PermitOffice, scene: Scene, number: int = 0, **changed: Any) -> PermitAnswer:
    device = scene.devices[number]
    return await office.ask(scene.tenant_id, device.device_id, scene.request(device, **changed))


def codes(answer: PermitAnswer) -> list[str]:
    assert answer.permit is None
    return [reason.code for reason in answer.denied]


async def test_a_granted_permit_is_one_that_the_agent_accepts(office: PermitOffice, scene: Scene) -> None:
    request = scene.request(scene.devices[0])
    answer = await office.ask(scene.tenant_id, scene.devices[0].device_id, request)
    assert answer.permit is not None
    pinned, now_ms = fingerprint(scene.root_key.public), int(scene.now.timestamp() * 1000)
    verdict = verify_permit(answer.permit, answer.chain, request, pinned, None, 0, now_ms)
    assert verdict.reasons == []
    assert verdict.permit is not None
    assert verdict.permit.device_id == str(scene.devices[0].device_id)
    assert scene.count("permit") == 1
    assert scene.count("action", "state = 'permitted'") == 1
    named = {"patch_key": scene.patch_key, "rollout_id": str(scene.rollout_id), "action_id": request.action_id}
    said = " and ".join(f"data ->> '{key}' = '{value}'" for key, value in named.items())
    assert scene.count("event", f"kind = 'permit_granted' and {said}") == 1


async def test_requests_at_once_get_one_permit_at_most(office: PermitOffice, scene: Scene) -> None:
    """None, when the newest lost the race: it gave the permit of the one before it back, and the device asks again."""
    await asyncio.gather(*(ask(office, scene) for _ in range(5)))
    assert scene.count("permit", "settled_at is null") <= 1
    assert (await ask(office, scene)).permit is not None
    assert scene.count("permit", "settled_at is null") == 1


async def test_a_lost_answer_does_not_block_the_device(office: PermitOffice, scene: Scene) -> None:
    first, second = await ask(office, scene), await ask(office, scene)
    assert first.permit is not None
    assert second.permit is not None
    assert scene.count("permit", "outcome = 'not_started'") == 1
    assert scene.count("permit_slot") == 0


async def test_a_request_that_was_overtaken_gives_no_permit_back(office: PermitOffice, scene: Scene) -> None:
    """It was on its way for minutes, and the device began under the permit of its next request meanwhile."""
    late = scene.request(scene.devices[0])
    assert (await ask(office, scene)).permit is not None
    answer = await office.ask(scene.tenant_id, scene.devices[0].device_id, late)
    assert "permit_live" in codes(answer)
    assert scene.count("permit", "settled_at is null") == 1


async def test_a_request_that_is_denied_gives_the_permit_before_it_back(
    office: PermitOffice, scene: Scene, database: Database
) -> None:
    """Else a device whose answer was lost could not even be rolled back while everything is stopped."""
    assert (await ask(office, scene)).permit is not None
    async with database.operator(Role.WEB) as tx:
        assert await place_stop(tx, EVERYTHING, "ticket 4711", "ada", scene.now)
    assert "stop_everything" in codes(await ask(office, scene))
    assert scene.count("permit", "outcome = 'not_started'") == 1
    assert scene.count("action", "state = 'offered'") == 2


async def test_a_nonce_is_answered_once(office: PermitOffice, scene: Scene) -> None:
    assert (await ask(office, scene, nonce="aa" * 16)).permit is not None
    assert codes(await ask(office, scene, nonce="aa" * 16)) == ["permit_live"]


async def test_a_permit_that_began_is_not_replaced(office: PermitOffice, scene: Scene) -> None:
    await ask(office, scene)
    scene.set("permit", started_at=scene.now)
    assert "permit_live" in codes(await ask(office, scene))


@pytest.mark.parametrize("kind", ["everything", "patch", "tenant", "rollout", "ring"])
async def test_every_kind_of_stop_refuses(office: PermitOffice, scene: Scene, database: Database, kind: str) -> None:
    key = {
        "everything": EVERYTHING,
        "patch": patch_stop(scene.patch_key),
        "tenant": tenant_stop(scene.tenant_id),
        "rollout": rollout_stop(scene.rollout_id),
        "ring": ring_stop(scene.rollout_id, 1),
    }[kind]
    async with database.operator(Role.WEB) as tx:
        assert await place_stop(tx, key, "ticket 4711", "ada", scene.now)
    assert codes(await ask(office, scene)) == [f"stop_{kind}"]
    async with database.operator(Role.WEB) as tx:
        assert await lift_stop(tx, key, "found", "ada", scene.now)
    assert (await ask(office, scene)).permit is not None


@pytest.mark.parametrize(("placed_by", "refused"), [("worker", None), ("patch_admin:ada", ["stop_tenant"])])
async def test_the_way_back_under_a_stop_of_the_tenant(
    office: PermitOffice, scene: Scene, database: Database, placed_by: str, refused: list[str] | None
) -> None:
    """A stop that Patchring placed because of a failure does not keep it from being undone; a person's does."""
    scene.set("rollout", state="rolling_back")
    scene.set("rollout_device", state="rolling_back")
    back = [{"provider": "apt", "name": CHANGE.package, "version": "1.0", "architecture": "amd64"}]
    scene.set("action", kind="downgrade", purpose="remedy", packages=Jsonb(back))
    async with database.operator(Role.WEB) as tx:
        await place_stop(tx, tenant_stop(scene.tenant_id), "it failed", placed_by, scene.now)
    kept = replace(CHANGE, from_version=CHANGE.to_version, to_version="1.0", origin="kept", label="", suite="")
    answer = await ask(office, scene, action="downgrade", plan=replace(PLAN, changes=[kept], way_back=[]))
    assert (codes(answer) if answer.permit is None else None) == refused


NOT_DEBIAN = POLICY.replace("origin: Debian", "origin: Ubuntu")
REVIEW = POLICY.replace("decide: auto", "decide: review")
ADDED = Change("extra", "amd64", "", "2.0", "Somewhere", "", "", "")
REMOVED = Change("old", "amd64", "1.0", "", "", "", "", "")


@pytest.mark.parametrize(
    ("table", "columns", "code"),
    [
        ("rollout", {"state": "halted"}, "rollout_not_running"),
        ("rollout_ring", {"state": "waiting"}, "ring_not_open"),
        ("rollout_device", {"state": "waiting"}, "device_not_offered"),
        ("action", {"state": "withdrawn"}, "action_not_offered"),
        ("device", {"observe_only": True}, "observes_only"),
        ("device", {"state": "retired"}, "signature_wrong"),
        ("policy_version", {"text": POLICY + "# changed afterwards\n"}, "policy_unread"),
        ("patch", {"origin": "Elsewhere"}, "approval_missing"),
    ],
)
async def test_each_state_that_forbids_it_is_named(
    office: PermitOffice, scene: Scene, table: str, columns: dict[str, Any], code: str
) -> None:
    scene.set(table, **columns)
    assert code in codes(await ask(office, scene))
    assert scene.count("permit") == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"plan": replace(PLAN, changes=[replace(CHANGE, to_version="1.2")])}, "plan_differs"),
        ({"plan": replace(PLAN, changes=[CHANGE, ADDED])}, "change_not_authorised"),
        ({"plan": replace(PLAN, changes=[CHANGE, REMOVED])}, "plan_removes"),
        ({"plan": replace(PLAN, changes=[replace(CHANGE, origin="Elsewhere")])}, "change_not_authorised"),
        ({"plan": replace(PLAN, way_back=[])}, "way_back_missing"),
        ({"action": "reboot"}, "action_differs"),
        ({"tenant_id": "01900000-0000-7000-8000-000000000000"}, "request_of_another"),
        ({"action_id": "01900000-0000-7000-8000-000000000000"}, "action_unknown"),
    ],
)
async def test_a_plan_that_is_not_what_was_approved_is_refused(
    office: PermitOffice, scene: Scene, changed: dict[str, Any], code: str
) -> None:
    assert code in codes(await ask(office, scene, **changed))


async def test_a_request_signed_by_another_key_is_refused(office: PermitOffice, scene: Scene) -> None:
    device = replace(scene.devices[0], key=SigningKey.generate())
    answer = await office.ask(scene.tenant_id, device.device_id, scene.request(device))
    assert codes(answer) == ["signature_wrong"]


async def test_review_needs_a_signed_approval(database: Database, fresh: FreshDatabase) -> None:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        scene = Scene(connection, policy_text=REVIEW)
        scene.add_devices(1)
        office = PermitOffice(database, SystemClock(), scene.permit_key)
        assert "approval_missing" in codes(await ask(office, scene))
        scene.approve()
        assert (await ask(office, scene)).permit is not None


async def test_a_limit_counts_what_is_under_way_and_is_given_back(database: Database, fresh: FreshDatabase) -> None:
    text = POLICY + "limits: {tenant: 1}\n"
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        scene = Scene(connection, policy_text=text)
        scene.add_devices(2)
        office = PermitOffice(database, SystemClock(), scene.permit_key)
        assert (await ask(office, scene, 0)).permit is not None
        assert codes(await ask(office, scene, 1)) == ["limit_reached"]
        assert scene.count("denial") == 1
        assert (await ask(office, scene, 0)).permit is not None, "its own slot is given back before it is taken again"
        assert scene.count("slot", "in_flight = 1") == 1


async def test_a_closed_window_says_when_it_opens(database: Database, fresh: FreshDatabase) -> None:
    window = "{rule: FREQ=YEARLY, start: '02:00', lasts: 4h}"
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        tomorrow = (Scene.__dataclass_fields__["now"].default_factory() + timedelta(days=3)).strftime("%a").upper()[:2]  # type: ignore[misc]
        window = f"{{rule: FREQ=WEEKLY;BYDAY={tomorrow}, start: '02:00', lasts: 4h}}"
        scene = Scene(connection, policy_text=POLICY.replace("{any_time: true}", window))
        scene.add_devices(1)
        office = PermitOffice(database, SystemClock(), scene.permit_key)
        answer = await ask(office, scene)
        assert codes(answer) == ["window_closed"]
        assert 86_400 < answer.retry_after_s < 5 * 86_400
