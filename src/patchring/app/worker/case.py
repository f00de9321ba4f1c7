"""One report about one action, with the rows that it is about: what a word of the protocol is carried out on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from patchring.app.work import Work
from patchring.app.worker.moves import Place, find_permit, move_device
from patchring.core.ids import DeviceId
from patchring.core.reason import Reason
from patchring.core.rollout.states import ActionEvent, ActionState, DeviceEvent, IllegalMove, action_after
from patchring.store import sql
from patchring.wire.messages import Progress


class Unusable(Exception):
    """A report that can be read but not used; the text says what it names that is not there."""


@dataclass
class Case:
    """One report about one action: the rows are locked. `row` is that of `actions.for_progress`."""

    work: Work
    device_id: DeviceId
    report_id: UUID
    sequence: int
    received_at: datetime
    progress: Progress
    row: dict[str, Any]
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place.of(self.device_id, self.row)

    @property
    def action_id(self) -> UUID:
        return UUID(self.progress.action_id)

    @property
    def permit_id(self) -> UUID | None:
        return read_uuid(self.progress.permit_id, "permit") if self.progress.permit_id else None

    @property
    def current(self) -> bool:
        """Whether the device's place in the rollout is about this action, and not about a later one."""
        return bool(self.row["current_action_id"] == self.action_id)

    async def permit(self) -> dict[str, Any] | None:
        return await find_permit(self.work, self.action_id, self.received_at, self.permit_id)

    async def move(self, event: ActionEvent | None, **learnt: Any) -> bool:
        """Move the action (None: it stays) and keep what was learnt. False: the word does not fit, nothing changed."""
        state = ActionState(self.row["state"])
        if event is not None:
            try:
                state = action_after(state, event)
            except IllegalMove:
                return False
        row = {"tenant_id": self.work.tenant_id, "action_id": self.action_id, "state": state, "at": self.work.now}
        known = {**_NOTHING_LEARNT, "detail": self.progress.detail or None, "boot_id": self.progress.boot_id, **learnt}
        await self.work.tx.execute(sql.actions.move, {**row, **known})
        self.row["state"] = state
        return True

    async def move_place(self, *events: DeviceEvent, why: Reason) -> None:
        """Move the device's place when it is about this action; events that do not fit are passed over."""
        for event in events if self.current else ():
            try:
                self.place = await move_device(self.work, self.place, event, (why,))
            except IllegalMove:
                continue

    def record(self, kind: str, **data: Any) -> None:
        known = {"rollout_id": str(self.place.rollout_id), "action_id": self.progress.action_id}
        about = {"action": self.row["kind"], "detail": self.progress.detail[:500]}
        self.work.record(kind, "device", self.device_id, {**known, **about, **data})


_NOTHING_LEARNT: Mapping[str, Any] = dict.fromkeys(
    ("detail", "boot_id", "started_at", "acted_at", "acted_sequence", "finished_report_id")
)


def instant(at_ms: int) -> datetime:
    """The device's own clock as an instant in UTC; bounded, because a device may say anything."""
    return datetime.fromtimestamp(min(max(at_ms, 0), _LAST_MS) / 1000, UTC)


_LAST_MS = 253_402_300_799_000


def read_uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unusable(f"its {what} id {text[:60]!r} is no UUID") from None
