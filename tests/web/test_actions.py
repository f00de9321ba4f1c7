"""Halting and resuming from the page: without JavaScript, in the record, and only as far as one's tenants reach."""

import httpx
import pytest

from patchring.app.permissions import StaffRole
from patchring.store import sql
from patchring.store.roles import Role
from tests.web.test_door import proof
from tests.web.world import World

pytestmark = pytest.mark.anyio


async def in_force(world: World) -> dict[str, tuple[str, str]]:
    """Reason and actor of every stop in force, by key."""
    async with world.database.operator(Role.STAFF, read_only=True) as tx:
        return {row["stop_key"]: (row["reason"], row["placed_by"]) for row in await tx.all(sql.page.stops)}


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await client.post(path, data={"csrf": await proof(client), "back": "/", **fields})


async def test_a_halt_is_placed_recorded_and_shown(world: World, operator: httpx.AsyncClient) -> None:
    key = f"ring:{world.rollouts['good-harbour']}:2"
    answer = await post(operator, "/halt", scope=key, reason="front  desk\nis down")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=halted")
    assert await in_force(world) == {key: ("front desk is down", f"{StaffRole.OPERATOR}:operator@all")}
    page = (await operator.get("/?done=halted")).text
    assert all(
        word in page
        for word in (
            "front desk is down",
            "1 stop in force",
            "Stopped: Ring 2 of Runtime 8.0.29 at Harbour Dental Group.",
            "Halted. No permit",
        )
    )


async def test_a_halt_needs_no_reason_and_twice_is_once(world: World, operator: httpx.AsyncClient) -> None:
    first = await post(operator, "/halt", scope="everything")
    again = await post(operator, "/halt", scope="everything", reason="once more")
    assert [answer.headers["location"] for answer in (first, again)] == ["/?done=halted", "/?done=halted-before"]
    assert [reason for reason, _ in (await in_force(world)).values()] == ["halted on the live page, no reason given"]


async def test_a_rollout_is_halted_with_its_state_and_goes_on_the_same_way(
    world: World, operator: httpx.AsyncClient
) -> None:
    key = f"rollout:{world.rollouts['good-harbour']}"
    states = []
    for path, reason in (("/halt", ""), ("/resume", "a false alarm")):
        await post(operator, path, scope=key, reason=reason)
        async with world.database.tenant(Role.STAFF, world.tenants["harbour"], read_only=True) as tx:
            named = {"tenant_id": world.tenants["harbour"], "rollout_id": world.rollouts["good-harbour"]}
            states.append((await tx.one(sql.page.rollout, named))["state"])
    assert (states, await in_force(world)) == (["halted", "running"], {})


async def test_resuming_needs_a_reason(world: World, operator: httpx.AsyncClient) -> None:
    key = f"tenant:{world.tenants['kestrel']}"
    await post(operator, "/halt", scope=key)
    refused = await post(operator, "/resume", scope=key, reason="  ")
    assert (refused.status_code, list(await in_force(world))) == (422, [key])
    done = await post(operator, "/resume", scope=key, reason="vendor fixed it")
    assert (done.headers["location"], await in_force(world)) == ("/?done=resumed", {})
    gone = await post(operator, "/resume", scope=key, reason="once more")
    assert gone.headers["location"] == "/?done=resumed-before"


async def test_nobody_halts_what_he_was_not_given(world: World, visitor: httpx.AsyncClient) -> None:
    await visitor.get("/", params={"key": world.principal("technician", "harbour")})
    keys = [f"tenant:{world.tenants['kestrel']}", f"rollout:{world.rollouts['good-kestrel']}", "everything", "nonsense"]
    answers = [(await post(visitor, "/halt", scope=key)).status_code for key in keys]
    assert (answers, await in_force(world)) == ([404, 404, 404, 422], {})
    own = await post(visitor, "/halt", scope=f"tenant:{world.tenants['harbour']}")
    assert own.status_code == 303


async def test_roles_that_only_read_are_not_offered_a_halt(world: World, visitor: httpx.AsyncClient) -> None:
    await visitor.get("/", params={"key": world.principal("auditor")})
    assert 'action="/halt"' not in (await visitor.get("/")).text
    assert (await post(visitor, "/halt", scope="everything")).status_code == 403
    assert (await post(visitor, "/resume", scope="everything", reason="x")).status_code == 403


async def test_a_form_leads_back_to_our_own_pages_only(world: World, operator: httpx.AsyncClient) -> None:
    home = f"/rollouts/{world.tenants['harbour']}/{world.rollouts['bad']}"
    wanted = {f"{home}?ring=1": f"{home}?ring=1&done=halted-before", "//evil.example/": "/?done=halted-before",
              "https://evil.example": "/?done=halted-before", "/\\evil.example": "/?done=halted-before"}  # fmt: skip
    await post(operator, "/halt", scope="everything")
    found = {b: (await post(operator, "/halt", scope="everything", back=b)).headers["location"] for b in wanted}
    assert found == wanted
