"""What is to be settled first, and how old the feeds are that say so."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from patchring.api.people.answers import Page
from patchring.api.people.door import Ask, in_tenant, needs
from patchring.api.people.finding_answers import Feed, Finding, Lifecycles, Priorities, Said
from patchring.api.people.paging import Paged
from patchring.app.caller import Caller
from patchring.app.catalogue import said, status
from patchring.app.findings import ended, listing, priorities
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["findings"])
LINES_MAX = 500
AsOf = Annotated[
    AwareDatetime | None, Query(description="At this instant, not after now, with its offset; without it: now.")
]


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
    as_of: AsOf = None,
) -> Page[Finding]:
    """Findings of devices that are open, or were at an instant, by CVE, device and package."""
    after = paging.after(str, UUID, str) or ("", UUID(int=0), "")
    rows = await listing.list_findings(ask.who, ask.tenant_id, after, paging.count, cve, device, as_of)
    return paging.page(Finding, rows, "cve", "device_id", "package")


@router.get("/tenants/{tenant}/findings/ended")
async def list_ended(ask: Annotated[Ask, in_tenant(P.PATCHES_READ)]) -> Lifecycles:
    """Systems and applications past their end of life, those that end within 90 days, and those nobody knows of."""
    return Lifecycles.model_validate(await ended.list_ended(ask.who, ask.tenant_id))


@router.get("/feeds")
async def list_feeds(who: Annotated[Caller, needs(P.PATCHES_READ)], paging: Paged) -> Page[Feed]:
    """Each feed, and each part of one: how old its last good state is, and why the last try brought nothing."""
    after = paging.after(str, str) or ("", "")
    rows = await status.list_feeds(who, after, paging.count)
    return paging.page(Feed, rows, "feed", "part")


@router.get("/feeds/entries")
async def list_entries(
    who: Annotated[Caller, needs(P.PATCHES_READ)],
    paging: Paged,
    key: Annotated[str, Query(min_length=1, max_length=300, description="A CVE, an advisory, a KB, or another key.")],
    feed: Annotated[str, Query(max_length=40, description="Of this feed alone.")] = "",
    as_of: AsOf = None,
    history: Annotated[bool, Query(description="Also what was said before and is not any more.")] = False,
) -> Page[Said]:
    """What feeds say of something, or said at an instant, and from when to when it was known here."""
    after = paging.after(str, str, str, int) or said.FIRST
    rows = await said.list_said(who, key, feed, after, paging.count, as_of, history)
    return paging.page(Said, rows, "feed", "part", "key", "number")
