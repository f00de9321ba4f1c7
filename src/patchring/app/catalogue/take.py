"""A feed that was fetched or brought in a file replaces the last good one, or is refused as a whole.

Only what is different is written: what appeared or changed gets a row from now on, what changed or vanished an end of
its row. A row that vanished closes no finding; it is the reason why a term may be longer again, and stays on record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from patchring.app.catalogue.scores import put_scores, scores_now
from patchring.feeds.epss import FEED as EPSS
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import NOTHING_ALLOWED, Allowed, Difference, accept
from patchring.feeds.model import (
    Advisory,
    AppVersion,
    Exploited,
    Lifecycle,
    MacRelease,
    Row,
    Scored,
    Snapshot,
    WindowsUpdate,
)
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.store.transaction import Tx

ROWS_AT_ONCE = 500
ROW_OF: Mapping[str, type[Row]] = {
    "kev": Exploited,
    "epss": Scored,
    "osv": Advisory,
    "msrc": WindowsUpdate,
    "sofa": MacRelease,
    "winget": AppVersion,
    "endoflife": Lifecycle,
}


@dataclass(frozen=True)
class Taken:
    """What a snapshot changed. All zero: nothing that was not known."""

    feed: str
    part: str
    row_count: int
    appeared_count: int
    changed_count: int
    vanished_count: int

    @property
    def anything(self) -> bool:
        return bool(self.appeared_count or self.changed_count or self.vanished_count)


async def take(
    database: Database,
    snapshot: Snapshot[Any],
    now: datetime,
    allowed: Allowed = NOTHING_ALLOWED,
    file: str = "",
) -> Taken:
    """Put a snapshot in the place of the last good one, in one transaction, and have every tenant look again.

    `file`: the name of the file that it was brought in; empty: it was fetched. Raises FeedRefused; then nothing but the
    refusal is written, and the last good one stays.
    """
    try:
        async with database.operator(Role.FEEDER) as tx:
            return await _take(tx, snapshot, now, allowed)
    except FeedRefused as refused:
        await note_refusal(database, snapshot.feed, snapshot.part, refused, now, file)
        raise


async def note_refusal(
    database: Database, feed: str, part: str, refused: FeedRefused, now: datetime, file: str = ""
) -> None:
    """What was not taken, and why. A source that never answered well has its line in the status, because it is asked
    again; a file that was never good has none, because nobody brings it again: who brought it was told, and the
    observation is kept."""
    async with database.operator(Role.FEEDER) as tx:
        key = {"feed": feed, "part": part}
        if not file:
            await tx.one(sql.feeds.lock_feed, key)
        problem = {"problem_kind": refused.kind, "problem": refused.told_of(file), "at": now}
        await tx.execute(sql.feeds.note_problem, {**key, **problem})
        counts = {"appeared_count": 0, "changed_count": 0, "vanished_count": 0}
        said = {"outcome": "refused", "version": "", "sha256": ""}
        await tx.execute(sql.feeds.note_observation, {**key, **said, **counts, **problem})


async def note_failure(
    database: Database, feed: str, part: str, kind: str, text: str, now: datetime, file: str = ""
) -> None:
    """The source did not answer with a feed, or the file could not be read. `kind` empty: it said that nothing is
    new."""
    async with database.operator(Role.FEEDER) as tx:
        key = {"feed": feed, "part": part, "at": now}
        if not file:
            await tx.one(sql.feeds.lock_feed, {"feed": feed, "part": part})
        if kind:
            await tx.execute(sql.feeds.note_problem, {**key, "problem_kind": kind, "problem": text})
        else:
            await tx.execute(sql.feeds.note_asked, key)


async def _take(tx: Tx, snapshot: Snapshot[Any], now: datetime, allowed: Allowed) -> Taken:
    key = {"feed": snapshot.feed, "part": snapshot.part}
    state = await tx.one(sql.feeds.lock_feed, key)
    at = now if state["observed_at"] is None else max(now, state["observed_at"] + timedelta(microseconds=1))
    before = await _before(tx, state, snapshot)
    found = accept(before, snapshot, allowed)
    if snapshot.feed == EPSS:
        await put_scores(tx, found, at)
    else:
        await _write(tx, key, found, at)
    taken = Taken(
        snapshot.feed,
        snapshot.part,
        row_count=len(snapshot.rows) if snapshot.complete else int(state["row_count"]) + len(found.appeared),
        appeared_count=len(found.appeared),
        changed_count=len(found.changed),
        vanished_count=len(found.vanished),
    )
    await _note(tx, key, snapshot, taken, at)
    if taken.anything and snapshot.feed != EPSS:
        await tx.execute(sql.feeds.wake_tenants, {"at": at})
    return taken


async def _before(tx: Tx, state: Mapping[str, Any], snapshot: Snapshot[Any]) -> Snapshot[Any] | None:
    """The last good snapshot, from what is kept of it."""
    if state["observed_at"] is None:
        return None
    key = {"feed": snapshot.feed, "part": snapshot.part}
    rows: Sequence[Any]
    if snapshot.feed == EPSS:
        rows = await scores_now(tx)
    else:
        kind = ROW_OF[snapshot.feed]
        rows = [msgspec.convert(row["body"], kind) for row in await tx.all(sql.feeds.rows_now, key)]
    return Snapshot(
        snapshot.feed,
        tuple(rows),
        published_at=state["published_at"],
        version=state["version"],
        observed_at=state["observed_at"],
        sha256=state["sha256"],
        size_bytes=state["size_bytes"],
        part=snapshot.part,
    )


async def _write(tx: Tx, key: Mapping[str, str], found: Difference[Any], at: datetime) -> None:
    gone = sorted([*(row.key for row in found.vanished), *(before.key for before, _ in found.changed)])
    if gone:
        await tx.execute(sql.feeds.close_lines, {**key, "keys": gone, "at": at})
        await tx.execute(sql.feeds.close_rows, {**key, "keys": gone, "at": at})
    new = iter([*found.appeared, *(after for _, after in found.changed)])
    while rows := list(islice(new, ROWS_AT_ONCE)):
        given = [{"key": row.key, "body": msgspec.to_builtins(row)} for row in rows]
        await tx.execute(sql.feeds.add_rows, {**key, "rows": Jsonb(given), "at": at})


async def _note(tx: Tx, key: Mapping[str, str], snapshot: Snapshot[Any], taken: Taken, at: datetime) -> None:
    about = {"version": snapshot.version, "sha256": snapshot.sha256}
    state = {"published_at": snapshot.published_at, "size_bytes": snapshot.size_bytes, "row_count": taken.row_count}
    await tx.execute(sql.feeds.note_taken, {**key, **about, **state, "at": at})
    if taken.anything:
        names = ("appeared_count", "changed_count", "vanished_count")
        counts = {name: getattr(taken, name) for name in names}
        said = {"outcome": "taken", "problem_kind": "", "problem": ""}
        await tx.execute(sql.feeds.note_observation, {**key, **about, **said, **counts, "at": at})
