"""Tenants, their roots and their sites."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.principals import visible_tenants
from patchring.app.work import unit_of_work
from patchring.core.ids import TenantId
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.store.transaction import Row
from patchring.wire.authority import Root, read
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.signing import SignedDocument, signers


async def resolve_tenant(caller: Caller, name: str) -> TenantId:
    """The id behind a short name or an id as text. Raises NotFound, also for a tenant of somebody else."""
    async with caller.services.database.operator(Role.WEB, read_only=True) as tx:
        row = await tx.maybe(sql.principals.tenant_by_slug, {"slug": name})
    found = TenantId(row["tenant_id"]) if row else _as_id(name)
    if found is None or not caller.principal.sees(found):
        raise NotFound(f"there is no tenant {name!r} among those you were given", kind="tenant_not_found")
    return found


async def create_tenant(
    caller: Caller, tenant_id: TenantId, slug: str, name: str, kind: str, root: dict[str, Any]
) -> Row:
    """A new tenant with its first root. The id comes from who made the root, because the root names it.

    Raises Invalid for a root that does not fit, Conflict for a short name or id that is taken.
    """
    document = checked_root(root, tenant_id, 1, None)
    services = caller.services
    async with unit_of_work(services.database, Role.WEB, services.clock, caller.actor, tenant_id) as work:
        await caller.reserve(work.tx, work.now)
        own = {"tenant_id": tenant_id, "slug": slug}
        if await work.tx.execute(sql.tenants.add_to_directory, own) != 1:
            raise Conflict(f"the short name {slug!r} is taken; choose another with --slug", kind="slug_taken")
        await work.tx.execute(sql.tenants.add, {**own, "name": name, "kind": kind, "at": work.now})
        await work.tx.execute(sql.tenants.add_root, _root_row(tenant_id, 1, document, work.now))
        work.record("tenant_created", "tenant", tenant_id, {"slug": slug, "name": name, "kind": kind})
        return (await work.tx.all(sql.tenants.listed, {"tenant_ids": [tenant_id]}))[0]


async def add_root(caller: Caller, tenant_id: TenantId, root: dict[str, Any]) -> int:
    """The next version of a tenant's root, signed by the keys of the one before. Returns its version."""
    async with caller.work(tenant_id) as work:
        rows = await work.tx.all(sql.tenants.roots, {"tenant_id": tenant_id})
        before = read(Root, decode(SignedDocument, rows[-1]["document"]), "root")
        assert before is not None, "a root that was accepted can be read"
        document = checked_root(root, tenant_id, before.version + 1, before)
        await work.tx.execute(sql.tenants.add_root, _root_row(tenant_id, before.version + 1, document, work.now))
        work.record("root_added", "tenant", tenant_id, {"version": before.version + 1})
        return before.version + 1


def checked_root(given: dict[str, Any], tenant_id: TenantId, version: int, before: Root | None) -> SignedDocument:
    """The document when it is a root of this tenant and version, signed as the root before (or itself) asks for."""
    try:
        document = decode(SignedDocument, given)
    except Refused as refused:
        raise Invalid(f"the root is not a signed document: {refused}", kind="root_malformed") from refused
    root = read(Root, document, "root")
    if root is None or root.tenant_id != str(tenant_id) or root.version != version:
        raise Invalid(f"expected root version {version} of tenant {tenant_id}", kind="root_malformed")
    asked = before or root
    if len(signers(document, asked.root_keys)) < max(1, asked.root_threshold):
        raise Invalid(f"the root needs {asked.root_threshold} signatures of its root keys", kind="root_not_signed")
    return document


async def list_tenants(caller: Caller) -> list[Row]:
    """All that the caller was given."""
    database = caller.services.database
    async with database.operator(Role.WEB, read_only=True) as tx:
        tenant_ids = await visible_tenants(tx, caller.principal)
    if not tenant_ids:
        return []
    async with database.tenant(Role.STAFF, tenant_ids, read_only=True) as tx:
        return await tx.all(sql.tenants.listed, {"tenant_ids": tenant_ids})


async def show_tenant(caller: Caller, tenant_id: TenantId) -> Row:
    async with caller.reading(tenant_id) as tx:
        rows = await tx.all(sql.tenants.listed, {"tenant_ids": [tenant_id]})
        roots = await tx.all(sql.tenants.roots, {"tenant_id": tenant_id})
    if not rows:
        raise NotFound(f"there is no tenant {tenant_id}", kind="tenant_not_found")
    return {**rows[0], "roots": roots}


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


async def list_sites(caller: Caller, tenant_id: TenantId, after: str, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.tenants.sites, {"tenant_id": tenant_id, "after": after, "limit": limit})


def _root_row(tenant_id: TenantId, version: int, document: SignedDocument, now: Any) -> dict[str, Any]:
    return {"tenant_id": tenant_id, "version": version, "document": Jsonb(encode(document)), "at": now}


def _as_id(text: str) -> TenantId | None:
    try:
        return TenantId(UUID(text))
    except ValueError:
        return None
