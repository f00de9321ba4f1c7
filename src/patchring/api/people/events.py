"""The record of a tenant."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from patchring.api.people.door import Ask, Cursor, Limit, after, in_tenant, page
from patchring.app import events
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["events"])
Text = Annotated[str, Query(max_length=400)]


@router.get("/tenants/{tenant}/events")
async def list_events(
    ask: Annotated[Ask, in_tenant(P.EVENTS_READ)],
    subject_id: Text = "",
    kind: Text = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """What happened, newest first; by subject (a rollout, a device, a patch) or kind when asked."""
    (before,) = after(cursor, int, start=[None])
    rows = await events.list_events(ask.who, ask.tenant_id, before, limit + 1, subject_id, kind)
    return page(rows, limit, "seq")


@router.get("/tenants/{tenant}/events/verify")
async def verify_events(ask: Annotated[Ask, in_tenant(P.EVENTS_READ)]) -> dict[str, Any]:
    """Walk the hash chain from its beginning and say where it does not hold."""
    return await events.verify_chain(ask.who, ask.tenant_id)
