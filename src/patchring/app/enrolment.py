"""Enrolment: a device asks for a place in a tenant with a token and the proof that it holds its own private key.

The same key always gets the same device: an answer that was lost is simply asked for again, even when the token has
been used up or has expired meanwhile. Class and roles stay at their defaults; people confirm them later.
"""

import hashlib
import hmac
from typing import Any
from uuid import UUID

from patchring.app.errors import NotSignedIn
from patchring.app.services import Services
from patchring.app.sessions import SessionSeal, device_retired, milliseconds, new_session
from patchring.app.signed import require_recent, require_signature
from patchring.app.work import Work, unit_of_work
from patchring.core.ids import DeviceId, TenantId
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.wire.codec import decode
from patchring.wire.messages import EnrolAnswer, EnrolRequest
from patchring.wire.signing import SignedDocument, fingerprint
from patchring.wire.token import EnrolmentToken, TokenMalformed

UNNAMED = "unnamed"
FIRST_EPOCH = 1


def secret_hash(secret: str) -> str:
    """How a token's secret is kept: SHA-256 in hexadecimal (it has 192 bits and more of chance, so no salt)."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def enrol(services: Services, request: EnrolRequest, value: dict[str, Any]) -> EnrolAnswer:
    """A place for the device, or the one it has. `value` is the request as it came, over which the signature is.

    Raises NotSignedIn: token_malformed, token_unknown, token_revoked, token_expired, token_used_up, signature_wrong,
    clock_skew, device_retired.
    """
    now = services.clock.now()
    token = _token(request.token)
    require_recent(request.made_at_ms, now)
    require_signature(request.public_key, "enrol", value)
    tenant_id, token_id = TenantId(UUID(hex=token.tenant_id)), UUID(hex=token.token_id)
    actor = f"enrolment_token:{token_id}"
    async with unit_of_work(services.database, Role.INGEST, services.clock, actor, tenant_id) as work:
        row = await _known_token(work, token_id, token.secret)
        device = await work.tx.maybe(sql.enrolment.device_of_key, _key(work, request)) or await _add(work, row, request)
        roots = await work.tx.all(sql.enrolment.roots, {"tenant_id": tenant_id})
    if device["state"] != "active":
        raise device_retired()
    session = new_session(tenant_id, device["device_id"], device["session_epoch"], request.made_at_ms)
    return EnrolAnswer(
        str(tenant_id),
        str(device["device_id"]),
        SessionSeal(services.session_key).issue(session),
        [decode(SignedDocument, root["document"]) for root in roots],
        milliseconds(now),
    )


def _token(text: str) -> EnrolmentToken:
    try:
        return EnrolmentToken.parse(text)
    except TokenMalformed as error:
        raise NotSignedIn(f"This is no enrolment token: {error}.", kind="token_malformed") from error


async def _known_token(work: Work, token_id: UUID, secret: str) -> dict[str, Any]:
    """The token's row, locked so that uses of one token come one after another. Unknown and wrong look the same."""
    row = await work.tx.maybe(sql.enrolment.token, {"tenant_id": work.tenant_id, "token_id": token_id})
    kept = row["secret_hash"] if row else secret_hash("")
    if not hmac.compare_digest(kept, secret_hash(secret)) or row is None:
        raise NotSignedIn(
            "No such enrolment token. Make a new one with `patchring tokens create`.", kind="token_unknown"
        )
    return row


async def _add(work: Work, token: dict[str, Any], request: EnrolRequest) -> dict[str, Any]:
    """A new device at the token's site; the one that another transaction added in the same moment otherwise."""
    _require_usable(work, token)
    device_id = DeviceId(new_id(work.now))
    row = {
        **_key(work, request),
        "device_id": device_id,
        "site_id": token["site_id"],
        "name": request.facts.hostname.strip() or UNNAMED,
        "enrolled_at": work.now,
        "os_name": request.facts.os_name,
        "os_version": request.facts.os_version,
        "architecture": request.facts.architecture,
    }
    if await work.tx.execute(sql.enrolment.add_device, row) == 0:
        return await work.tx.one(sql.enrolment.device_of_key, _key(work, request))
    names = {"tenant_id": work.tenant_id, "device_id": device_id}
    await work.tx.execute(sql.enrolment.add_contact, {**names, "session_epoch": FIRST_EPOCH})
    await work.tx.execute(sql.enrolment.count_use, {"tenant_id": work.tenant_id, "token_id": token["token_id"]})
    _record(work, device_id, token, row["name"], request.public_key)
    return {"device_id": device_id, "state": "active", "session_epoch": FIRST_EPOCH}


def _require_usable(work: Work, token: dict[str, Any]) -> None:
    """Raises NotSignedIn for a token that takes in no more devices."""
    if token["revoked_at"] is not None:
        raise NotSignedIn("The enrolment token was revoked. Ask for a new one.", kind="token_revoked")
    if token["expires_at"] <= work.now:
        when = token["expires_at"].isoformat()
        raise NotSignedIn(f"The enrolment token expired at {when}. Ask for a new one.", kind="token_expired")
    if token["use_count"] >= token["use_count_max"]:
        used = f"{token['use_count']} of {token['use_count_max']}"
        raise NotSignedIn(f"The enrolment token is used up ({used} uses). Ask for a new one.", kind="token_used_up")


def _record(work: Work, device_id: DeviceId, token: dict[str, Any], name: str, public_key: str) -> None:
    said = {"name": name, "site_id": str(token["site_id"]), "key_fingerprint": fingerprint(public_key)}
    work.record("device_enrolled", "device", device_id, {**said, "token_id": str(token["token_id"])})


def _key(work: Work, request: EnrolRequest) -> dict[str, Any]:
    return {"tenant_id": work.tenant_id, "public_key": request.public_key}
