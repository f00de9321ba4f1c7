"""Which facets the devices of a rollout belong to, worked out once for each; and those of one, for its permit."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.device_facts import device_facts
from patchring.app.work import Work
from patchring.core.gate.facets import APPLICATIONS, SEVERAL, Facet, applications_of, build_of, facets_of
from patchring.core.ids import DeviceId, TenantId
from patchring.store import sql
from patchring.store.transaction import Row, Tx

NAMED_AT_ONCE = 2_000
_APPLICATIONS = sorted(APPLICATIONS)


async def facets_of_device(tx: Tx, tenant_id: TenantId, device_id: DeviceId) -> tuple[Facet, ...]:
    """As they are now, whatever was worked out before."""
    key = {"tenant_id": tenant_id, "device_id": device_id, "applications": _APPLICATIONS}
    row = await tx.maybe(sql.gate.device, key)
    return _facets(tenant_id, row) if row else ()


async def name_devices(work: Work, rollout_id: UUID) -> tuple[dict[str, Facet], bool]:
    """Work out what is new; which facets that gave, by key, and whether there may be more to do."""
    given = {"tenant_id": work.tenant_id, "rollout_id": rollout_id, "applications": _APPLICATIONS}
    rows = await work.tx.all(sql.gate.unnamed, {**given, "count": NAMED_AT_ONCE})
    found: dict[str, Facet] = {}
    named = []
    for row in rows:
        facets = _facets(work.tenant_id, row)
        found |= {facet.key: facet for facet in facets}
        named.append(_named(work.tenant_id, row, facets))
    if named:
        key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id}
        await work.tx.execute(sql.gate.name_devices, {**key, "rows": Jsonb(named)})
    return found, len(rows) == NAMED_AT_ONCE


def _facets(tenant_id: UUID, row: Row) -> tuple[Facet, ...]:
    device = device_facts(tenant_id, row["device_id"], row)
    return facets_of(device, f"{row['manufacturer']} {row['model']}".strip(), row["packages"])


def _named(tenant_id: UUID, row: Row, facets: tuple[Facet, ...]) -> dict[str, Any]:
    device = device_facts(tenant_id, row["device_id"], row)
    return {
        "device_id": str(row["device_id"]),
        "facets": [facet.key for facet in facets],
        "build": build_of(device),
        "role": ", ".join(SEVERAL[role] for role in sorted(device.roles & SEVERAL.keys())),
        "application": ", ".join(applications_of(row["packages"])),
    }
