"""The state machines of a rollout, each as a table. All rules about which state follows which are in this file.

- A move that is not in a table raises IllegalMove and changes nothing.
- A rollout that was halted goes on only by `resumed`, with a reason; a rolled-back or abandoned one never does.
- A ring without devices soaks from `waiting`, on what was seen of it elsewhere.
- A completed one is reopened when a device joins late; a ring that passed stays passed, and serves late devices.
- A device is verified after it was installed, or from `waiting` when a scan finds that it has the patch already.
- What failed, or has the patch, can be taken back; what is offered or under way cannot, it settles first.
- An action ends by what the device said or by proof that nothing began; never because time went by.
- The diagrams in docs/states.md are drawn from these tables.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalMove(Exception):
    """An event does not fit the state: expected one of those the table has."""

    def __init__(self, machine: str, state: StrEnum, event: StrEnum, possible: list[str]) -> None:
        known = ", ".join(possible) or "nothing: this is an end"
        super().__init__(f"{machine} in state {state}: expected {known}; got {event}")


class RolloutState(StrEnum):
    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    HALTED = "halted"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ABANDONED = "abandoned"
    COMPLETED = "completed"


class RolloutEvent(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    HALTED = "halted"
    RESUMED = "resumed"
    REMEDY_STARTED = "remedy_started"
    REMEDY_DONE = "remedy_done"
    ABANDONED = "abandoned"
    FINISHED = "finished"
    REOPENED = "reopened"


ROLLOUT: Mapping[tuple[RolloutState, RolloutEvent], RolloutState] = {
    (RolloutState.AWAITING_APPROVAL, RolloutEvent.APPROVED): RolloutState.RUNNING,
    (RolloutState.AWAITING_APPROVAL, RolloutEvent.REJECTED): RolloutState.ABANDONED,
    (RolloutState.AWAITING_APPROVAL, RolloutEvent.ABANDONED): RolloutState.ABANDONED,
    (RolloutState.RUNNING, RolloutEvent.HALTED): RolloutState.HALTED,
    (RolloutState.RUNNING, RolloutEvent.FINISHED): RolloutState.COMPLETED,
    (RolloutState.RUNNING, RolloutEvent.ABANDONED): RolloutState.ABANDONED,
    (RolloutState.HALTED, RolloutEvent.RESUMED): RolloutState.RUNNING,
    (RolloutState.HALTED, RolloutEvent.REMEDY_STARTED): RolloutState.ROLLING_BACK,
    (RolloutState.HALTED, RolloutEvent.ABANDONED): RolloutState.ABANDONED,
    (RolloutState.ROLLING_BACK, RolloutEvent.REMEDY_DONE): RolloutState.ROLLED_BACK,
    (RolloutState.ROLLING_BACK, RolloutEvent.ABANDONED): RolloutState.ABANDONED,
    (RolloutState.COMPLETED, RolloutEvent.HALTED): RolloutState.HALTED,
    (RolloutState.COMPLETED, RolloutEvent.REOPENED): RolloutState.RUNNING,
}


class RingState(StrEnum):
    WAITING = "waiting"
    OPEN = "open"
    SOAKING = "soaking"
    PASSED = "passed"
    HALTED = "halted"


class RingEvent(StrEnum):
    OPENED = "opened"
    SOAK_STARTED = "soak_started"
    PASSED = "passed"
    HALTED = "halted"
    RESUMED = "resumed"


RING: Mapping[tuple[RingState, RingEvent], RingState] = {
    (RingState.WAITING, RingEvent.OPENED): RingState.OPEN,
    (RingState.WAITING, RingEvent.SOAK_STARTED): RingState.SOAKING,
    (RingState.WAITING, RingEvent.PASSED): RingState.PASSED,
    (RingState.WAITING, RingEvent.HALTED): RingState.HALTED,
    (RingState.OPEN, RingEvent.SOAK_STARTED): RingState.SOAKING,
    (RingState.OPEN, RingEvent.PASSED): RingState.PASSED,
    (RingState.OPEN, RingEvent.HALTED): RingState.HALTED,
    (RingState.SOAKING, RingEvent.PASSED): RingState.PASSED,
    (RingState.SOAKING, RingEvent.HALTED): RingState.HALTED,
    (RingState.PASSED, RingEvent.HALTED): RingState.HALTED,
    (RingState.HALTED, RingEvent.RESUMED): RingState.OPEN,
}


class DeviceState(StrEnum):
    """What one device has of one patch. `offered` to `installed` are under way."""

    WAITING = "waiting"
    OFFERED = "offered"
    PERMITTED = "permitted"
    INSTALLING = "installing"
    REBOOT_PENDING = "reboot_pending"
    INSTALLED = "installed"
    VERIFIED = "verified"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    SKIPPED = "skipped"


class DeviceEvent(StrEnum):
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    PERMITTED = "permitted"
    NOT_STARTED = "not_started"
    STARTED = "started"
    INSTALLED = "installed"
    REBOOT_NEEDED = "reboot_needed"
    REBOOTED = "rebooted"
    VERIFIED = "verified"
    FAILED = "failed"
    ROLLBACK_STARTED = "rollback_started"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    SKIPPED = "skipped"


DEVICE: Mapping[tuple[DeviceState, DeviceEvent], DeviceState] = {
    (DeviceState.WAITING, DeviceEvent.OFFERED): DeviceState.OFFERED,
    (DeviceState.WAITING, DeviceEvent.SKIPPED): DeviceState.SKIPPED,
    (DeviceState.WAITING, DeviceEvent.VERIFIED): DeviceState.VERIFIED,
    (DeviceState.OFFERED, DeviceEvent.WITHDRAWN): DeviceState.WAITING,
    (DeviceState.OFFERED, DeviceEvent.NOT_STARTED): DeviceState.OFFERED,
    (DeviceState.OFFERED, DeviceEvent.PERMITTED): DeviceState.PERMITTED,
    (DeviceState.OFFERED, DeviceEvent.STARTED): DeviceState.INSTALLING,
    (DeviceState.OFFERED, DeviceEvent.FAILED): DeviceState.FAILED,
    (DeviceState.OFFERED, DeviceEvent.SKIPPED): DeviceState.SKIPPED,
    (DeviceState.PERMITTED, DeviceEvent.NOT_STARTED): DeviceState.OFFERED,
    (DeviceState.PERMITTED, DeviceEvent.STARTED): DeviceState.INSTALLING,
    (DeviceState.PERMITTED, DeviceEvent.FAILED): DeviceState.FAILED,
    (DeviceState.INSTALLING, DeviceEvent.INSTALLED): DeviceState.INSTALLED,
    (DeviceState.INSTALLING, DeviceEvent.REBOOT_NEEDED): DeviceState.REBOOT_PENDING,
    (DeviceState.INSTALLING, DeviceEvent.FAILED): DeviceState.FAILED,
    (DeviceState.INSTALLED, DeviceEvent.REBOOT_NEEDED): DeviceState.REBOOT_PENDING,
    (DeviceState.INSTALLED, DeviceEvent.VERIFIED): DeviceState.VERIFIED,
    (DeviceState.INSTALLED, DeviceEvent.FAILED): DeviceState.FAILED,
    (DeviceState.REBOOT_PENDING, DeviceEvent.REBOOTED): DeviceState.INSTALLED,
    (DeviceState.REBOOT_PENDING, DeviceEvent.FAILED): DeviceState.FAILED,
    (DeviceState.VERIFIED, DeviceEvent.ROLLBACK_STARTED): DeviceState.ROLLING_BACK,
    (DeviceState.FAILED, DeviceEvent.ROLLBACK_STARTED): DeviceState.ROLLING_BACK,
    (DeviceState.INSTALLED, DeviceEvent.ROLLBACK_STARTED): DeviceState.ROLLING_BACK,
    (DeviceState.REBOOT_PENDING, DeviceEvent.ROLLBACK_STARTED): DeviceState.ROLLING_BACK,
    (DeviceState.ROLLING_BACK, DeviceEvent.ROLLED_BACK): DeviceState.ROLLED_BACK,
    (DeviceState.ROLLING_BACK, DeviceEvent.ROLLBACK_FAILED): DeviceState.ROLLBACK_FAILED,
    (DeviceState.ROLLBACK_FAILED, DeviceEvent.ROLLBACK_STARTED): DeviceState.ROLLING_BACK,
}

# Under way on a device, or on its way there: what a ring's `at_once_max` counts.
IN_FLIGHT = frozenset(
    {
        DeviceState.OFFERED,
        DeviceState.PERMITTED,
        DeviceState.INSTALLING,
        DeviceState.REBOOT_PENDING,
        DeviceState.INSTALLED,
    }
)


class ActionState(StrEnum):
    OFFERED = "offered"
    PERMITTED = "permitted"
    STARTED = "started"
    REBOOT_PENDING = "reboot_pending"
    FINISHED = "finished"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class ActionEvent(StrEnum):
    PERMITTED = "permitted"
    NOT_STARTED = "not_started"
    STARTED = "started"
    REBOOT_NEEDED = "reboot_needed"
    FINISHED = "finished"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


ACTION: Mapping[tuple[ActionState, ActionEvent], ActionState] = {
    (ActionState.OFFERED, ActionEvent.PERMITTED): ActionState.PERMITTED,
    (ActionState.OFFERED, ActionEvent.NOT_STARTED): ActionState.OFFERED,
    (ActionState.OFFERED, ActionEvent.FAILED): ActionState.FAILED,
    (ActionState.OFFERED, ActionEvent.WITHDRAWN): ActionState.WITHDRAWN,
    (ActionState.PERMITTED, ActionEvent.NOT_STARTED): ActionState.OFFERED,
    (ActionState.PERMITTED, ActionEvent.STARTED): ActionState.STARTED,
    (ActionState.PERMITTED, ActionEvent.FINISHED): ActionState.FINISHED,
    (ActionState.PERMITTED, ActionEvent.FAILED): ActionState.FAILED,
    (ActionState.STARTED, ActionEvent.REBOOT_NEEDED): ActionState.REBOOT_PENDING,
    (ActionState.STARTED, ActionEvent.FINISHED): ActionState.FINISHED,
    (ActionState.STARTED, ActionEvent.FAILED): ActionState.FAILED,
    (ActionState.REBOOT_PENDING, ActionEvent.FINISHED): ActionState.FINISHED,
    (ActionState.REBOOT_PENDING, ActionEvent.FAILED): ActionState.FAILED,
}

# For whoever draws or walks them: (state, event, state) of each machine.
MACHINES: Mapping[str, list[tuple[StrEnum, StrEnum, StrEnum]]] = {
    "rollout": [(before, event, after) for (before, event), after in ROLLOUT.items()],
    "ring": [(before, event, after) for (before, event), after in RING.items()],
    "device-patch": [(before, event, after) for (before, event), after in DEVICE.items()],
    "action": [(before, event, after) for (before, event), after in ACTION.items()],
}


def advance(machine: str, table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """The state after the event; raises IllegalMove."""
    following = table.get((state, event))
    if following is None:
        raise IllegalMove(machine, state, event, sorted(e for s, e in table if s == state))
    return following


def rollout_after(state: RolloutState, event: RolloutEvent) -> RolloutState:
    return advance("rollout", ROLLOUT, state, event)


def ring_after(state: RingState, event: RingEvent) -> RingState:
    return advance("ring", RING, state, event)


def device_after(state: DeviceState, event: DeviceEvent) -> DeviceState:
    return advance("device-patch", DEVICE, state, event)


def action_after(state: ActionState, event: ActionEvent) -> ActionState:
    return advance("action", ACTION, state, event)
