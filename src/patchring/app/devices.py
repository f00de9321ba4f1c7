"""Devices as people see and classify them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, NotFound, Stale
from patchring.app.policies import look_again
from patchring.core.devices import Criticality
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Row, Tx

MISSING_SHOWN = 200
CLASSIFIED = (
    "class",
    "roles",
    "criticality",
    "internet_facing",
    "redundancy_group",
    "groups",
    "sacrificial",
    "observe_only",
)


@dataclass(frozen=True)
class DeviceFilter:
    """An empty text or None means any. `silent_since`: not heard of since that instant, or never."""

    words: str = ""
    device_class: str = ""
    criticality: str = ""
    role: str = ""
    group: str = ""
    site: str = ""
    state: str = ""
    silent_since: datetime | None = None


async def list_devices(
    caller: Caller, tenant_id: TenantId, after: tuple[str, UUID], limit: int, wanted: DeviceFilter
) -> list[Row]:
    """By name, after a name and id."""
    filters = asdict(wanted)
    filters["class"] = filters.pop("device_class")
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "after_name": after[0], "after_id": after[1], "limit": limit, **filters}
        return await tx.all(sql.devices.listed, given)


async def find_device(tx: Tx, tenant_id: TenantId, name: str) -> Row:
    """A device by id or name. Raises NotFound, Conflict when two have the name."""
    try:
        device_id = UUID(name)
    except ValueError:
        device_id = None
    rows = await tx.all(sql.devices.one, {"tenant_id": tenant_id, "device_id": device_id, "name": name})
    if not rows:
        raise NotFound(f"there is no device {name!r} in this tenant", kind="device_not_found")
    if len(rows) > 1:
        raise Conflict(f"more than one device is called {name!r}; give its id", kind="device_name_ambiguous")
    return rows[0]


async def show_device(caller: Caller, tenant_id: TenantId, name: str) -> Row:
    """The device with what its newest scan said of the machine, and the first of what it misses."""
    async with caller.reading(tenant_id) as tx:
        device = await find_device(tx, tenant_id, name)
        return {**device, "missing": await _missing(tx, tenant_id, device["device_id"], None, MISSING_SHOWN)}


async def list_missing(
    caller: Caller, tenant_id: TenantId, name: str, after: tuple[bool, str, UUID] | None, limit: int
) -> list[Row]:
    """What a device misses, security first; `after`: not security, title, patch."""
    async with caller.reading(tenant_id) as tx:
        device = await find_device(tx, tenant_id, name)
        return await _missing(tx, tenant_id, device["device_id"], after, limit)


async def list_installed(
    caller: Caller, tenant_id: TenantId, name: str, after: int, limit: int, words: str
) -> list[Row]:
    """The software that its newest scan found."""
    async with caller.reading(tenant_id) as tx:
        device = await find_device(tx, tenant_id, name)
        given = {"tenant_id": tenant_id, "device_id": device["device_id"], "after": after, "words": words}
        return await tx.all(sql.devices.installed, {**given, "limit": limit})


async def _missing(
    tx: Tx, tenant_id: TenantId, device_id: UUID, after: tuple[bool, str, UUID] | None, limit: int
) -> list[Row]:
    plain, title, patch_id = after or (None, None, None)
    place = {"after_plain": plain, "after_title": title, "after_id": patch_id, "limit": limit}
    return await tx.all(sql.devices.missing, {"tenant_id": tenant_id, "device_id": device_id, **place})


async def classify(
    caller: Caller, tenant_id: TenantId, name: str, changes: Mapping[str, Any], reason: str, row_version: int | None
) -> Row:
    """Change what people know of a device. It is recorded with both values; lowering is said by name.

    Raises NotFound, Stale.
    """
    async with caller.work(tenant_id) as work:
        device = await find_device(work.tx, tenant_id, name)
        wanted = {column: changes.get(column, device[column]) for column in CLASSIFIED}
        row = {"tenant_id": tenant_id, "device_id": device["device_id"], "row_version": row_version, **wanted}
        if await work.tx.execute(sql.devices.classify, row) != 1:
            raise Stale(f"the device has version {device['row_version']} by now; read it again")
        changed = {c: [_plain(device[c]), _plain(wanted[c])] for c in CLASSIFIED if device[c] != wanted[c]}
        kind = "device_lowered" if _lowered(device, wanted) else "device_classified"
        data = {"name": device["name"], "changed": changed, "reason": reason}
        work.record(kind, "device", device["device_id"], data)
        await look_again(work, device["device_id"])
        return await find_device(work.tx, tenant_id, str(device["device_id"]))


def _lowered(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the device counts for less than before: the record says so in its kind."""
    order = list(Criticality)
    less = order.index(Criticality(after["criticality"])) < order.index(Criticality(before["criticality"]))
    return less or (after["sacrificial"] and not before["sacrificial"])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
