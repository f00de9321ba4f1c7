"""Who is there when (W1): shifts of a tenant, imported from people's calendars and acknowledged by their persons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.core.ids import TenantId
from patchring.core.schedule.staffing import ShiftKind
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row

IMPORTED_AHEAD_MAX = timedelta(days=400)
LASTS_MAX = timedelta(days=31)

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Import:
    """The whole of one person's calendar of one kind up to `until` (aware). `dry_run`: only say what would change."""

    person: str
    kind: ShiftKind
    until: datetime
    spans: Sequence[Span]
    dry_run: bool


async def import_shifts(caller: Caller, tenant_id: TenantId, wanted: Import) -> Row:
    """Make the shifts in force those of the calendar: what it has and is not there is added, what is there and not in
    it is withdrawn. What is over, or begins later than `until`, stays. Doing it again changes nothing, and a shift that
    stays keeps its acknowledgement. Raises Invalid (shift_unfit)."""
    async with caller.work(tenant_id) as work:
        _require_fit(wanted, work.now)
        key = {"tenant_id": tenant_id, "person": wanted.person, "kind": wanted.kind.value}
        rows = await work.tx.all(sql.shifts.coming, {**key, "now": work.now, "until": wanted.until})
        there = {(row["begins_at"], row["ends_at"]): row["shift_id"] for row in rows}
        spans = {span for span in wanted.spans if span[1] > work.now}
        added, withdrawn = sorted(spans - there.keys()), sorted(there.keys() - spans)
        if not wanted.dry_run and (added or withdrawn):
            ids = [there[span] for span in withdrawn]
            new = [{"shift_id": str(new_id(work.now)), **_told(span)} for span in added]
            await work.tx.execute(sql.shifts.withdraw, {"tenant_id": tenant_id, "shift_ids": ids, "at": work.now})
            given = {**key, "shifts": Jsonb(new), "at": work.now, "by": caller.actor}
            await work.tx.execute(sql.shifts.add, given)
            counts = {"added": len(added), "withdrawn": len(withdrawn)}
            work.record(
                "shifts_imported", "tenant", tenant_id, {"person": wanted.person, "kind": wanted.kind, **counts}
            )
        return {
            "person": wanted.person,
            "kind": wanted.kind.value,
            "dry_run": wanted.dry_run,
            "added": [_told(span) for span in added],
            "withdrawn": [_told(span) for span in withdrawn],
            "unchanged_count": len(spans & there.keys()),
        }


def _require_fit(wanted: Import, now: datetime) -> None:
    if wanted.until > now + IMPORTED_AHEAD_MAX:
        detail = f"expected shifts of the next {IMPORTED_AHEAD_MAX.days} days, got until {wanted.until:%Y-%m-%d}"
        raise Invalid(detail, kind="shift_unfit")
    for begins_at, ends_at in wanted.spans:
        if not timedelta(0) < ends_at - begins_at <= LASTS_MAX or begins_at >= wanted.until:
            detail = (
                f"expected a shift of at most {LASTS_MAX.days} days that begins before {wanted.until:%Y-%m-%d}, got"
            )
            raise Invalid(f"{detail} {begins_at.isoformat()} to {ends_at.isoformat()}", kind="shift_unfit")


def _told(span: Span) -> dict[str, str]:
    return {"begins_at": span[0].isoformat(), "ends_at": span[1].isoformat()}


async def acknowledge_shift(caller: Caller, tenant_id: TenantId, shift_id: UUID) -> Row:
    """Its person says that he is there. Doing it again changes nothing.

    Raises NotFound (shift_not_found), Conflict (shift_of_another, shift_over).
    """
    async with caller.work(tenant_id) as work:
        key = {"tenant_id": tenant_id, "shift_id": shift_id}
        row = await work.tx.maybe(sql.shifts.one, key)
        if row is None:
            detail = f"there is no shift {shift_id} in this tenant; `patchring calendar shifts` shows them"
            raise NotFound(detail, kind="shift_not_found")
        if row["person"].casefold() != caller.principal.name.casefold():
            detail = f"the shift is that of {row['person']}, and you are {caller.principal.name}; each says it himself"
            raise Conflict(detail, kind="shift_of_another")
        if row["ends_at"] <= work.now:
            raise Conflict(f"the shift ended at {row['ends_at']:%Y-%m-%d %H:%M} UTC", kind="shift_over")
        if row["acknowledged_at"] is None:
            work.record("shift_acknowledged", "shift", shift_id, {"person": row["person"]})
        return await work.tx.one(sql.shifts.acknowledge, {**key, "at": work.now})


async def list_shifts(
    caller: Caller, tenant_id: TenantId, after: tuple[int, UUID], limit: int, past: bool
) -> list[Row]:
    """By their begin, after a begin in whole seconds since 1970 and an id; `past`: those that are over too."""
    async with caller.reading(tenant_id) as tx:
        given = {"tenant_id": tenant_id, "now": caller.services.clock.now(), "past": past, "limit": limit}
        return await tx.all(sql.shifts.listed, {**given, "after_s": after[0], "after_id": after[1]})
