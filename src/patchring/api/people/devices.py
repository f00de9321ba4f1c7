"""Devices, and why one of them is not patched."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from patchring.api.people.door import Ask, Cursor, IfMatch, Limit, after, in_tenant, page, version_of, with_version
from patchring.api.people.shapes import DeviceChange
from patchring.app import devices
from patchring.app.explain import explain
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["devices"])
Text = Annotated[str, Query(max_length=200)]


@router.get("/tenants/{tenant}/devices")
async def list_devices(
    ask: Annotated[Ask, in_tenant(P.DEVICES_READ)],
    words: Text = "",
    device_class: Annotated[str, Query(max_length=40, alias="class")] = "",
    state: Text = "active",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Devices by name, with how much they miss and when they were last seen."""
    name, device_id = after(cursor, str, UUID, start=["", UUID(int=0)])
    filters = {"words": words, "class": device_class, "state": state}
    rows = await devices.list_devices(ask.who, ask.tenant_id, (name, device_id), limit + 1, filters)
    return page(rows, limit, "name", "device_id")


@router.get("/tenants/{tenant}/devices/{device}")
async def show_device(device: str, ask: Annotated[Ask, in_tenant(P.DEVICES_READ)]) -> JSONResponse:
    """One device by id or name: what people know of it, its newest scan, what it misses."""
    return with_version(await devices.show_device(ask.who, ask.tenant_id, device))


@router.patch("/tenants/{tenant}/devices/{device}")
async def classify_device(
    device: str,
    body: DeviceChange,
    ask: Annotated[Ask, in_tenant(P.DEVICES_CLASSIFY)],
    if_match: IfMatch = None,
) -> JSONResponse:
    """Say what a device is: that decides its segment, ring and window. The reason is kept."""
    changes = body.model_dump(exclude_unset=True, exclude={"reason"}, by_alias=True)
    row = await devices.classify(ask.who, ask.tenant_id, device, changes, body.reason, version_of(if_match))
    return with_version(row)


@router.get("/tenants/{tenant}/explain")
async def why_not_patched(
    ask: Annotated[Ask, in_tenant(P.DEVICES_READ)],
    device: Annotated[str, Query(min_length=1, max_length=200)],
    patch: Annotated[str, Query(min_length=1, max_length=400)],
) -> dict[str, Any]:
    """Why is this device not patched? The deciding sentence, everything that led to it, and the rules that lost."""
    return await explain(ask.who, ask.tenant_id, device, patch)
