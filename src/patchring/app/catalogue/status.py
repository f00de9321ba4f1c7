"""How old each feed is."""

from patchring.app.caller import Caller
from patchring.feeds.freshness import verdict
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row


async def list_feeds(caller: Caller, after: tuple[str, str], limit: int) -> list[Row]:
    """Feeds and their parts by name, after a feed and part, each with its `verdict`; those that never came but were
    asked for, too."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        rows = await tx.all(sql.feeds.feeds, {"after_feed": after[0], "after_part": after[1], "limit": limit})
    now = caller.services.clock.now()
    return [{**row, "verdict": verdict(row, now)} for row in rows]
