"""The tenant scope of a transaction: which tenants it may touch, signed.

Row-level security asks `patchring.scope()` which tenants the transaction is for. A plain setting would do until an
injected statement sets it to another tenant; so the setting carries a MAC (HMAC-SHA-256, RFC 2104) whose key that
function alone can read, the role it was made for, and an expiry in real time. As text:

    1|patchring_web|1795420800|<tenant>,<tenant>|<64 hexadecimal digits>

The MAC is over everything before the last bar. Tenants are sorted. The text is handed over as a bound parameter and
is never part of a statement: other sessions of the role can read running statements in pg_stat_activity.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from patchring.core.ids import TenantId

SETTING = "patchring.scope"
LIFETIME = timedelta(minutes=2)
_BLOCK_BYTES = 64


@dataclass(frozen=True)
class Scope:
    """One tenant or several, sorted; never none."""

    tenant_ids: tuple[TenantId, ...]

    @classmethod
    def of(cls, tenant_id: TenantId) -> Self:
        return cls((tenant_id,))

    @classmethod
    def over(cls, tenant_ids: Collection[TenantId]) -> Self:
        assert tenant_ids, "a scope over no tenant sees nothing; do not open a transaction for it"
        return cls(tuple(sorted(set(tenant_ids))))

    def signed(self, role_name: str, key: bytes, now: datetime, lifetime: timedelta = LIFETIME) -> str:
        """The text that the database accepts from this role until `now` (real, aware) plus the lifetime."""
        expires = int((now + lifetime).timestamp())
        tenants = ",".join(str(tenant_id) for tenant_id in self.tenant_ids)
        payload = f"1|{role_name}|{expires}|{tenants}"
        return f"{payload}|{hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()}"


def inner_pad(key: bytes) -> bytes:
    """What the database stores of the key, so that it needs no more than sha256() to check a MAC."""
    return _padded(key, 0x36)


def outer_pad(key: bytes) -> bytes:
    return _padded(key, 0x5C)


def _padded(key: bytes, pad: int) -> bytes:
    assert len(key) <= _BLOCK_BYTES, "a longer key would have to be hashed first"
    return bytes(byte ^ pad for byte in key.ljust(_BLOCK_BYTES, b"\0"))
