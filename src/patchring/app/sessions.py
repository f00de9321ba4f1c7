"""Sessions of devices: who is asking, without a signature on every heartbeat.

A session is a text that the server hands out against a signature and recognises by a MAC (HMAC-SHA-256):

    v1.TENANT.DEVICE.EPOCH.EXPIRES.MAC      ids and MAC in hexadecimal, EXPIRES in seconds since 1970

Nothing of it is stored. It ends when it expires, and at once when the device's epoch in the database is raised; the
epoch is compared wherever the session is used on data. Its end is counted from the instant that the signed request
names: a replayed request therefore gives the same session again, and never a longer one.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from patchring.app.errors import NotSignedIn
from patchring.app.services import Services
from patchring.app.signed import require_recent, require_signature
from patchring.core.ids import DeviceId, TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.wire.messages import SessionAnswer, SessionRequest

LIFETIME_S = 48 * 3600
_FORM = re.compile(r"v1\.([0-9a-f]{32})\.([0-9a-f]{32})\.([0-9]{1,9})\.([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class Session:
    """`tenant` and `device` are ids as 32 hexadecimal digits: heartbeats need no more. `expires_at_s` is since 1970."""

    tenant: str
    device: str
    epoch: int
    expires_at_s: int

    @property
    def tenant_id(self) -> TenantId:
        return tenant_id_of(self.tenant)

    @property
    def device_id(self) -> DeviceId:
        return DeviceId(UUID(hex=self.device))


@lru_cache(maxsize=4096)
def tenant_id_of(tenant: str) -> TenantId:
    return TenantId(UUID(hex=tenant))


class SessionSeal:
    """Makes and recognises sessions with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == 32, f"a session key has 32 bytes, not {len(key)}"
        self._key = key

    def issue(self, session: Session) -> str:
        text = f"v1.{session.tenant}.{session.device}.{session.epoch}.{session.expires_at_s}"
        return f"{text}.{self._mac(text)}"

    def read(self, token: str, now_s: float) -> Session:
        """The session behind a token. Raises NotSignedIn: session_forged, session_expired."""
        text, _, mac = token.rpartition(".")
        found = _FORM.fullmatch(text)
        if not token.isascii() or found is None or not hmac.compare_digest(self._mac(text), mac):
            raise NotSignedIn(
                f"The session is not one that this server made (got {len(token)} characters). Ask for a new session.",
                kind="session_forged",
            )
        tenant, device, epoch, expires = found.groups()
        if int(expires) <= now_s:
            raise session_expired()
        return Session(tenant, device, int(epoch), int(expires))

    def _mac(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def session_expired() -> NotSignedIn:
    return NotSignedIn("The session has expired or was ended. Ask for a new session.", kind="session_expired")


def new_session(tenant_id: UUID, device_id: UUID, epoch: int, made_at_ms: int) -> Session:
    """The session that a request of this instant gives."""
    return Session(tenant_id.hex, device_id.hex, epoch, made_at_ms // 1000 + LIFETIME_S)


async def open_session(services: Services, request: SessionRequest, value: dict[str, Any]) -> SessionAnswer:
    """A new session for an enrolled device. `value` is the request as it came, over which the signature is.

    Raises NotSignedIn: device_unknown, device_retired, signature_wrong, clock_skew.
    """
    now = services.clock.now()
    require_recent(request.made_at_ms, now)
    tenant_id, device_id = TenantId(UUID(request.tenant_id)), DeviceId(UUID(request.device_id))
    async with services.database.tenant(Role.INGEST, tenant_id, read_only=True) as tx:
        device = await tx.maybe(sql.sessions.device, {"tenant_id": tenant_id, "device_id": device_id})
    if device is None:
        raise NotSignedIn(
            "No device with this id is enrolled in this tenant. Enrol it with a token.", kind="device_unknown"
        )
    require_signature(device["public_key"], "session", value)
    if device["state"] != "active":
        raise device_retired()
    session = new_session(tenant_id, device_id, device["session_epoch"], request.made_at_ms)
    return SessionAnswer(SessionSeal(services.session_key).issue(session), milliseconds(now))


def device_retired() -> NotSignedIn:
    return NotSignedIn(
        "This device was retired. Remove the agent, or enrol it anew with a new key.", kind="device_retired"
    )


def milliseconds(at: datetime) -> int:
    """An aware instant as the wire writes it: milliseconds since 1970 in UTC."""
    return int(at.astimezone(UTC).timestamp() * 1000)
