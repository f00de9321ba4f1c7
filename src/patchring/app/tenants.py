"""Tenants, their roots and their sites."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.roots import checked_root, root_in_force
from patchring.app.work import unit_of_work
from patchring.core.ids import TenantId
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Row, Tx
from patchring.wire.codec import encode
from patchring.wire.signing import SignedDocument


async def resolve_tenant(caller: Caller, name: str) -> TenantId:
    """The id behind a short name or an id as text. Raises NotFound, also for a tenant of somebody else."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        row = await tx.maybe(sql.principals.tenant_named, {"slug": name, "tenant_id": as_id(name)})
    if row is None or not caller.principal.sees(TenantId(row["tenant_id"])):
        raise NotFound(f"there is no tenant {name!r} among those you were given", kind="tenant_not_found")
    return TenantId(row["tenant_id"])


async def create_tenant(
    caller: Caller, tenant_id: TenantId, slug: str, name: str, kind: str, root: dict[str, Any]
) -> Row:
    """A new tenant with its first root. The id comes from who made the root, because the root names it.

    Raises Invalid for a root that does not fit, Conflict (tenant_exists, operator_exists) for what is taken.
    """
    services = caller.services
    _, document = checked_root(root, tenant_id, None, services.permit_key, services.clock.now())
    if kind == "operator" and await operator_tenant(caller) is not None:
        raise Conflict("the operator has a tenant already; make a client", kind="operator_exists")
    async with unit_of_work(services.database, Role.WEB, services.clock, caller.actor, tenant_id) as work:
        await caller.reserve(work.tx, work.now)
        own = {"tenant_id": tenant_id, "slug": slug}
        if await work.tx.execute(sql.tenants.add_to_directory, own) != 1:
            detail = f"the short name {slug!r} or the id {tenant_id} is taken; choose another"
            raise Conflict(detail, kind="tenant_exists")
        await work.tx.execute(sql.tenants.add, {**own, "name": name, "kind": kind, "at": work.now})
        await work.tx.execute(sql.tenants.add_root, _root_row(tenant_id, 1, document, work.now))
        work.record("tenant_created", "tenant", tenant_id, {"slug": slug, "name": name, "kind": kind})
        return await work.tx.one(sql.tenants.listed, {"tenant_ids": [tenant_id]})


async def add_root(caller: Caller, tenant_id: TenantId, root: dict[str, Any]) -> Row:
    """The next version of a tenant's root, signed by the keys of the one before.

    Raises Invalid, Conflict (root_version_taken) when somebody was faster.
    """
    async with caller.work(tenant_id) as work:
        before = await root_in_force(work.tx, tenant_id)
        checked, document = checked_root(root, tenant_id, before, caller.services.permit_key, work.now)
        row = _root_row(tenant_id, checked.version, document, work.now)
        if await work.tx.execute(sql.tenants.add_root, row) != 1:
            raise Conflict(f"root version {checked.version} is there already", kind="root_version_taken")
        work.record("root_added", "tenant", tenant_id, {"version": checked.version})
        return {"version": checked.version, "document": encode(document), "created_at": work.now}


async def operator_tenant(caller: Caller) -> TenantId | None:
    """The tenant of the MSP itself, whoever asks; None before it was made."""
    database = caller.services.database
    async with database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = [TenantId(row["tenant_id"]) for row in await tx.all(sql.principals.directory)]
    if not tenant_ids:
        return None
    async with database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        row = await tx.maybe(sql.tenants.operator, {"tenant_ids": tenant_ids})
    return TenantId(row["tenant_id"]) if row else None


async def list_tenants(caller: Caller, after: str, limit: int) -> list[Row]:
    """Those that the caller was given, by short name, after a short name."""
    database = caller.services.database
    async with database.operator(Role.WEB, read_only=True) as tx:
        rows = await tx.all(sql.principals.directory)
    seen = [row["tenant_id"] for row in rows if caller.principal.sees(row["tenant_id"]) and row["slug"] > after]
    if not seen:
        return []
    async with database.tenant(Role.STAFF, seen[:limit], read_only=True) as tx:
        return await tx.all(sql.tenants.listed, {"tenant_ids": seen[:limit]})


async def show_tenant(caller: Caller, tenant_id: TenantId) -> Row:
    """One tenant with its roots, oldest first."""
    async with caller.reading(tenant_id) as tx:
        row = await tx.one(sql.tenants.listed, {"tenant_ids": [tenant_id]})
        return {**row, "roots": await tx.all(sql.tenants.roots, {"tenant_id": tenant_id})}


async def create_site(caller: Caller, tenant_id: TenantId, name: str, zone_name: str) -> Row:
    """Raises Invalid for a zone that does not exist, Conflict for a name that is taken."""
    try:
        zone(zone_name)
    except KeyError:
        raise Invalid(f"{zone_name!r} is no IANA time zone, such as Europe/Berlin", kind="zone_unknown") from None
    async with caller.work(tenant_id) as work:
        site_id = new_id(work.now)
        row = {"tenant_id": tenant_id, "site_id": site_id, "name": name, "zone": zone_name, "at": work.now}
        if await work.tx.execute(sql.tenants.add_site, row) != 1:
            raise Conflict(f"there is a site {name!r} already", kind="site_exists")
        work.record("site_added", "site", site_id, {"name": name, "zone": zone_name})
        return {"site_id": site_id, "name": name, "zone": zone_name, "created_at": work.now, "row_version": 1}


async def find_site(tx: Tx, tenant_id: TenantId, name: str) -> Row:
    """A site by its name or id. Raises NotFound."""
    row = await tx.maybe(sql.tenants.site, {"tenant_id": tenant_id, "name": name, "site_id": as_id(name)})
    if row is None:
        raise NotFound(
            f"there is no site {name!r} in this tenant; `patchring sites list` shows them", kind="site_not_found"
        )
    return row


async def list_sites(caller: Caller, tenant_id: TenantId, after: str, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.tenants.sites, {"tenant_id": tenant_id, "after": after, "limit": limit})


def _root_row(tenant_id: TenantId, version: int, document: SignedDocument, now: Any) -> dict[str, Any]:
    return {"tenant_id": tenant_id, "version": version, "document": Jsonb(encode(document)), "at": now}


def as_id(text: str) -> UUID | None:
    """The id that a text spells, None for a name."""
    try:
        return UUID(text)
    except ValueError:
        return None
