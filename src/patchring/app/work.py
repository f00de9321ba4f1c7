"""One use case, one transaction: what it changed, what it records, what it sends and what is due, all or nothing.

    async with unit_of_work(database, Role.WEB, clock, actor, tenant_id) as work:
        await work.tx.execute(sql.sites.add, {...})
        work.record("site_added", "site", site_id, {"name": name})
        work.wake("tenant", tenant_id)

Rows that many transactions change (the counts of a ring) are changed at the end too, in the order of their keys: each
is locked for a moment only, and two transactions never wait for each other's in a circle.

Events are written last, just before the commit, with the head of the tenant's chain locked last: so a transaction
holds that lock only for the moment of its end, and writers of one tenant never wait for each other's work.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.chain import append_events
from patchring.core.clock import Clock
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.queries import Statement
from patchring.store.roles import Role
from patchring.store.transaction import Tx


@dataclass(frozen=True)
class Happened:
    """One thing that happened, in the past tense; `data` is plain JSON without floats."""

    kind: str
    subject_kind: str
    subject_id: str
    data: Mapping[str, Any]
    policy_fingerprint: str = ""


@dataclass
class Work:
    """The open transaction of one tenant and what is to be written at its end. `now` is read once."""

    tx: Tx
    tenant_id: TenantId
    actor: str
    now: datetime
    _events: list[Happened] = field(default_factory=list)
    _wakes: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    _shared: list[tuple[tuple[Any, ...], Statement, Mapping[str, Any]]] = field(default_factory=list)
    _sends: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def record(
        self, kind: str, subject_kind: str, subject_id: object, data: Mapping[str, Any], policy_fingerprint: str = ""
    ) -> None:
        """Say what happened; it becomes part of the tenant's chain if and only if the transaction commits."""
        self._events.append(Happened(kind, subject_kind, str(subject_id), data, policy_fingerprint))

    def change_shared(self, key: tuple[Any, ...], statement: Statement, given: Mapping[str, Any]) -> None:
        """Have a row changed at the end that others change too; `key` orders the rows, and all of one kind sort. The
        changes of one row keep their order. Nothing in this transaction may read the row and expect the change."""
        self._shared.append((key, statement, given))

    def wake(self, kind: str, id: UUID, at: datetime | None = None) -> None:
        """Have a worker look at something again, at the latest at `at` (None: as soon as possible)."""
        wanted = at or self.now
        known = self._wakes.get((kind, id))
        self._wakes[kind, id] = wanted if known is None else min(known, wanted)

    def send(self, kind: str, idempotency_key: str, payload: Mapping[str, Any]) -> None:
        """Have something leave this machine after the commit, once for each idempotency key."""
        self._sends.append((kind, idempotency_key, payload))

    async def finish(self) -> None:
        """Write what was collected; in the order of keys, so that two transactions never wait in a circle."""
        for _, statement, given in sorted(self._shared, key=lambda each: each[0]):
            await self.tx.execute(statement, given)
        for (kind, id), at in sorted(self._wakes.items()):
            await self.tx.execute(sql.due.wake, {"tenant_id": self.tenant_id, "kind": kind, "id": id, "wake_at": at})
        for kind, key, payload in self._sends:
            row = {
                "tenant_id": self.tenant_id,
                "outbox_id": new_id(self.now),
                "kind": kind,
                "payload": Jsonb(dict(payload)),
            }
            await self.tx.execute(sql.outbox.add, {**row, "idempotency_key": key, "at": self.now})
        if self._events:
            await append_events(self.tx, self.tenant_id, self.actor, self.now, self._events)


@asynccontextmanager
async def unit_of_work(
    database: Database, role: Role, clock: Clock, actor: str, tenant_id: TenantId
) -> AsyncIterator[Work]:
    """A transaction in the scope of one tenant, committed with its records when the block ends without an error."""
    async with database.tenant(role, tenant_id) as tx:
        work = Work(tx, tenant_id, actor, clock.now())
        yield work
        await work.finish()
