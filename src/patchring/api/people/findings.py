"""What is to be settled first, and how old the feeds are that say so."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from patchring.api.people.answers import Page
from patchring.api.people.door import Ask, in_tenant, needs
from patchring.api.people.finding_answers import Feed, Finding, Priorities
from patchring.api.people.paging import Paged
from patchring.app.caller import Caller
from patchring.app.catalogue import status
from patchring.app.findings import listing, priorities
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["findings"])
LINES_MAX = 500


@router.get("/tenants/{tenant}/priorities")
async def show_priorities(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    count: Annotated[int, Query(ge=1, le=LINES_MAX, description="So many lines.")] = 20,
) -> Priorities:
    """What to settle first: each line with every factor, in the order in which they were compared."""
    return Priorities.model_validate({"lines": await priorities.list_priorities(ask.who, ask.tenant_id, count)})


@router.get("/tenants/{tenant}/findings")
async def list_findings(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    paging: Paged,
    cve: Annotated[str, Query(max_length=100, description="Of this CVE alone.")] = "",
    device: Annotated[str, Query(max_length=300, description="Of this device alone: its name or id.")] = "",
) -> Page[Finding]:
    """Open findings of devices, by CVE, device and package."""
    after = paging.after(str, UUID, str) or ("", UUID(int=0), "")
    rows = await listing.list_findings(ask.who, ask.tenant_id, after, paging.count, cve, device)
    return paging.page(Finding, rows, "cve", "device_id", "package")


@router.get("/feeds")
async def list_feeds(who: Annotated[Caller, needs(P.PATCHES_READ)], paging: Paged) -> Page[Feed]:
    """Each feed, and each part of one: how old its last good state is, and why the last try brought nothing."""
    after = paging.after(str, str) or ("", "")
    rows = await status.list_feeds(who, after, paging.count)
    return paging.page(Feed, rows, "feed", "part")
