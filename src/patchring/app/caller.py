"""Who asks, for what, in one place: what every use case of people begins with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from patchring.app.errors import Conflict
from patchring.app.principals import Principal
from patchring.app.services import Services
from patchring.app.work import Work, unit_of_work
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.store.transaction import Tx


@dataclass(frozen=True)
class Command:
    """A key of the caller, so that a command whose answer was lost is not done twice; `digest` of the request."""

    key: str
    digest: str


@dataclass(frozen=True)
class Caller:
    """A signed-in principal and the services to act with. The permission was checked at the door (the route)."""

    services: Services
    principal: Principal
    command: Command | None = None

    @property
    def actor(self) -> str:
        """As events name it."""
        return f"{self.principal.role}:{self.principal.name}"

    @asynccontextmanager
    async def work(self, tenant_id: TenantId) -> AsyncIterator[Work]:
        """A change in one tenant, with its record."""
        self.principal.require_tenant(tenant_id)
        services = self.services
        async with unit_of_work(services.database, Role.WEB, services.clock, self.actor, tenant_id) as work:
            await self.reserve(work.tx, work.now)
            yield work

    async def reserve(self, tx: Tx, now: datetime) -> None:
        """Note the command's key in the transaction that does it. Raises Conflict when it was used before."""
        if self.command is None:
            return
        row = {"principal_id": self.principal.principal_id, "key": self.command.key, "digest": self.command.digest}
        if await tx.execute(sql.idempotency.reserve, {**row, "at": now}) != 1:
            raise Conflict("a command with this Idempotency-Key is done or under way", kind="command_repeated")

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[Tx]:
        """A reading in one tenant; nothing can be written in it."""
        self.principal.require_tenant(tenant_id)
        async with self.services.database.tenant(Role.WEB, tenant_id, read_only=True) as tx:
            yield tx
