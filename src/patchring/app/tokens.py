"""Enrolment tokens: shown once, kept as a hash, for one site of one tenant, with an end and a number of uses."""

import secrets
from datetime import timedelta
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.enrolment import secret_hash
from patchring.app.errors import NotFound
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row
from patchring.wire.authority import Root, read
from patchring.wire.codec import decode
from patchring.wire.signing import SignedDocument, fingerprint
from patchring.wire.token import EnrolmentToken

SECRET_BYTES = 24


async def create_token(caller: Caller, tenant_id: TenantId, site: str, lifetime: timedelta, uses: int) -> Row:
    """The token's text is in the answer and nowhere else. Raises NotFound for a site that is not there."""
    async with caller.work(tenant_id) as work:
        place = await work.tx.maybe(sql.tenants.site_by_name, {"tenant_id": tenant_id, "name": site})
        if place is None:
            raise NotFound(f"there is no site {site!r}; `patchring sites list` shows them", kind="site_not_found")
        first = (await work.tx.all(sql.tenants.roots, {"tenant_id": tenant_id}))[0]
        root = read(Root, decode(SignedDocument, first["document"]), "root")
        assert root is not None, "a root that was accepted can be read"
        secret, token_id = secrets.token_urlsafe(SECRET_BYTES), new_id(work.now)
        row = {"tenant_id": tenant_id, "token_id": token_id, "site_id": place["site_id"], "use_count_max": uses}
        hashed = {"secret_hash": secret_hash(secret), "expires_at": work.now + lifetime, "at": work.now}
        await work.tx.execute(sql.tenants.add_token, {**row, **hashed, "by": caller.actor})
        work.record("enrolment_token_created", "enrolment_token", token_id, {"site": site, "uses": uses})
        pinned = fingerprint(root.root_keys[0])
        token = EnrolmentToken(tenant_id.hex, token_id.hex, secret, pinned, caller.services.server_fingerprint)
        return {"token_id": token_id, "site": site, "token": token.text(), "expires_at": work.now + lifetime}


async def list_tokens(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.tenants.tokens, {"tenant_id": tenant_id, "before": before, "limit": limit})


async def revoke_token(caller: Caller, tenant_id: TenantId, token_id: UUID) -> None:
    """Devices that enrolled with it stay. Raises NotFound when it is not there or was revoked before."""
    async with caller.work(tenant_id) as work:
        row = {"tenant_id": tenant_id, "token_id": token_id, "at": work.now}
        if await work.tx.execute(sql.tenants.revoke_token, row) != 1:
            raise NotFound("there is no such token in force", kind="token_not_found")
        work.record("enrolment_token_revoked", "enrolment_token", token_id, {})
