"""What the rooms of the server are handed when they are put together; only `serve` builds one."""

from dataclasses import dataclass
from typing import Protocol

from patchring.core.clock import Clock
from patchring.core.ids import DeviceId, TenantId
from patchring.store.database import Database
from patchring.wire.messages import PermitAnswer, PermitRequest


class PermitDesk(Protocol):
    """The way to the signer. The web process forwards a device's signed request and adds nothing to it."""

    async def ask(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        """The signer's answer. Raises Unavailable when nothing was granted, OutcomeUnknown when nobody knows."""
        ...


@dataclass(frozen=True)
class Services:
    """`session_key` makes and checks the MAC of device sessions (32 bytes, this purpose only). `server_fingerprint` is
    that of the agents' listener's certificate, `-` where it has none. `permit_key` is the signer's public key, for
    roots to name. `agents_address` is the URL that agents are given. Check-in intervals are in seconds."""

    database: Database
    clock: Clock
    permits: PermitDesk
    session_key: bytes
    server_fingerprint: str = "-"
    permit_key: str = ""
    agents_address: str = ""
    check_in_interval: int = 300
    check_in_interval_busy: int = 5
