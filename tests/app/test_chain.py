"""The record of what happened: chained by hash, written with the change or not at all."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from patchring.app.chain import broken_links
from patchring.app.work import unit_of_work
from patchring.core.ids import TenantId
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.roles import Role
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio

TENANT = TenantId(UUID("01900000-0000-7000-8000-00000000000a"))
COLUMNS = "tenant_id, seq, at, actor, kind, subject_kind, subject_id, data, schema_version, policy_fingerprint"


@pytest.fixture(autouse=True)
def tenant(fresh: FreshDatabase) -> None:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        columns = "tenant_id, slug, name, kind, created_at"
        connection.execute(
            f"insert into patchring.tenant ({columns}) values (%s, 'a', 'A', 'client', %s)",  # noqa: S608 - a constant
            [TENANT, datetime(2026, 11, 23, tzinfo=UTC)],
        )


def events_of(fresh: FreshDatabase) -> list[dict[str, object]]:
    with psycopg.connect(fresh.admin, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(
            f"select {COLUMNS}, previous_hash, hash from patchring.event order by seq"  # noqa: S608 - a constant
        ).fetchall()


async def record(database: Database, number: int) -> None:
    async with unit_of_work(database, Role.WEB, SystemClock(), "somebody", TENANT) as work:
        work.record("thing_happened", "thing", number, {"number": number, "text": "grün", "none": None})
        work.record("thing_ended", "thing", number, {})


async def test_writers_of_one_tenant_at_once_leave_one_unbroken_chain(database: Database, fresh: FreshDatabase) -> None:
    await asyncio.gather(*(record(database, number) for number in range(20)))
    events = events_of(fresh)
    assert [event["seq"] for event in events] == list(range(1, 41))
    assert broken_links(events) == []


async def test_an_event_that_was_changed_afterwards_breaks_the_chain(database: Database, fresh: FreshDatabase) -> None:
    for number in range(3):
        await record(database, number)
    events = events_of(fresh)
    events[2]["data"] = {"number": 9}
    assert broken_links(events) == [3]
    del events[4]
    assert broken_links(events) == [3, 6]


async def test_a_use_case_that_fails_leaves_no_record(database: Database, fresh: FreshDatabase) -> None:
    with pytest.raises(RuntimeError):
        async with unit_of_work(database, Role.WEB, SystemClock(), "somebody", TENANT) as work:
            work.record("thing_happened", "thing", 1, {})
            work.wake("rollout", TENANT)
            raise RuntimeError
    assert events_of(fresh) == []


async def test_the_earliest_wake_up_wins(database: Database, fresh: FreshDatabase) -> None:
    early, late = datetime(2026, 11, 23, 5, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)
    for at in (late, early, late):
        async with unit_of_work(database, Role.WEB, SystemClock(), "somebody", TENANT) as work:
            work.wake("rollout", TENANT, at)
    with psycopg.connect(fresh.admin) as connection:
        assert connection.execute("select kind, wake_at from patchring.due").fetchall() == [("rollout", early)]
