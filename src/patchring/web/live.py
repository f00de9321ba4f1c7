"""`/live`: tells open pages that what they show has changed, as server-sent events.

The server asks for one fingerprint a second for each set of tenants that somebody looks at, however many look. An
event carries the fingerprint alone, never content; the page then fetches itself again with its own rights. The
session is checked again every few seconds, so a revoked one ends; a stream ends by itself after a while and is taken
up again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from patchring.core.ids import TenantId
from patchring.store.database import Database
from patchring.store.errors import StoreError
from patchring.store.roles import Role
from patchring.web.frame import load_version
from patchring.web.viewer import Viewer

STEP_S = 1.0
KEPT_S = 0.8
STREAM_STEPS = 600
COMMENT_EVERY = 15
LOOK_EVERY = 5
SCOPES_MAX = 256
RETRY = b"retry: 2000\n\n"
ALIVE = b": still here\n\n"


class Versions:
    """The newest fingerprint of each set of tenants; one for each web process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[tuple[TenantId, ...], tuple[float, str]] = {}
        self._asking = asyncio.Lock()

    async def newest(self, tenant_ids: tuple[TenantId, ...]) -> str:
        """At most `KEPT_S` seconds old. Raises StoreError."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            seen = self._seen.get(tenant_ids)
            if seen is not None and now - seen[0] < KEPT_S:
                return seen[1]
            if len(self._seen) >= SCOPES_MAX:
                self._seen.clear()
            async with self._database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
                version = await load_version(tx, tenant_ids)
            self._seen[tenant_ids] = (now, version)
            return version


async def stream(versions: Versions, look: Callable[[], Awaitable[Viewer | None]]) -> AsyncIterator[bytes]:
    """The events of one open page. `look` says who looks now; None ends the stream."""
    yield RETRY
    told, viewer = "", None
    for number in range(STREAM_STEPS):
        try:
            viewer = await look() if number % LOOK_EVERY == 0 else viewer
            if viewer is None:
                return
            version = await versions.newest(viewer.tenant_ids)
        except StoreError:
            return  # the browser comes back by itself, and hears then what it missed
        if version != told:
            told = version
            yield f"event: version\ndata: {version}\n\n".encode()
        elif number % COMMENT_EVERY == 0:
            yield ALIVE
        await asyncio.sleep(STEP_S)
