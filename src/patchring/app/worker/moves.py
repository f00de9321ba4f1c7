"""Moves of one device in a rollout, and the end of permits. Every move is one of core's tables; counts go with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.work import Work
from patchring.core.gate.signals import Signal
from patchring.core.reason import Reason, as_json
from patchring.core.rollout.states import DeviceEvent, DeviceState, device_after
from patchring.store import sql

# Successes are looked at together.
GATE_PAUSE = timedelta(minutes=1)
_SIGNALS = {
    "action_failed": Signal.INSTALL_FAILURE,
    "version_missing": Signal.INSTALL_FAILURE,
    "still_offered": Signal.INSTALL_FAILURE,
    "probe_failed": Signal.SERVICE_FAILURE,
    "reboot_missing": Signal.REBOOT_LOOP,
}


@dataclass(frozen=True)
class Place:
    """Where a device stands in a rollout; its row is locked by who made this."""

    rollout_id: UUID
    device_id: UUID
    ring: int
    state: DeviceState

    @classmethod
    def of(cls, device_id: UUID, row: dict[str, Any]) -> "Place":
        return cls(row["rollout_id"], device_id, row["ring"], DeviceState(row["device_state"]))


async def move_device(work: Work, place: Place, event: DeviceEvent, reasons: Sequence[Reason]) -> Place:
    """The place after the event, written, with its counts at the end; the rollout is looked at again. Raises
    IllegalMove."""
    after = device_after(place.state, event)
    rollout = {"tenant_id": work.tenant_id, "rollout_id": place.rollout_id}
    change = {"state": after, "at": work.now, "reasons": Jsonb(as_json(reasons))}
    await work.tx.execute(sql.actions.move_device, {**rollout, "device_id": place.device_id, **change})
    ring = (place.rollout_id, place.ring)
    if after is not place.state:
        moved = {"ring": place.ring, "from_state": place.state, "to_state": after, "device_count": 1}
        work.change_shared(ring, sql.rollouts.shift_counts, {**rollout, "rows": Jsonb([moved])})
    await _watch(work, place, after, reasons)
    if after is DeviceState.VERIFIED:
        work.change_shared(ring, sql.actions.count_verified, {**rollout, "ring": place.ring, "at": work.now})
    work.wake("rollout", place.rollout_id)
    return replace(place, state=after)


async def _watch(work: Work, place: Place, after: DeviceState, reasons: Sequence[Reason]) -> None:
    """What the gate counts: that an installation began, and of which kind a failure is."""
    key = {"tenant_id": work.tenant_id, "rollout_id": place.rollout_id, "device_id": place.device_id}
    signals = sorted({_SIGNALS[each.code] for each in reasons if each.code in _SIGNALS})
    if after in (DeviceState.INSTALLING, DeviceState.INSTALLED) or (after is DeviceState.FAILED and signals):
        await work.tx.execute(sql.gate.begin_device, {**key, "at": work.now})
    if after is DeviceState.FAILED:
        for signal in signals:
            await work.tx.execute(sql.gate.add_event, {**key, "signal": signal, "at": work.now})
        await work.tx.execute(sql.gate.end_device, {**key, "at": work.now})
    if after in (DeviceState.FAILED, DeviceState.VERIFIED):
        pause = timedelta(0) if after is DeviceState.FAILED else GATE_PAUSE
        work.wake("gate", place.rollout_id, work.now + pause)


async def explain_device(work: Work, place: Place, reasons: Sequence[Reason]) -> None:
    """Say why the device is where it is, without a move."""
    key = {"tenant_id": work.tenant_id, "rollout_id": place.rollout_id, "device_id": place.device_id}
    await work.tx.execute(sql.actions.set_device_reasons, {**key, "reasons": Jsonb(as_json(reasons))})


async def find_permit(
    work: Work, action_id: UUID, received_at: datetime, permit_id: UUID | None
) -> dict[str, Any] | None:
    """The unsettled permit that a report is about: the one it names, or the one there was when it came in.

    A report that was overtaken by a newer permit finds none, so it cannot end what it knows nothing of.
    """
    key = {"tenant_id": work.tenant_id, "action_id": action_id, "permit_id": permit_id}
    return await work.tx.maybe(sql.actions.live_permit, {**key, "received_at": received_at})


async def settle_permit(work: Work, permit: dict[str, Any] | None, outcome: str) -> None:
    """End a permit by its result, or by the proof that nothing began, and give back its slots. None: nothing to end."""
    if permit is None:
        return
    key = {"tenant_id": work.tenant_id, "permit_id": permit["permit_id"]}
    if await work.tx.execute(sql.actions.settle_permit, {**key, "outcome": outcome, "at": work.now}):
        await work.tx.execute(sql.permits.release_slots, key)
