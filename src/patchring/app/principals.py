"""People and programs that ask: who they are, which tenants they were given, what their role may do.

A bearer token is kept as its SHA-256 alone. Tokens are random (256 bits), so a slow hash would buy nothing; passwords
come with sign-in and get one.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from patchring.app.errors import NotAllowed, NotFound, NotSignedIn
from patchring.app.permissions import ROLES, Permission, StaffRole
from patchring.core.clock import Clock
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx

OPERATOR_NAME = "operator"
TOKEN_CHARACTERS_MAX = 200


@dataclass(frozen=True)
class Principal:
    """`tenant_ids` is None for all tenants, also those that are made later."""

    principal_id: UUID
    name: str
    role: StaffRole
    tenant_ids: frozenset[TenantId] | None

    def may(self, permission: Permission) -> bool:
        return permission in ROLES[self.role]

    def require(self, permission: Permission) -> None:
        """Raises NotAllowed."""
        if not self.may(permission):
            detail = f"{permission} is needed, and the role {self.role} does not have it; ask a patch administrator"
            raise NotAllowed(detail, permission=permission.value, role=self.role.value)

    @property
    def may_stop_all(self) -> bool:
        """Whether what reaches beyond one tenant is his to stop and to let go on."""
        return self.tenant_ids is None and self.may(Permission.STOPS_EVERYTHING)

    def sees(self, tenant_id: TenantId) -> bool:
        return self.tenant_ids is None or tenant_id in self.tenant_ids

    def require_tenant(self, tenant_id: TenantId) -> None:
        """Raises NotFound: a tenant that one was not given does not exist for one."""
        if not self.sees(tenant_id):
            raise NotFound(f"there is no tenant {tenant_id} among those you were given", kind="tenant_not_found")


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(database: Database, token: str, now: datetime) -> Principal:
    """The principal of a bearer token. Raises NotSignedIn."""
    if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise NotSignedIn("no bearer token came with the request; send `Authorization: Bearer TOKEN`")
    async with database.operator(Role.WEB, read_only=True) as tx:
        row = await tx.maybe(sql.principals.by_token, {"token_hash": token_hash(token)})
        found = await _principal(tx, row, now)
    if found is None:
        raise NotSignedIn("the bearer token is unknown, expired or revoked; ask for a new one")
    return found


async def load_principal(database: Database, principal_id: UUID, now: datetime) -> Principal | None:
    """The principal of an id that was established before (a session); None when it is gone, revoked or expired."""
    async with database.operator(Role.WEB, read_only=True) as tx:
        row = await tx.maybe(sql.principals.by_id, {"principal_id": principal_id})
        return await _principal(tx, row, now)


async def ensure_operator(database: Database, clock: Clock, token: str) -> None:
    """The installation's own principal, made at the first start with the token that its file holds."""
    row = {"principal_id": new_id(clock.now()), "name": OPERATOR_NAME, "role": StaffRole.OPERATOR.value}
    async with database.operator(Role.WEB) as tx:
        given = {**row, "kind": "system", "all_tenants": True, "token_hash": token_hash(token), "at": clock.now()}
        await tx.execute(sql.principals.ensure, given)


async def visible_tenants(tx: Tx, principal: Principal) -> list[TenantId]:
    """The tenants of a principal in the order of their short names."""
    rows = await tx.all(sql.principals.directory)
    return [TenantId(row["tenant_id"]) for row in rows if principal.sees(TenantId(row["tenant_id"]))]


async def _principal(tx: Tx, row: Row | None, now: datetime) -> Principal | None:
    if row is None or row["revoked_at"] is not None:
        return None
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return None
    tenant_ids = None
    if not row["all_tenants"]:
        given = await tx.all(sql.principals.tenants_of, {"principal_id": row["principal_id"]})
        tenant_ids = frozenset(TenantId(each["tenant_id"]) for each in given)
    return Principal(row["principal_id"], row["name"], StaffRole(row["role"]), tenant_ids)
