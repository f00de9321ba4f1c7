"""What feeds say of a CVE, an advisory, a KB or a product, and what they said once: nothing is forgotten here that a
feed forgot, except scores, which have no past."""

import re
from datetime import datetime

from patchring.app.caller import Caller
from patchring.app.instants import require_past
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Row

Place = tuple[str, str, str, int]
FIRST: Place = ("", "", "", 0)
_CVE = re.compile(r"cve-\d{4}-\d{4,}", re.IGNORECASE)
_KB = re.compile(r"(?:kb)?(\d{6,8})", re.IGNORECASE)


async def list_said(
    caller: Caller, key: str, feed: str, after: Place, limit: int, as_of: datetime | None, history: bool
) -> list[Row]:
    """What is said now (`as_of` None) or was at an instant; with `history` each version until then.

    By feed, part, key and number of the version, after such a place. `key`: a CVE and a KB in any spelling; else
    exactly as the feed has it (`DSA-5000-1`, `debian 12`). `feed` empty: any. A row has `known_from`, `known_to` (None:
    it still is said), `body` as the feed's module reads it. A score is known from when it was last said.

    Raises Invalid (instant_ahead).
    """
    require_past(as_of, caller.services.clock.now())
    named, kb = names_of(key)
    place = dict(zip(("after_feed", "after_part", "after_key", "after_number"), after, strict=True))
    wanted = {"key": named, "kb": kb, "feed": feed, "at": as_of, "history": history, **place, "limit": limit}
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        return await tx.all(sql.feeds.said_of, wanted)


def names_of(key: str) -> tuple[str, str]:
    """The key as feeds have it, and the KB that it names; without one, a name that nothing has."""
    text = key.strip()
    kb = _KB.fullmatch(text)
    return text.upper() if _CVE.fullmatch(text) else text, f"KB{kb[1]}" if kb else "KB"
