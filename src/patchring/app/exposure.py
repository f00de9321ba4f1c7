"""Devices of which nobody said whether they are reached from the internet, with what is likely."""

from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.core.devices import DeviceClass
from patchring.core.ids import TenantId
from patchring.core.reason import as_json
from patchring.core.risk.exposure import SERVING, Seen, propose
from patchring.store import sql

# A scanner of this name, or beginning with it, looks from the internet.
EXTERNAL = "external"


async def list_unconfirmed(
    caller: Caller, tenant_id: TenantId, after: tuple[str, UUID], limit: int
) -> list[dict[str, Any]]:
    """By name. Each counts as exposed until a person says otherwise (`devices classify`)."""
    given = {"after_name": after[0], "after_id": after[1], "limit": limit}
    wanted = {"tenant_id": tenant_id, "serving": list(SERVING), "external": EXTERNAL}
    async with caller.reading(tenant_id) as tx:
        rows = await tx.all(sql.devices.exposure_unknown, {**wanted, **given})
    found = []
    for row in rows:
        seen = Seen(DeviceClass(row["class"]), row["roles"], row["serving"], row["from_outside_at"])
        proposal = propose(seen)
        told = {"proposed": proposal.exposed, "reasons": as_json(proposal.reasons)}
        found.append({"device_id": row["device_id"], "name": row["name"], "class": row["class"], **told})
    return found
