"""What a permit needs to know of people and of a device's absence; read only where the policy asks for it."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo

from patchring.app.work import Work
from patchring.core.ids import DeviceId
from patchring.core.policy.calendar import Blackout, CatchUp, Hours, Staffing, Window
from patchring.core.policy.model import SegmentRule
from patchring.core.reason import Reason
from patchring.core.schedule.catch_up import Silence, caught_up
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.staffing import MARGIN, Shift, ShiftKind, unstaffed
from patchring.store import sql

SHIFTS_READ_MAX = 500


async def missed_window(
    work: Work, device_id: DeviceId, window: Window, zone: tzinfo, hours: Hours | None, blackout: Blackout | None
) -> Occurrence | None:
    """The time in which the device may begin for a window that it missed, if now lies in it (W3)."""
    if window.catch_up is not CatchUp.WHEN_SEEN:
        return None
    row = await work.tx.maybe(sql.shifts.silence, {"tenant_id": work.tenant_id, "device_id": device_id})
    silence = Silence(row["silent_from_at"], row["returned_at"]) if row else None
    blackouts: Sequence[Blackout] = [blackout] if blackout else []
    return caught_up(window, zone, work.now, silence, hours, blackouts)


async def nobody_there(work: Work, rule: SegmentRule | None, takes: timedelta, remedy: bool) -> Reason | None:
    """What is missing of the people that the segment asks for (W1). A remedy waits for nobody: what is broken is not
    left so until Monday."""
    if remedy or rule is None or rule.staffing is Staffing.NONE:
        return None
    given = {"tenant_id": work.tenant_id, "over_before": work.now - 2 * MARGIN, "limit": SHIFTS_READ_MAX}
    shifts = [
        Shift(row["person"], ShiftKind(row["kind"]), row["begins_at"], row["ends_at"], row["acknowledged"])
        for row in await work.tx.all(sql.shifts.present, given)
    ]
    return unstaffed(rule.staffing, shifts, work.now, takes)
