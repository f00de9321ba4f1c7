"""`/live` tells that something changed, and nothing else, to those whose tenants it was in."""

import asyncio

import pytest

from patchring.store.roles import Role
from patchring.web.frame import load_version
from patchring.web.live import RETRY, Versions, stream
from tests.web.world import World

pytestmark = pytest.mark.anyio


async def version(world: World, *slugs: str) -> str:
    """What the pages of these tenants are compared by."""
    tenant_ids = [world.tenants[slug] for slug in slugs]
    async with world.database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        return await load_version(tx, tenant_ids)


async def test_what_happens_in_a_tenant_changes_its_pages_and_no_others(world: World) -> None:
    both, kestrel = await version(world, "harbour", "kestrel"), await version(world, "kestrel")
    await world.happened("harbour", "site_added", ("site", "x"), {"name": "Annexe"})
    assert await version(world, "harbour", "kestrel") != both
    assert await version(world, "kestrel") == kestrel


@pytest.mark.parametrize(
    "change",
    [
        "update patchring.rollout_ring set counts = '{\"verified\": 4}' where rollout_id = %(id)s and ring = 1",
        "update patchring.rollout_ring set state = 'passed' where rollout_id = %(id)s and ring = 1",
        "update patchring.rollout set state = 'halted' where rollout_id = %(id)s",
        """insert into patchring.stop (stop_id, stop_key, reason, placed_at, placed_by)
           values (%(id)s, 'everything', '', '2026-11-23T05:00Z', 'dana')""",
    ],
)
async def test_counts_states_and_stops_count_without_an_event(world: World, change: str) -> None:
    before = await version(world, "harbour")
    world.run(change, {"id": world.rollouts["good-harbour"]})
    assert await version(world, "harbour") != before


async def test_a_stream_tells_the_fingerprint_once_for_each_change(world: World) -> None:
    services = world.services()
    versions = Versions(services.database)
    tenant_ids = (world.tenants["harbour"],)
    viewers = [viewer_of(tenant_ids)] * 2 + [None]

    async def look() -> object:
        return viewers.pop(0)

    told = []
    async with asyncio.timeout(30):
        async for chunk in stream(versions, look):  # type: ignore[arg-type]
            told.append(chunk)
            if len(told) == 2:
                await world.happened("harbour", "site_added", ("site", "x"), {"name": "Annexe"})
    first, second = (chunk for chunk in told if chunk.startswith(b"event: version"))
    assert (told[0], first != second, len(viewers)) == (RETRY, True, 0)


async def test_many_open_pages_ask_the_database_once(world: World) -> None:
    versions = Versions(world.database)
    tenant_ids = (world.tenants["harbour"],)
    first = await versions.newest(tenant_ids)
    await world.happened("harbour", "site_added", ("site", "x"), {"name": "Annexe"})
    assert {await versions.newest(tenant_ids) for _ in range(20)} == {first}


def viewer_of(tenant_ids: tuple[object, ...]) -> object:
    """As much of a viewer as a stream looks at."""

    class Seen:
        def __init__(self) -> None:
            self.tenant_ids = tenant_ids

    return Seen()
