"""The outermost loop of the worker: claims, hands each item to its handler, and deals with what fails.

- One item is one transaction of one tenant, ended by the fence of its lease.
- What another transaction or a lost connection spoilt is tried again at once, and is not held against the item.
- What fails otherwise comes back later and later. From `ATTEMPTS_MAX` on it is parked: recorded once as an event,
  looked at again only once in `PARKED_PAUSE` or when somebody wakes it. Reports of devices are set aside one by one
  instead (`Handler.give_up`), so that one of them never blocks the next.
- While the database is away the loop waits; leases run out and everything is claimed again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from patchring.app.stops import WORKER
from patchring.app.work import Work, unit_of_work
from patchring.app.worker.claim import DueItem, LeaseLost, claim, finish, give_back, renew
from patchring.core.clock import Clock
from patchring.store.database import Database
from patchring.store.errors import StoreError
from patchring.store.retry import retried
from patchring.store.roles import Role

ATTEMPTS_MAX = 6
BACK_OFF = timedelta(seconds=1)
BACK_OFF_MAX = timedelta(minutes=5)
PARKED_PAUSE = timedelta(hours=1)
PROBLEM_CHARACTERS_MAX = 500
IDLE_WAIT_S = 0.2
AWAY_WAIT_S = 1.0
CANCEL_AGAIN_S = 0.2
# A quarter of the lease, so that two renewals may fail; five minutes of them, so that what hangs is given up.
RENEW_PAUSE_S = 5.0
RENEWALS_MAX = 60

log = structlog.get_logger()


@dataclass(frozen=True)
class Handler:
    """What is done for one kind of due row. `give_up` is called instead of parking when the item keeps failing; it
    says whether it could put the trouble aside, so that the item can go on."""

    handle: Callable[[Work, DueItem], Awaitable[None]]
    give_up: Callable[[Work, DueItem, str], Awaitable[bool]] | None = None


class Worker:
    """`slot_count` items at once. Runs in one event loop; several workers may share a database."""

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[str, Handler], slot_count: int = 6) -> None:
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._slot_count = slot_count

    async def run(self, stop: asyncio.Event) -> None:
        """Work until asked to stop; then let what is under way come to its end."""
        running: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            items = await self._claim(self._slot_count - len(running))
            running |= {asyncio.create_task(self.do(item)) for item in items}
            if not items or len(running) >= self._slot_count:
                await _wait_for_any(running, stop)
            for task in [task for task in running if task.done()]:
                running.remove(task)
                task.result()
        if running:
            await asyncio.wait(running)

    async def run_until_idle(self, rounds_max: int = 10_000) -> int:
        """Do everything that is due at the clock's present instant, one by one; how many items that were."""
        count = 0
        for _ in range(rounds_max):
            items = await claim(self._database, 1, self._clock.now())
            if not items:
                return count
            for item in items:
                await self.do(item)
            count += len(items)
        raise AssertionError(f"after {rounds_max} items there was still something due")

    async def do(self, item: DueItem) -> None:
        """One item from start to end; whatever happens, the worker goes on."""
        keeping = asyncio.create_task(self._keep_leased(item))
        try:
            await self._do(item)
        finally:
            await ended(keeping)

    async def _do(self, item: DueItem) -> None:
        try:
            await retried(lambda: self._attempt(item), repeatable=True)
        except LeaseLost as lost:
            log.info("lease_lost", kind=item.kind, id=str(item.id), detail=str(lost))
        except StoreError as error:
            await self._give_back(item, error, blame=not error.transient)
        except Exception as error:  # noqa: BLE001 - the outermost loop: a bug in one item must not stop the others
            await self._give_back(item, error, blame=True)

    async def _keep_leased(self, item: DueItem) -> None:
        """While an item is worked on, no other worker takes it for left behind."""
        for _ in range(RENEWALS_MAX):
            await asyncio.sleep(RENEW_PAUSE_S)
            with suppress(StoreError):  # the next renewal may work; if none does, the fence decides
                await renew(self._database, item, self._clock.now())

    async def _attempt(self, item: DueItem) -> None:
        handler = self._handlers.get(item.kind)
        assert handler is not None, f"nobody handles due rows of kind {item.kind!r}"
        async with unit_of_work(self._database, Role.DISPATCHER, self._clock, WORKER, item.tenant_id) as work:
            await handler.handle(work, item)
            await finish(work.tx, item)

    async def _claim(self, count: int) -> list[DueItem]:
        if count <= 0:
            return []
        try:
            return await claim(self._database, count, self._clock.now())
        except StoreError as error:
            log.warning("database_away", kind=error.kind, detail=str(error))
            await asyncio.sleep(AWAY_WAIT_S)
            return []

    async def _give_back(self, item: DueItem, error: Exception, blame: bool) -> None:
        text = f"{type(error).__name__}: {error}".splitlines()[0][:PROBLEM_CHARACTERS_MAX]
        about = {"kind": item.kind, "id": str(item.id), "attempt": item.attempt_count}
        if blame:
            log.error("item_failed", **about, exc_info=error)
        else:  # nothing is wrong with the item, and it is tried again: a line, no traceback
            log.warning("item_put_off", **about, detail=text)
        with suppress(StoreError):  # the database is away: the lease runs out by itself
            if not blame:
                await self._put_off(item, BACK_OFF, item.attempt_count - 1)
            elif item.attempt_count < ATTEMPTS_MAX:
                await self._put_off(item, back_off(item.attempt_count), item.attempt_count)
            else:
                await self._park(item, text)

    async def _put_off(self, item: DueItem, pause: timedelta, attempt_count: int) -> None:
        async with self._database.operator(Role.DISPATCHER) as tx:
            await give_back(tx, item, self._clock.now() + pause, attempt_count)

    async def _park(self, item: DueItem, problem: str) -> None:
        """The item keeps failing: put its trouble aside when that can be done, else record it and look rarely."""
        handler = self._handlers.get(item.kind)
        async with unit_of_work(self._database, Role.DISPATCHER, self._clock, WORKER, item.tenant_id) as work:
            if handler and handler.give_up and await handler.give_up(work, item, problem):
                await give_back(work.tx, item, work.now, 0)
                return
            await give_back(work.tx, item, work.now + PARKED_PAUSE, item.attempt_count)
            if item.attempt_count == ATTEMPTS_MAX:
                data = {"kind": item.kind, "problem": problem, "attempt_count": item.attempt_count}
                work.record("work_parked", item.kind, item.id, data)


def back_off(attempt_count: int) -> timedelta:
    """How long an item waits after this many failed attempts: doubling, up to `BACK_OFF_MAX`."""
    pause: timedelta = BACK_OFF * 2 ** (attempt_count - 1)
    return min(pause, BACK_OFF_MAX)


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel it until it is over. Before Python 3.12 a cancellation that comes together with the answer that the task
    waits for is lost (`asyncio.wait_for`); it would go on renewing for minutes, and the item would wait for that."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)


async def _wait_for_any(running: set[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Until an item is done, a stop is asked for, or it is time to look for new work."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*running, stopping}, timeout=IDLE_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
