"""What a device says of an action: one entry of the table below for each word of the protocol.

A word that does not fit the state (late, repeated, of an action that was withdrawn) changes nothing; that is no problem
of the report. Only a report about an action that this device never had is one.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.app.work import Work
from patchring.app.worker.case import Case, Unusable, instant, read_uuid
from patchring.app.worker.moves import Place, move_device, settle_permit
from patchring.core.ids import DeviceId
from patchring.core.reason import reason
from patchring.core.rollout.states import (
    ActionEvent,
    ActionState,
    DeviceEvent,
    DeviceState,
)
from patchring.store import sql
from patchring.wire.messages import Progress


async def apply_progress(
    work: Work, device_id: DeviceId, report_id: UUID, sequence: int, received_at: datetime, progress: Progress
) -> None:
    """Take in one progress report. Raises Unusable."""
    key = {"tenant_id": work.tenant_id, "device_id": device_id, "action_id": read_uuid(progress.action_id, "action")}
    row = await work.tx.maybe(sql.actions.for_progress, key)
    if row is None:
        raise Unusable(f"it is about the action {progress.action_id}, which this device never had")
    word = _WORDS.get(progress.state)
    if word is None:
        raise Unusable(f"it says {progress.state!r}; expected one of {', '.join(sorted(_WORDS))}")
    await word(Case(work, device_id, report_id, sequence, received_at, progress, row))


async def show_permits(work: Work, device_id: DeviceId) -> None:
    """The signer moves the action; its place in the rollout follows here."""
    for action in await work.tx.all(sql.actions.permitted, {"tenant_id": work.tenant_id, "device_id": device_id}):
        row = await work.tx.one(
            sql.actions.for_progress,
            {"tenant_id": work.tenant_id, "device_id": device_id, "action_id": action["action_id"]},
        )
        place = Place.of(device_id, row)
        if place.state is DeviceState.OFFERED and row["state"] == ActionState.PERMITTED:
            why = reason("permitted", "it has its permit and is about to begin")
            await move_device(work, place, DeviceEvent.PERMITTED, (why,))


async def _on_its_way(case: Case) -> None:
    """Received, downloading, ready: nothing has begun."""


async def _started(case: Case) -> None:
    permit = await case.permit()
    boot_id = permit["boot_id"] if permit else case.progress.boot_id
    if not await case.move(ActionEvent.STARTED, started_at=instant(case.progress.at_ms), boot_id=boot_id):
        return
    if permit:
        key = {"tenant_id": case.work.tenant_id, "permit_id": permit["permit_id"], "at": case.work.now}
        await case.work.tx.execute(sql.actions.permit_started, key)
    if case.row["kind"] == "install":
        await case.move_place(DeviceEvent.STARTED, why=reason("started", "the installation has begun"))
    case.record("action_started")


async def _installed(case: Case) -> None:
    if case.row["acted_sequence"] is not None or case.row["state"] not in _UNDER_WAY:
        return
    await case.move(None, acted_at=instant(case.progress.at_ms), acted_sequence=case.sequence)
    if case.row["kind"] == "install":
        why = reason("installed", "installed; not yet seen in effect by a later scan")
        await case.move_place(DeviceEvent.STARTED, DeviceEvent.INSTALLED, why=why)
    case.record("action_done", exit_code=case.progress.exit_code)


async def _failed(case: Case) -> None:
    permit = await case.permit()
    if not await case.move(ActionEvent.FAILED, acted_at=instant(case.progress.at_ms), acted_sequence=case.sequence):
        return
    await settle_permit(case.work, permit, "failed")
    why = reason("action_failed", f"the {case.row['kind']} failed: {case.progress.detail or 'no reason given'}")
    remedy = case.row["purpose"] == "remedy"
    await case.move_place(DeviceEvent.ROLLBACK_FAILED if remedy else DeviceEvent.FAILED, why=why)
    case.record("action_failed", exit_code=case.progress.exit_code, output=case.progress.output[-2000:])


async def _rebooting(case: Case) -> None:
    if await case.move(ActionEvent.REBOOT_NEEDED, acted_at=instant(case.progress.at_ms), acted_sequence=case.sequence):
        case.record("device_rebooting")


async def _not_started(case: Case) -> None:
    """The proof that nothing began under a permit. Before it ever took the action up, it is a refusal of the offer."""
    permit = await case.permit()
    if case.row["state"] == ActionState.PERMITTED and permit is None:
        return  # overtaken by a newer permit
    if not await case.move(ActionEvent.NOT_STARTED):
        return
    await settle_permit(case.work, permit, "not_started")
    why = reason("not_started", f"not begun: {case.progress.detail or 'no reason given'}")
    if permit is None and not await _was_taken_up(case):
        await _refused(case)
    else:
        await case.move_place(DeviceEvent.NOT_STARTED, why=why)
    if permit is not None:
        case.record("action_not_started", permit_id=str(permit["permit_id"]))


async def _refused(case: Case) -> None:
    """The device will not do what it was offered: a person has to look at it, the rollout goes on without it."""
    await case.move(ActionEvent.WITHDRAWN)
    why = reason("offer_refused", f"the device refused the offer: {case.progress.detail or 'no reason given'}")
    if case.row["purpose"] == "remedy":
        await case.move_place(DeviceEvent.ROLLBACK_FAILED, why=why)
    else:
        await case.move_place(DeviceEvent.SKIPPED, DeviceEvent.FAILED, why=why)
    case.record("offer_refused")


async def _was_taken_up(case: Case) -> bool:
    key = {"tenant_id": case.work.tenant_id, "device_id": case.device_id, "sequence": case.sequence}
    found = await case.work.tx.value(sql.actions.was_taken_up, {**key, "action_id": case.progress.action_id})
    return bool(found)


async def _finished(case: Case) -> None:
    """After the scan and the probes that follow the act: the permit is over. Whether it worked is judged elsewhere."""
    permit = await case.permit()
    if case.row["state"] == ActionState.FAILED:
        await case.move(None, finished_report_id=case.report_id)
        return
    acted: dict[str, Any] = {}
    if case.row["acted_sequence"] is None:
        acted = {"acted_at": instant(case.progress.at_ms), "acted_sequence": case.sequence}
    # Where nothing had to be done (the patch was there already) no permit was asked for: the offer was not needed.
    offered = case.row["state"] == ActionState.OFFERED
    event = ActionEvent.WITHDRAWN if offered else ActionEvent.FINISHED
    if not await case.move(event, finished_report_id=case.report_id, **acted):
        return
    await settle_permit(case.work, permit, "installed")
    if case.row["kind"] == "install":
        await case.move_place(DeviceEvent.INSTALLED, why=reason("installed", "installed; not yet judged"))


_UNDER_WAY = frozenset({ActionState.OFFERED, ActionState.PERMITTED, ActionState.STARTED, ActionState.REBOOT_PENDING})
_WORDS: Mapping[str, Callable[[Case], Awaitable[None]]] = {
    "received": _on_its_way,
    "downloading": _on_its_way,
    "ready": _on_its_way,
    "started": _started,
    "installed": _installed,
    "failed": _failed,
    "rebooting": _rebooting,
    "not_started": _not_started,
    "finished": _finished,
}
