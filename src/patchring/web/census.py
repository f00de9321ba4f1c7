"""What is counted over all devices and patches: at most once in a while for each set of tenants.

How many devices there are, observe and are silent, and what is missing and does not come. These readings grow with the
fleet, so they must not run with every refresh of every open page.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.roles import Role
from patchring.store.transaction import Row

KEPT_FOR = timedelta(seconds=10)
LINES_MAX = 8
HELD_MAX = 24
HELD_DEVICES_MAX = 1000
SCOPES_MAX = 256


@dataclass(frozen=True)
class Census:
    """Rows of `page.census`, `page.observers`, `page.silent` and `page.held_back`."""

    tenants: Sequence[Row]
    observers: Sequence[Row]
    silent: Sequence[Row]
    held: Sequence[Row]


class CensusTaker:
    """One for each web process. `silent_after_s`: a device that was not heard of for so long is called silent."""

    def __init__(self, database: Database, silent_after_s: int) -> None:
        self.silent_after_s = silent_after_s
        self._database = database
        self._kept: dict[frozenset[UUID], tuple[datetime, Census]] = {}
        self._counting = asyncio.Lock()

    async def take(self, tenant_ids: Sequence[TenantId], now: datetime) -> Census:
        """At most `KEPT_FOR` old."""
        scope = frozenset(tenant_ids)
        async with self._counting:
            kept = self._kept.get(scope)
            if kept is not None and now - kept[0] < KEPT_FOR:
                return kept[1]
            if len(self._kept) >= SCOPES_MAX:
                self._kept.clear()
            census = await self._count(list(tenant_ids), now)
            self._kept[scope] = (now, census)
            return census

    async def _count(self, tenant_ids: list[TenantId], now: datetime) -> Census:
        scope = {"tenant_ids": tenant_ids}
        since = {"silent_before": now - timedelta(seconds=self.silent_after_s)}
        async with self._database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
            tenants = await tx.all(sql.page.census, {**scope, **since})
            observers = await tx.all(sql.page.observers, {**scope, "limit": LINES_MAX})
            silent = await tx.all(sql.page.silent, {**scope, **since, "limit": LINES_MAX})
            held = await tx.all(sql.page.held_back, {**scope, "devices_max": HELD_DEVICES_MAX, "limit": HELD_MAX})
        return Census(tenants, observers, silent, held)
