"""Due items are claimed fairly, fenced by their lease, and never lost; what keeps failing is set aside."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from structlog.testing import capture_logs

from patchring.app.work import Work, unit_of_work
from patchring.app.worker import loop
from patchring.app.worker.claim import LEASE, DueItem, LeaseLost, claim, finish
from patchring.app.worker.loop import ATTEMPTS_MAX, BACK_OFF, Handler, Worker, back_off
from patchring.core.clock import Clock
from patchring.core.ids import TenantId
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.errors import TransactionConflict
from patchring.store.roles import Role
from patchring.testing.clock import ManualClock
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
CUT = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'patchring_dispatcher'"
ALPHA, BETA = (TenantId(UUID(f"01900000-0000-7000-8000-00000000000{n}")) for n in "ab")


def thing(number: int) -> UUID:
    return UUID(int=number)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(autouse=True)
def tenants(fresh: FreshDatabase) -> None:
    with psycopg.connect(fresh.admin, autocommit=True) as connection:
        for slug, tenant in (("alpha", ALPHA), ("beta", BETA)):
            connection.execute(
                "insert into patchring.tenant (tenant_id, slug, name, kind, created_at) "
                "values (%s, %s, %s, 'client', %s)",
                [tenant, slug, slug, START],
            )
            connection.execute("insert into patchring.tenant_directory values (%s, %s)", [tenant, slug])


def query(fresh: FreshDatabase, text: str) -> list[dict[str, object]]:
    with psycopg.connect(fresh.admin, row_factory=dict_row) as connection:
        return connection.execute(text).fetchall()


async def wake(database: Database, clock: Clock, tenant: TenantId, number: int, kind: str = "thing") -> None:
    async with unit_of_work(database, Role.DISPATCHER, clock, "test", tenant) as work:
        work.wake(kind, thing(number))


def numbers(items: list[DueItem]) -> list[tuple[str, int]]:
    return sorted(("a" if item.tenant_id == ALPHA else "b", item.id.int) for item in items)


async def test_a_claim_takes_one_of_each_tenant_before_a_second_of_any(database: Database, clock: ManualClock) -> None:
    for number in range(5):
        await wake(database, clock, ALPHA, number)
        clock.advance(timedelta(seconds=1))
    await wake(database, clock, BETA, 9)
    assert numbers(await claim(database, 3, clock.now())) == [("a", 0), ("a", 1), ("b", 9)]
    assert numbers(await claim(database, 9, clock.now())) == [("a", 2), ("a", 3), ("a", 4)]
    assert await claim(database, 9, clock.now()) == []


async def test_two_claims_at_once_never_get_the_same_item(database: Database, clock: ManualClock) -> None:
    for number in range(20):
        await wake(database, clock, ALPHA, number)
    claimed = await asyncio.gather(*(claim(database, 7, clock.now()) for _ in range(4)))
    rest = await claim(database, 20, clock.now())
    assert numbers([item for items in claimed for item in items] + rest) == [("a", number) for number in range(20)]


async def test_nothing_is_due_before_its_time(database: Database, clock: ManualClock) -> None:
    async with unit_of_work(database, Role.DISPATCHER, clock, "test", ALPHA) as work:
        work.wake("thing", thing(1), START + timedelta(seconds=10))
    assert await claim(database, 9, clock.now()) == []
    clock.advance(timedelta(seconds=10))
    assert numbers(await claim(database, 9, clock.now())) == [("a", 1)]


async def test_what_another_transaction_spoilt_is_a_line_and_no_traceback(
    database: Database, clock: ManualClock, fresh: FreshDatabase
) -> None:
    """It is tried again at once, then a moment later, and is not held against the item."""

    async def handle(work: Work, item: DueItem) -> None:
        raise TransactionConflict("deadlock detected")

    await wake(database, clock, ALPHA, 1)
    [item] = await claim(database, 1, clock.now())
    with capture_logs() as logs:
        await Worker(database, clock, {"thing": Handler(handle)}).do(item)
    said = {"event": "item_put_off", "log_level": "warning", "kind": "thing", "id": str(thing(1)), "attempt": 1}
    assert logs == [{**said, "detail": "TransactionConflict: deadlock detected"}]
    [row] = query(fresh, "select wake_at, attempt_count from patchring.due")
    assert row == {"wake_at": START + BACK_OFF, "attempt_count": 0}


async def test_an_item_woken_while_it_is_worked_on_stays_due(database: Database, clock: ManualClock) -> None:
    seen = []

    async def handle(work: Work, item: DueItem) -> None:
        seen.append(item.attempt_count)
        if len(seen) == 1:
            await wake(database, clock, ALPHA, 1)

    await wake(database, clock, ALPHA, 1)
    assert await Worker(database, clock, {"thing": Handler(handle)}).run_until_idle() == 2
    assert seen == [1, 1]


async def test_a_lease_that_ran_out_is_claimed_again_and_the_stalled_worker_changes_nothing(
    database: Database, clock: ManualClock, fresh: FreshDatabase
) -> None:
    await wake(database, clock, ALPHA, 1)
    [stalled] = await claim(database, 1, clock.now())
    clock.advance(LEASE)
    [fresh_lease] = await claim(database, 1, clock.now())
    assert (fresh_lease.id, fresh_lease.attempt_count) == (stalled.id, 2)

    async def end(item: DueItem, actor: str) -> None:
        async with unit_of_work(database, Role.DISPATCHER, clock, actor, ALPHA) as work:
            work.record("thing_done", "thing", 1, {})
            await finish(work.tx, item)

    with pytest.raises(LeaseLost):
        await end(stalled, "stalled")
    await end(fresh_lease, "fresh")
    assert [event["actor"] for event in query(fresh, "select actor from patchring.event")] == ["fresh"]
    assert query(fresh, "select * from patchring.due") == []


@pytest.mark.parametrize(("renewals_max", "taken_by_another"), [(1_000, 0), (0, 1)])
async def test_a_lease_is_renewed_while_its_item_is_worked_on(
    database: Database,
    clock: ManualClock,
    fresh: FreshDatabase,
    monkeypatch: pytest.MonkeyPatch,
    renewals_max: int,
    taken_by_another: int,
) -> None:
    """Work may take longer than a lease; without the renewal another worker takes it for left behind."""
    monkeypatch.setattr(loop, "RENEW_PAUSE_S", 0.01)
    monkeypatch.setattr(loop, "RENEWALS_MAX", renewals_max)
    taken: list[DueItem] = []

    async def handle(work: Work, item: DueItem) -> None:
        for _ in range(4):
            clock.advance(LEASE / 2)
            if renewals_max:
                await until_leased_beyond(fresh, clock.now() + LEASE * 0.9)
        taken.extend(await claim(database, 1, clock.now()))

    await wake(database, clock, ALPHA, 1)
    await Worker(database, clock, {"thing": Handler(handle)}).run_until_idle()
    assert len(taken) == taken_by_another
    assert len(query(fresh, "select id from patchring.due")) == taken_by_another


async def until_leased_beyond(fresh: FreshDatabase, at: datetime) -> None:
    async with asyncio.timeout(20):
        while query(fresh, "select lease_until from patchring.due")[0]["lease_until"] <= at:  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_what_keeps_failing_is_parked_recorded_once_and_does_not_stop_the_others(
    database: Database, clock: ManualClock, fresh: FreshDatabase
) -> None:
    done = []

    async def handle(work: Work, item: DueItem) -> None:
        assert item.id != thing(1), "this one is poison"
        done.append(item.id.int)

    await wake(database, clock, ALPHA, 1)
    await wake(database, clock, ALPHA, 2)
    worker = Worker(database, clock, {"thing": Handler(handle)})
    for attempt in range(1, ATTEMPTS_MAX + 2):
        await worker.run_until_idle()
        clock.advance(timedelta(hours=1) if attempt >= ATTEMPTS_MAX else back_off(attempt))
    assert done == [2]
    parked = query(fresh, "select kind, subject_id, data from patchring.event")
    problem = "AssertionError: this one is poison"
    assert [(row["kind"], row["subject_id"], row["data"]["problem"][: len(problem)]) for row in parked] == [
        ("work_parked", str(thing(1)), problem)
    ]
    [row] = query(fresh, "select attempt_count, lease_until, wake_at from patchring.due")
    assert (row["attempt_count"], row["lease_until"]) == (ATTEMPTS_MAX + 1, None)
    assert row["wake_at"] > START + timedelta(hours=1)


def test_pauses_double_up_to_their_limit() -> None:
    """One, two, four seconds; never more than five minutes."""
    assert [back_off(n) / BACK_OFF for n in (1, 2, 3, 4, 30)] == [1, 2, 4, 8, 300]


async def test_a_handler_that_can_set_the_trouble_aside_goes_on_at_once(database: Database, clock: ManualClock) -> None:
    aside: list[str] = []
    done: list[int] = []

    async def handle(work: Work, item: DueItem) -> None:
        assert aside, "poison"
        done.append(item.id.int)

    async def give_up(work: Work, item: DueItem, problem: str) -> bool:
        aside.append(problem.splitlines()[0])
        return True

    await wake(database, clock, ALPHA, 1)
    worker = Worker(database, clock, {"thing": Handler(handle, give_up)})
    for attempt in range(1, ATTEMPTS_MAX + 1):
        await worker.run_until_idle()
        clock.advance(back_off(attempt))
    assert (aside, done) == (["AssertionError: poison"], [1])


async def test_the_worker_waits_for_a_database_that_goes_away(database: Database, fresh: FreshDatabase) -> None:
    """Its connections are cut again and again while it works; every item is done, and none is held to be poison."""
    clock = SystemClock()
    done: set[int] = set()

    async def handle(work: Work, item: DueItem) -> None:
        await asyncio.sleep(0.01)
        work.record("thing_done", "thing", item.id, {})
        done.add(item.id.int)

    async with unit_of_work(database, Role.DISPATCHER, clock, "test", ALPHA) as work:
        for number in range(40):
            work.wake("thing", thing(number))
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(database, clock, {"thing": Handler(handle)}).run(stop))
    for _ in range(4):
        await asyncio.sleep(0.05)
        query(
            fresh,
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'patchring_dispatcher'",
        )
    deadline = asyncio.get_running_loop().time() + 30
    while query(fresh, "select 1 from patchring.due") and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
    stop.set()
    await running
    assert done == set(range(40))
    kinds = query(
        fresh, "select kind, count(distinct subject_id) as things, count(*) from patchring.event group by kind"
    )
    assert kinds == [{"kind": "thing_done", "things": 40, "count": 40}]


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    """As the renewal of a lease may, when the answer comes at the same moment: the item does not wait for minutes."""
    lost = []

    async def deaf() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            lost.append(1)
        await asyncio.sleep(3600)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await loop.ended(task)
    assert (task.cancelled(), lost) == (True, [1])
