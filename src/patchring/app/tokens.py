"""Enrolment tokens: shown once, kept as a hash, for one site of one tenant, with an end and a number of uses."""

import secrets
from datetime import timedelta
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.enrolment import secret_hash
from patchring.app.errors import NotFound
from patchring.app.tenants import find_site
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row, Tx
from patchring.wire.authority import Root, read
from patchring.wire.codec import decode
from patchring.wire.signing import SignedDocument, fingerprint, signers
from patchring.wire.token import EnrolmentToken

SECRET_BYTES = 24


async def create_token(caller: Caller, tenant_id: TenantId, site: str, lifetime: timedelta, uses: int) -> Row:
    """The token's text is in the answer and nowhere else. Raises NotFound for a site that is not there."""
    async with caller.work(tenant_id) as work:
        place = await find_site(work.tx, tenant_id, site)
        pinned = await _first_root_key(work.tx, tenant_id)
        secret, token_id = secrets.token_urlsafe(SECRET_BYTES), new_id(work.now)
        row = {"tenant_id": tenant_id, "token_id": token_id, "site_id": place["site_id"], "use_count_max": uses}
        hashed = {"secret_hash": secret_hash(secret), "expires_at": work.now + lifetime, "at": work.now}
        await work.tx.execute(sql.tenants.add_token, {**row, **hashed, "by": caller.actor})
        work.record("enrolment_token_created", "enrolment_token", token_id, {"site": place["name"], "uses": uses})
        text = EnrolmentToken(tenant_id.hex, token_id.hex, secret, pinned, caller.services.server_fingerprint).text()
        return {**await _token(work.tx, tenant_id, token_id), "token": text}


async def _first_root_key(tx: Tx, tenant_id: TenantId) -> str:
    """The fingerprint of a key that signed the first root: agents walk the chain of roots from there."""
    row = next(iter(await tx.all(sql.tenants.roots, {"tenant_id": tenant_id})), None)
    document = decode(SignedDocument, row["document"]) if row else None
    root = read(Root, document, "root") if document else None
    if root is None or document is None:
        raise NotFound("the tenant has no root, so no agent could trust it; hand one in first", kind="root_not_found")
    return fingerprint(min(signers(document, root.root_keys)))


async def _token(tx: Tx, tenant_id: TenantId, token_id: UUID) -> Row:
    return await tx.one(sql.tenants.token, {"tenant_id": tenant_id, "token_id": token_id})


async def list_tokens(caller: Caller, tenant_id: TenantId, before: UUID | None, limit: int) -> list[Row]:
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.tenants.tokens, {"tenant_id": tenant_id, "before": before, "limit": limit})


async def revoke_token(caller: Caller, tenant_id: TenantId, token_id: UUID) -> Row:
    """Devices that enrolled with it stay. One that was revoked before stays as it is. Raises NotFound."""
    async with caller.work(tenant_id) as work:
        key = {"tenant_id": tenant_id, "token_id": token_id}
        if await work.tx.execute(sql.tenants.revoke_token, {**key, "at": work.now}) == 1:
            work.record("enrolment_token_revoked", "enrolment_token", token_id, {})
        row = await work.tx.maybe(sql.tenants.token, key)
        if row is None:
            raise NotFound("there is no such token in this tenant", kind="token_not_found")
        return row
