"""Feeds that are due, from a real HTTP server into a real database: what is asked for when, and what stays."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from patchring.app.catalogue.fetching import Came, fetch_due
from patchring.feeds.fetch import Effort
from patchring.feeds.sources import Source
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.testing.clock import ManualClock
from tests.feeds.feedserver import FeedServer, answering, feed_server
from tests.feeds.material import POLLS, changed, cut

pytestmark = pytest.mark.anyio
FIRST, SECOND = (cut(f"kev/{poll}.json") for poll in POLLS[:2])
START = datetime(2026, 11, 23, 6, tzinfo=UTC)
ONCE = Effort(lambda: 0.0, attempts_max=1)


class Feeder:
    """Asks the local server for KEV, as the feeder does."""

    def __init__(self, database: Database, server: FeedServer, http: httpx.AsyncClient) -> None:
        self.database, self.server, self.http = database, server, http
        self.clock = ManualClock(START)

    async def __call__(self, after: timedelta = timedelta(0), **more: Any) -> list[Came]:
        self.clock.advance(after)
        sources = [Source("kev", f"{self.server.url}/kev")]
        given = (self.database, self.http, self.clock, ONCE, sources)
        return await fetch_due(*given, plain_loopback=True, **more)

    async def state(self, *names: str) -> tuple[Any, ...]:
        async with self.database.operator(Role.FEEDER) as tx:
            row = await tx.one(sql.feeds.lock_feed, {"feed": "kev", "part": ""})
        return tuple(row[name] for name in names)

    async def rows(self) -> int:
        async with self.database.operator(Role.FEEDER) as tx:
            return len(await tx.all(sql.feeds.rows_now, {"feed": "kev", "part": ""}))


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
async def feeder(database: Database, server: FeedServer) -> AsyncIterator[Feeder]:
    async with httpx.AsyncClient() as http:
        yield Feeder(database, server, http)


async def test_it_is_asked_for_each_hour(feeder: Feeder, server: FeedServer) -> None:
    """Not a minute earlier, unless everything is asked for."""
    server.routes["/kev"] = [answering(200, FIRST)]
    assert [came.problem for came in await feeder()] == [""]
    assert await feeder(timedelta(minutes=59)) == []
    assert len(await feeder(all_of_them=True)) == 1
    assert await feeder(timedelta(minutes=59)) == []
    assert len(await feeder(timedelta(minutes=1))) == 1
    assert len(server.asked) == 3


async def test_what_failed_is_asked_for_again_soon(feeder: Feeder, server: FeedServer) -> None:
    """After a quarter of an hour; failures are counted until an answer is good."""
    server.routes["/kev"] = [answering(404), answering(404), answering(200, FIRST)]
    [came] = await feeder()
    said = "kev: expected status 200 from 127.0.0.1, got 404; what we have stays"
    assert came == Came("kev", "", problem=said)
    assert await feeder(timedelta(minutes=14)) == []
    await feeder(timedelta(minutes=1))
    assert await feeder.state("problem_kind", "problem", "failure_count") == ("feed_status", said, 2)
    assert await feeder.state("observed_at") == (None,)
    [good] = await feeder(timedelta(minutes=15))
    assert good.taken is not None
    assert await feeder.state("problem", "failure_count", "observed_at") == ("", 0, START + timedelta(minutes=30))


async def test_only_what_changed_is_sent(feeder: Feeder, server: FeedServer) -> None:
    """The source's own words go back to it; nothing new writes nothing but that it was asked."""
    words = {"ETag": '"one"', "Last_Modified": "Fri, 21 Aug 2026 12:48:00 GMT"}
    server.routes["/kev"] = [answering(200, FIRST, **words), answering(304)]
    await feeder()
    taken = await feeder.rows()
    assert await feeder(timedelta(hours=1)) == [Came("kev", "")]
    conditions = [(asked.get("if-none-match"), asked.get("if-modified-since")) for _, asked in server.asked]
    assert conditions == [(None, None), ('"one"', "Fri, 21 Aug 2026 12:48:00 GMT")]
    assert await feeder.state("observed_at", "tried_at") == (START, START + timedelta(hours=1))
    assert await feeder.rows() == taken


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (b"", "feed_empty"),
        (FIRST[:-40], "feed_truncated"),
        (changed(FIRST, dateReleased="2020-01-01T00:00:00Z"), "feed_older"),
    ],
    ids=["empty", "cut off", "of another year"],
)
async def test_a_refused_answer_keeps_the_last_good_one(
    feeder: Feeder, server: FeedServer, bad: bytes, kind: str
) -> None:
    """Its age too, and the words by which it is known: the next good one is asked for as if nothing had come."""
    good, sent = answering(200, FIRST, ETag='"good"'), answering(200, bad, ETag='"bad"')
    server.routes["/kev"] = [good, sent, answering(200, SECOND, ETag='"next"')]
    await feeder()
    before = (await feeder.rows(), await feeder.state("observed_at", "version", "row_count", "etag"))
    [came] = await feeder(timedelta(hours=1))
    assert came.taken is None
    assert await feeder.state("problem_kind", "problem", "failure_count") == (kind, came.problem, 1)
    assert (await feeder.rows(), await feeder.state("observed_at", "version", "row_count", "etag")) == before
    [after] = await feeder(timedelta(minutes=15))
    assert after.problem == ""
    assert server.asked[-1][1]["if-none-match"] == '"good"'
    assert await feeder.state("problem_kind", "failure_count", "etag") == ("", 0, '"next"')


async def test_one_that_fails_stops_no_other(feeder: Feeder, server: FeedServer) -> None:
    server.routes |= {"/epss": [answering(404)], "/kev": [answering(200, FIRST)]}
    sources = [Source("epss", f"{server.url}/epss"), Source("kev", f"{server.url}/kev")]
    came = await fetch_due(feeder.database, feeder.http, feeder.clock, ONCE, sources, plain_loopback=True)
    assert [(each.feed, bool(each.problem), each.taken is not None) for each in came] == [
        ("epss", True, False),
        ("kev", False, True),
    ]
