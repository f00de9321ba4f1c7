"""Devices, and why one of them is not patched."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from patchring.api.people.answers import Device, DeviceShown, Explanation, Installed, Missing, Page
from patchring.api.people.door import Ask, Named, VersionNeeded, in_tenant, once, with_version
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import CriticalityName, DeviceChange, DeviceClassName
from patchring.app import devices
from patchring.app.explain import explain
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["devices"])
Text = Annotated[str, Query(max_length=120)]


@router.get("/tenants/{tenant}/devices")
async def list_devices(
    ask: Annotated[Ask, in_tenant(P.DEVICES_READ)],
    paging: Paged,
    words: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
    device_class: Annotated[DeviceClassName | None, Query(alias="class")] = None,
    criticality: CriticalityName | None = None,
    role: Text = "",
    group: Text = "",
    site: Annotated[str, Query(max_length=120, description="Name of the site.")] = "",
    state: Annotated[str, Query(pattern="^(active|retired|)$", description="Empty: any.")] = "active",
    silent_since: Annotated[
        AwareDatetime | None, Query(description="Not heard of since this instant, or never.")
    ] = None,
) -> Page[Device]:
    """Devices by name, with how much they miss and when they were last seen."""
    wanted = devices.DeviceFilter(words, device_class or "", criticality or "", role, group, site, state, silent_since)
    name, device_id = paging.after(str, UUID) or ("", UUID(int=0))
    rows = await devices.list_devices(ask.who, ask.tenant_id, (name, device_id), paging.count, wanted)
    return paging.page(Device, rows, "name", "device_id")


@router.get("/tenants/{tenant}/devices/{device}")
async def show_device(device: Named, ask: Annotated[Ask, in_tenant(P.DEVICES_READ)], response: Response) -> DeviceShown:
    """One device by id or name: what people know of it, its newest scan, what it misses."""
    row = await devices.show_device(ask.who, ask.tenant_id, device)
    with_version(response, row["row_version"])
    return DeviceShown.model_validate(row)


@router.get("/tenants/{tenant}/devices/{device}/missing")
async def list_missing(device: Named, ask: Annotated[Ask, in_tenant(P.DEVICES_READ)], paging: Paged) -> Page[Missing]:
    """What the device misses now, security first."""
    after = paging.after(bool, str, UUID)
    rows = await devices.list_missing(ask.who, ask.tenant_id, device, after, paging.count)
    return paging.page(Missing, [{**row, "plain": not row["security"]} for row in rows], "plain", "title", "patch_id")


@router.get("/tenants/{tenant}/devices/{device}/installed")
async def list_installed(
    device: Named,
    ask: Annotated[Ask, in_tenant(P.DEVICES_READ)],
    paging: Paged,
    words: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
) -> Page[Installed]:
    """The software that the newest scan found, in the scan's order."""
    (after,) = paging.after(int) or (0,)
    rows = await devices.list_installed(ask.who, ask.tenant_id, device, after, paging.count, words)
    return paging.page(Installed, rows, "number")


@router.patch("/tenants/{tenant}/devices/{device}")
async def classify_device(
    device: Named,
    body: DeviceChange,
    ask: Annotated[Ask, in_tenant(P.DEVICES_CLASSIFY)],
    row_version: VersionNeeded,
    response: Response,
) -> DeviceShown:
    """Say what a device is: that decides its segment, ring and window. The reason is kept."""
    changes = body.model_dump(exclude_unset=True, exclude={"reason"}, by_alias=True)

    async def do() -> object:
        await devices.classify(ask.who, ask.tenant_id, device, changes, body.reason, row_version)
        return await devices.show_device(ask.who, ask.tenant_id, device)

    shown = await once(ask.who, response, DeviceShown, do)
    with_version(response, shown.row_version)
    return shown


@router.get("/tenants/{tenant}/explain")
async def why_not_patched(
    ask: Annotated[Ask, in_tenant(P.DEVICES_READ)],
    device: Annotated[str, Query(min_length=1, max_length=200, description="Name or id.")],
    patch: Annotated[str, Query(min_length=1, max_length=400, description="Key or id.")],
) -> Explanation:
    """Why is this device not patched? The deciding sentence, everything that led to it, and the rules that lost."""
    return Explanation.model_validate(await explain(ask.who, ask.tenant_id, device, patch))
