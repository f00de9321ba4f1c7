"""EPSS: hundreds of thousands of scores that change every day, so they have a table of their own and no past."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from patchring.feeds.guards import Difference
from patchring.feeds.model import Scored
from patchring.store import sql
from patchring.store.queries import Statement
from patchring.store.transaction import Tx

SCORES_AT_ONCE = 20_000


async def scores_now(tx: Tx) -> list[Scored]:
    rows = await tx.all(sql.feeds.scores_now)
    return [Scored(row["cve"], row["epss_millionths"], row["percentile_millionths"], row["scored_on"]) for row in rows]


async def put_scores(tx: Tx, found: Difference[Scored], at: datetime) -> None:
    """What is new or another. A CVE that is no longer scored keeps its last score, with its day."""
    await _put(tx, sql.feeds.add_scores, found.appeared, at)
    await _put(tx, sql.feeds.move_scores, (after for _, after in found.changed), at)


async def _put(tx: Tx, statement: Statement, scores: Iterable[Scored], at: datetime) -> None:
    new = iter(scores)
    while rows := list(islice(new, SCORES_AT_ONCE)):
        given = {
            "cves": [row.cve for row in rows],
            "epss": [row.epss_millionths for row in rows],
            "percentiles": [row.percentile_millionths for row in rows],
            "days": [row.scored_on for row in rows],
        }
        await tx.execute(statement, {**given, "at": at})
