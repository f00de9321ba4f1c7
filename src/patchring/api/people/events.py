"""The record of a tenant."""

from typing import Annotated

from fastapi import APIRouter, Query

from patchring.api.people.answers import ChainedEvent, ChainVerdict, Event, Page
from patchring.api.people.door import Ask, in_tenant
from patchring.api.people.paging import NUMBER_MAX, Paged
from patchring.app import events
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["events"])
LINKS_MAX = 20_000
Text = Annotated[str, Query(max_length=400)]


@router.get("/tenants/{tenant}/events")
async def list_events(
    ask: Annotated[Ask, in_tenant(P.EVENTS_READ)], paging: Paged, subject_id: Text = "", kind: Text = ""
) -> Page[Event]:
    """What happened, newest first; by subject (a rollout, a device, a patch) or kind when asked."""
    (before,) = paging.after(int) or (None,)
    rows = await events.list_events(ask.who, ask.tenant_id, before, paging.count, subject_id, kind)
    return paging.page(Event, rows, "seq")


@router.get("/tenants/{tenant}/events/chain")
async def list_chain(
    ask: Annotated[Ask, in_tenant(P.EVENTS_READ)],
    paging: Paged,
    after: Annotated[int, Query(ge=0, le=NUMBER_MAX, description="Begin behind this event; a cursor goes before.")] = 0,
) -> Page[ChainedEvent]:
    """Whole events in their order with their hashes, for a verifier of your own."""
    (seq,) = paging.after(int) or (after,)
    rows = await events.list_chain(ask.who, ask.tenant_id, seq, paging.count)
    return paging.page(ChainedEvent, rows, "seq")


@router.get("/tenants/{tenant}/events/verify")
async def verify_events(
    ask: Annotated[Ask, in_tenant(P.EVENTS_READ)],
    after: Annotated[int, Query(ge=0, le=NUMBER_MAX, description="`next` of the answer before; 0: the start.")] = 0,
    limit: Annotated[int, Query(ge=1, le=LINKS_MAX, description="At most this many links.")] = LINKS_MAX,
) -> ChainVerdict:
    """Walk the hash chain and say where it does not hold."""
    return ChainVerdict.model_validate(await events.verify_chain(ask.who, ask.tenant_id, after, limit))
