"""The findings of a tenant that are open, or were at an instant."""

from datetime import datetime
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.devices import find_device
from patchring.app.instants import require_past
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row


async def list_findings(
    caller: Caller,
    tenant_id: TenantId,
    after: tuple[str, UUID, str],
    limit: int,
    cve: str,
    device: str,
    as_of: datetime | None = None,
) -> list[Row]:
    """By CVE, device and package, after such a triple; `cve` and `device` (name or id) empty: of all.

    `as_of` None: what is open now. Of a finding only begin and end are kept for every instant; its versions, its due
    date and the device's name are those that were said last.

    Raises NotFound (device_not_found), Invalid (instant_ahead).
    """
    require_past(as_of, caller.services.clock.now())
    async with caller.reading(tenant_id) as tx:
        device_id = (await find_device(tx, tenant_id, device))["device_id"] if device else None
        place = {"after_cve": after[0], "after_device": after[1], "after_package": after[2], "limit": limit}
        wanted = {"tenant_id": tenant_id, "cve": cve, "device_id": device_id, **place}
        if as_of is None:
            return await tx.all(sql.findings.listed, wanted)
        return await tx.all(sql.findings.listed_at, {**wanted, "at": as_of})
