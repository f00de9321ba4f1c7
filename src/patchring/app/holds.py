"""Placing and ending a hold inside a use case, whoever decided it: one row, one record, one look again."""

from uuid import UUID

from patchring.app.work import Work
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.store.transaction import Row


async def place_hold(work: Work, patch_key: str, segment: str | None, reason: str, source: str) -> UUID:
    """Nothing of this patch begins any more in the tenant (or the segment; None: everywhere). `source` is `person` or
    `msp`. The tenant need not know the patch yet: the hold is there when it comes."""
    hold_id = new_id(work.now)
    row = {"tenant_id": work.tenant_id, "hold_id": hold_id, "patch_key": patch_key, "segment": segment}
    given = {"reason": reason, "source": source, "at": work.now, "by": work.actor}
    await work.tx.execute(sql.patches.add_hold, {**row, **given})
    data = {"patch_key": patch_key, "segment": segment, "reason": reason, "source": source}
    work.record("hold_placed", "hold", hold_id, data)
    await _look_again_at(work, patch_key)
    return hold_id


async def end_hold(work: Work, hold_id: UUID, reason: str, row_version: int | None = None) -> Row | None:
    """The hold as it is after it was released; None when it is not there, was released before, or has another version
    than `row_version` (None: any)."""
    key = {"tenant_id": work.tenant_id, "hold_id": hold_id}
    change = {"row_version": row_version, "reason": reason, "at": work.now, "by": work.actor}
    if await work.tx.execute(sql.patches.release_hold, {**key, **change}) != 1:
        return None
    row = await work.tx.one(sql.patches.hold_by_id, key)
    work.record("hold_released", "hold", hold_id, {"patch_key": row["patch_key"], "reason": reason})
    await _look_again_at(work, row["patch_key"])
    return row


async def look_again(work: Work, patch: Row) -> None:
    """What is decided about one patch, and its rollouts of this tenant."""
    work.wake("patch", patch["patch_id"])
    given = {"tenant_id": work.tenant_id, "patch_key": patch["patch_key"]}
    for row in await work.tx.all(sql.patches.live_rollouts, given):
        work.wake("rollout", row["rollout_id"])


async def _look_again_at(work: Work, patch_key: str) -> None:
    for patch in await work.tx.all(sql.patches.of_key, {"tenant_id": work.tenant_id, "patch_key": patch_key}):
        await look_again(work, patch)
