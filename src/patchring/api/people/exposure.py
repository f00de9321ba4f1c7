"""Which devices the internet reaches, as far as nobody has said it yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from patchring.api.people.answers import Answer, Page, Reason
from patchring.api.people.door import Ask, in_tenant
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import DeviceClassName
from patchring.app import exposure
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["devices"])


class Unconfirmed(Answer):
    """`proposed` null: nothing speaks for either. Until a person confirms, the device counts as exposed."""

    device_id: UUID
    name: str
    device_class: DeviceClassName = Field(alias="class")
    proposed: bool | None
    reasons: list[Reason]


@router.get("/tenants/{tenant}/exposure")
async def list_unconfirmed(ask: Annotated[Ask, in_tenant(P.DEVICES_READ)], paging: Paged) -> Page[Unconfirmed]:
    """Devices of which nobody said whether the internet reaches them, by name, with what is likely."""
    after = paging.after(str, UUID) or ("", UUID(int=0))
    rows = await exposure.list_unconfirmed(ask.who, ask.tenant_id, after, paging.count)
    return paging.page(Unconfirmed, rows, "name", "device_id")
