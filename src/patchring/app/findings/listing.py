"""The open findings of a tenant."""

from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.devices import find_device
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row


async def list_findings(
    caller: Caller, tenant_id: TenantId, after: tuple[str, UUID, str], limit: int, cve: str, device: str
) -> list[Row]:
    """By CVE, device and package, after such a triple; `cve` and `device` (name or id) empty: of all.

    Raises NotFound (device_not_found).
    """
    async with caller.reading(tenant_id) as tx:
        device_id = (await find_device(tx, tenant_id, device))["device_id"] if device else None
        place = {"after_cve": after[0], "after_device": after[1], "after_package": after[2], "limit": limit}
        return await tx.all(sql.findings.listed, {"tenant_id": tenant_id, "cve": cve, "device_id": device_id, **place})
