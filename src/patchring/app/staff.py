"""Who may use the API: principals are made and revoked by who has all tenants. Sign-in will replace only their tokens.

Principals belong to the installation; what happens to them is recorded in the operator's own tenant, once there is
one.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, NotAllowed, NotFound
from patchring.app.permissions import ROLES, StaffRole
from patchring.app.principals import token_hash
from patchring.app.tenants import operator_tenant, resolve_tenant
from patchring.app.work import Work, unit_of_work
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx

TOKEN_BYTES = 32


async def list_principals(caller: Caller, after: str, limit: int) -> list[Row]:
    """By name, revoked ones too."""
    _require_all_tenants(caller)
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        return await tx.all(sql.principals.listed, {"after": after, "limit": limit})


async def create_principal(
    caller: Caller, name: str, role: StaffRole, tenants: Sequence[str] | None, lifetime: timedelta | None
) -> Row:
    """A principal with a new token, which is in the answer and nowhere else. `tenants` None: all of them.

    Raises NotFound for a tenant that is not there, NotAllowed for a role with more rights than one's own, Conflict
    (principal_exists) for a name that is taken.
    """
    _require_all_tenants(caller)
    if ROLES[role] - ROLES[caller.principal.role]:
        raise NotAllowed(f"the role {role} has rights that yours has not, so you cannot give it", role=role.value)
    given = [await resolve_tenant(caller, tenant) for tenant in tenants or ()]
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with _work(caller) as (tx, now, work):
        principal_id = new_id(now)
        row = {"principal_id": principal_id, "name": name, "role": role.value, "kind": _kind(role)}
        until = {"expires_at": now + lifetime if lifetime else None, "at": now}
        known = {**row, **until, "all_tenants": tenants is None, "token_hash": token_hash(token)}
        if await tx.execute(sql.principals.add, known) != 1:
            raise Conflict(f"there is a principal {name!r} already, perhaps a revoked one", kind="principal_exists")
        for tenant_id in sorted(set(given)):
            await tx.execute(sql.principals.give, {"principal_id": principal_id, "tenant_id": tenant_id})
        if work:
            data = {"name": name, "role": role.value, "tenants": None if tenants is None else sorted(map(str, given))}
            work.record("principal_created", "principal", principal_id, data)
        return {**await _principal(tx, principal_id), "token": token}


async def revoke_principal(caller: Caller, principal_id: UUID) -> Row:
    """Out at once, in the browser too. Doing it again changes nothing. Raises NotFound, Conflict for oneself."""
    _require_all_tenants(caller)
    if principal_id == caller.principal.principal_id:
        raise Conflict("you cannot revoke yourself; somebody else has to", kind="own_principal")
    async with _work(caller) as (tx, now, work):
        if await tx.execute(sql.principals.revoke, {"principal_id": principal_id, "at": now}) == 1 and work:
            work.record("principal_revoked", "principal", principal_id, {})
        return await _principal(tx, principal_id)


async def _principal(tx: Tx, principal_id: UUID) -> Row:
    row = await tx.maybe(sql.principals.shown, {"principal_id": principal_id})
    if row is None:
        raise NotFound("there is no such principal", kind="principal_not_found")
    return row


@asynccontextmanager
async def _work(caller: Caller) -> AsyncIterator[tuple[Tx, datetime, Work | None]]:
    """A transaction in the operator's tenant with its record; without that tenant there is no record to write."""
    services, tenant_id = caller.services, await operator_tenant(caller)
    if tenant_id is None:
        now = services.clock.now()
        async with services.database.operator(Role.WEB) as tx:
            await caller.reserve(tx, now)
            yield tx, now, None
    else:
        async with unit_of_work(services.database, Role.WEB, services.clock, caller.actor, tenant_id) as work:
            await caller.reserve(work.tx, work.now)
            yield work.tx, work.now, work


def _require_all_tenants(caller: Caller) -> None:
    if caller.principal.tenant_ids is not None:
        raise NotAllowed("principals are managed by who was given all tenants; you were given some")


def _kind(role: StaffRole) -> Any:
    return "client" if role is StaffRole.CLIENT_CONTACT else "staff"
