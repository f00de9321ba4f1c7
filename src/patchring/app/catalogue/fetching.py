"""Brings every feed that is due: asks its source whether it changed, reads it, takes it, and says what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from patchring.app.catalogue.parsing import PARSERS
from patchring.app.catalogue.take import Taken, note_failure, note_refusal, take
from patchring.core.clock import Clock
from patchring.feeds.answers import Failed, Fetched, NotModified, Validators
from patchring.feeds.errors import FeedRefused
from patchring.feeds.fetch import Effort, fetch
from patchring.feeds.guards import NOTHING_ALLOWED, Allowed
from patchring.feeds.sources import Source
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.store.transaction import Row

# How often each source is asked. CISA lists within a day; what is exploited cannot wait for the night.
EVERY = {"kev": timedelta(hours=1)}
EVERY_OTHER = timedelta(hours=6)
RETRY_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Came:
    """What came of one feed: `taken` None where nothing was new, or with the `problem` in one line. `file`: the
    name of the file or folder that was brought; empty: it was fetched."""

    feed: str
    part: str
    taken: Taken | None = None
    problem: str = ""
    file: str = ""


async def fetch_due(
    database: Database,
    http: httpx.AsyncClient,
    clock: Clock,
    effort: Effort,
    sources: Sequence[Source],
    *,
    all_of_them: bool = False,
    plain_loopback: bool = False,
) -> list[Came]:
    """Each source that was not asked lately (`all_of_them`: each), one after the other; a problem of one stops none."""
    came = []
    for source in sources:
        async with database.operator(Role.FEEDER) as tx:
            state = await tx.one(sql.feeds.lock_feed, {"feed": source.feed, "part": source.part})
        if all_of_them or is_due(state, clock.now()):
            known = Validators(state["etag"] or None, state["last_modified"] or None)
            answer = await fetch(http, source, clock, effort, known, plain_loopback=plain_loopback)
            came.append(await settle(database, answer, clock.now()))
    return came


def is_due(state: Row, now: datetime) -> bool:
    """By when it was last asked for; what failed is asked for again soon."""
    if state["tried_at"] is None:
        return True
    every = EVERY.get(state["feed"], EVERY_OTHER)
    return bool(now - state["tried_at"] >= (min(every, RETRY_AFTER) if state["problem_kind"] else every))


async def settle(
    database: Database, answer: Fetched | NotModified | Failed, now: datetime, allowed: Allowed = NOTHING_ALLOWED
) -> Came:
    """Take what came, or say why it was not taken. Never raises for what a feed says."""
    source = answer.source
    match answer:
        case NotModified():
            await note_failure(database, source.feed, source.part, "", "", now)
            return Came(source.feed, source.part)
        case Failed():
            await note_failure(database, source.feed, source.part, answer.kind, answer.text, now, source.file)
            return Came(source.feed, source.part, problem=answer.text, file=source.file)
        case Fetched():
            return await _read(database, answer, now, allowed)


async def _read(database: Database, answer: Fetched, now: datetime, allowed: Allowed) -> Came:
    source, part = answer.source, answer.source.part
    try:
        snapshot = PARSERS[source.feed](answer.content, answer.observed_at, part)
    except FeedRefused as refused:
        await note_refusal(database, source.feed, part, refused, now, source.file)
        return Came(source.feed, part, problem=refused.told_of(source.file), file=source.file)
    try:
        taken = await take(database, snapshot, now, allowed, source.file)
    except FeedRefused as refused:
        return Came(source.feed, snapshot.part, problem=refused.told_of(source.file), file=source.file)
    async with database.operator(Role.FEEDER) as tx:
        validators = {"etag": answer.validators.etag or "", "last_modified": answer.validators.last_modified or ""}
        await tx.execute(sql.feeds.note_validators, {"feed": source.feed, "part": snapshot.part, **validators})
    return Came(source.feed, snapshot.part, taken, file=source.file)
