"""Calendars: who is there when, and what the windows will do."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from patchring.api.people.answers import Page
from patchring.api.people.calendar_answers import Calendar, Instant, Shift, ShiftsImported, ShiftsNew
from patchring.api.people.door import Ask, in_tenant, once
from patchring.api.people.paging import Paged
from patchring.app import calendars, shifts
from patchring.app.permissions import Permission as P
from patchring.core.schedule.staffing import ShiftKind

router = APIRouter(tags=["calendars"])
WINDOWS_SHOWN_MAX = 50


@router.get("/tenants/{tenant}/calendar")
async def show_calendar(
    ask: Annotated[Ask, in_tenant(P.POLICY_READ)],
    segment: Annotated[str, Query(max_length=200, description="Of this segment alone.")] = "",
    site: Annotated[str, Query(max_length=300, description="In the zone of this site alone: its name or id.")] = "",
    count: Annotated[int, Query(ge=1, le=WINDOWS_SHOWN_MAX, description="So many windows of each segment.")] = 5,
    after: Annotated[Instant | None, Query(description="Those that close after this instant, not after now.")] = None,
) -> Calendar:
    """What the windows of the policy in force will do, with the reason for each that is skipped, cut or moved."""
    row = await calendars.show_calendar(ask.who, ask.tenant_id, segment, site, count, after)
    return Calendar.model_validate(row)


@router.get("/tenants/{tenant}/shifts")
async def list_shifts(
    ask: Annotated[Ask, in_tenant(P.SHIFTS_READ)],
    paging: Paged,
    past: Annotated[bool, Query(description="Those that are over too.")] = False,
) -> Page[Shift]:
    """Who is there when, by the begin of the shift."""
    after = paging.after(int, UUID) or (0, UUID(int=0))
    rows = await shifts.list_shifts(ask.who, ask.tenant_id, after, paging.count, past)
    return paging.page(Shift, rows, "begins_s", "shift_id")


@router.post("/tenants/{tenant}/shifts")
async def import_shifts(
    body: ShiftsNew, ask: Annotated[Ask, in_tenant(P.SHIFTS_WRITE)], response: Response
) -> ShiftsImported:
    """Make a person's shifts those of his calendar. `patchring calendar import-shifts` reads it from a file."""
    spans = [(span.begins_at, span.ends_at) for span in body.shifts]
    wanted = shifts.Import(body.person, ShiftKind(body.kind), body.until, spans, body.dry_run)

    async def do() -> Any:
        return await shifts.import_shifts(ask.who, ask.tenant_id, wanted)

    return await once(ask.who, response, ShiftsImported, do)


@router.post("/tenants/{tenant}/shifts/{shift_id}/acknowledge")
async def acknowledge_shift(
    shift_id: UUID, ask: Annotated[Ask, in_tenant(P.SHIFTS_ACKNOWLEDGE)], response: Response
) -> Shift:
    """Say that you are there: only the person of the shift can."""

    async def do() -> Any:
        return await shifts.acknowledge_shift(ask.who, ask.tenant_id, shift_id)

    return await once(ask.who, response, Shift, do)
