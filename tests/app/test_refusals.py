"""Counts of refused messages: summed, written seldom, kept while the database is away."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from patchring.app.refusals import Refusals
from patchring.app.services import Services
from patchring.store.database import Database
from patchring.testing.clock import ManualClock
from tests.api.agent.world import NOW, DeskThatDenies, make_services
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def services(database: Database, clock: ManualClock) -> Services:
    return make_services(database, clock, DeskThatDenies())


def counted(fresh: FreshDatabase) -> list[tuple[str, str, str, int]]:
    query = "select on_day::text, route, kind, count from patchring.refusal_count order by on_day, route, kind"
    with psycopg.connect(fresh.admin) as connection:
        return connection.execute(query).fetchall()


async def test_counts_are_summed_by_day_route_and_kind(
    services: Services, fresh: FreshDatabase, clock: ManualClock
) -> None:
    refusals = Refusals(services, window_s=60.0)
    for _ in range(1_000):
        refusals.count("check-in", "message_invalid")
    refusals.count("reports", "signature_wrong")
    await refusals.flush()
    refusals.count("check-in", "message_invalid")
    clock.advance(timedelta(days=1))
    refusals.count("check-in", "message_invalid")
    await refusals.close()
    assert counted(fresh) == [
        ("2026-11-23", "check-in", "message_invalid", 1_001),
        ("2026-11-23", "reports", "signature_wrong", 1),
        ("2026-11-24", "check-in", "message_invalid", 1),
    ]


async def test_they_are_written_by_themselves(services: Services, fresh: FreshDatabase) -> None:
    refusals = Refusals(services, window_s=0.01)
    refusals.count("enrol", "token_unknown")
    while not counted(fresh):
        await asyncio.sleep(0.01)
    assert counted(fresh) == [("2026-11-23", "enrol", "token_unknown", 1)]
    await refusals.close()


async def test_two_servers_at_once_lose_no_count(services: Services, fresh: FreshDatabase) -> None:
    servers = [Refusals(services, window_s=60.0) for _ in range(4)]
    for refusals in servers:
        for kind in ("a", "b", "c"):
            refusals.count("enrol", kind)
    await asyncio.gather(*(refusals.flush() for refusals in servers))
    assert [(kind, count) for _, _, kind, count in counted(fresh)] == [("a", 4), ("b", 4), ("c", 4)]
    for refusals in servers:
        await refusals.close()
