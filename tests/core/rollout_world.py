"""A whole rollout with single devices, as the server would keep it: what `reconcile` wants is carried out device by
device through the tables of states, and what it is shown is counted from the devices."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patchring.core.policy.model import Policy
from patchring.core.reason import reason
from patchring.core.rollout.actions import (
    Abandon,
    Action,
    Complete,
    FinishRemedy,
    Halt,
    Offer,
    OpenRing,
    PassRing,
    Remedy,
    Start,
    StartSoak,
    Wait,
    Withdraw,
)
from patchring.core.rollout.reconcile import reconcile
from patchring.core.rollout.remedy import take_back_states
from patchring.core.rollout.soak import verified_needed
from patchring.core.rollout.states import (
    DeviceEvent,
    DeviceState,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    device_after,
    ring_after,
    rollout_after,
)
from patchring.core.rollout.view import RingView, RolloutView
from tests.core.builders import NOW

UNDER_WAY = ("offered", "permitted", "installing", "reboot_pending", "installed")
ROUNDS_MAX = 8


@dataclass
class Device:
    ring: int
    state: DeviceState = DeviceState.WAITING
    verified_at: datetime | None = None
    failed: bool = False


@dataclass
class World:
    policy: Policy
    devices: list[Device]
    now: datetime = NOW
    state: RolloutState = RolloutState.AWAITING_APPROVAL
    rings: dict[int, RingState] = field(default_factory=dict)
    enough_at: dict[int, datetime | None] = field(default_factory=dict)
    forgiven: Counter[int] = field(default_factory=Counter)
    stopped: bool = False
    halted_by_failure: bool = False
    rollback_requested: bool = False
    done: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rings = {ring.number: RingState.WAITING for ring in self.policy.rings}

    def of(self, ring: int, *states: str) -> list[Device]:
        return [each for each in self.devices if each.ring == ring and (not states or each.state in states)]

    def failures(self, ring: int) -> int:
        return sum(each.failed for each in self.of(ring)) - self.forgiven[ring]

    def view(self) -> RolloutView:
        return RolloutView(
            state=self.state,
            policy=self.policy,
            rings=tuple(self._ring_view(ring.number) for ring in self.policy.rings),
            review_needed=False,
            approved=True,
            stops=(reason("stop", "stopped"),) if self.stopped else (),
            halted_by_failure=self.halted_by_failure,
            rollback_requested=self.rollback_requested,
        )

    def _ring_view(self, number: int) -> RingView:
        verified_for = [self.now - each.verified_at for each in self.of(number, "verified") if each.verified_at]
        return RingView(
            number=number,
            state=self.rings[number],
            counts=Counter(each.state for each in self.of(number)),
            enough_verified_at=self.enough_at.get(number),
            device_minutes=int(sum(verified_for, timedelta()).total_seconds() // 60),
            forgiven_count=self.forgiven[number],
        )

    def settle(self) -> list[Action]:
        """Ask and do until nothing is left to do at this instant; what is left are waits."""
        for _ in range(ROUNDS_MAX):
            self._note_enough()
            actions = reconcile(self.view(), self.now)
            self.done = [action for action in actions if not isinstance(action, Wait)]
            if not self.done:
                return actions
            for action in self.done:
                self._do(action)
        raise AssertionError(f"it does not come to rest: {self.done}")

    def happens(self, device: Device, event: DeviceEvent) -> None:
        """Something that a device told."""
        device.state = device_after(device.state, event)
        if event is DeviceEvent.VERIFIED:
            device.verified_at = self.now
        if event is DeviceEvent.FAILED:
            device.failed = True
        self.settle()

    def rollout_event(self, event: RolloutEvent) -> None:
        self.state = rollout_after(self.state, event)

    def _note_enough(self) -> None:
        for rule in self.policy.rings:
            verified = len(self.of(rule.number, "verified"))
            devices = len(self.of(rule.number)) - len(self.of(rule.number, "skipped"))
            enough = devices > 0 and verified >= verified_needed(rule, devices)
            self.enough_at[rule.number] = (self.enough_at.get(rule.number) or self.now) if enough else None

    def _do(self, action: Action) -> None:
        match action:
            case Start():
                self.rollout_event(RolloutEvent.APPROVED)
            case Complete():
                self._check_complete()
                self.rollout_event(RolloutEvent.FINISHED)
            case FinishRemedy():
                self.rollout_event(RolloutEvent.REMEDY_DONE)
            case Abandon():
                self.rollout_event(RolloutEvent.ABANDONED)
            case OpenRing(number):
                self._move_ring(number, RingEvent.OPENED)
            case StartSoak(number):
                self._move_ring(number, RingEvent.SOAK_STARTED)
            case PassRing(number):
                self._check_pass(number)
                self._move_ring(number, RingEvent.PASSED)
            case Offer(number, count):
                self._offer(number, count)
            case Halt(number):
                self.rollout_event(RolloutEvent.HALTED)
                self._move_ring(number, RingEvent.HALTED)
                self.halted_by_failure = True
            case Withdraw():
                self._move(self._all("offered"), DeviceEvent.WITHDRAWN)
            case Remedy(scope):
                if self.state is RolloutState.HALTED:
                    self.rollout_event(RolloutEvent.REMEDY_STARTED)
                self._move(self._all(*take_back_states(scope)), DeviceEvent.ROLLBACK_STARTED)
            case Wait():
                raise AssertionError("a wait is nothing to do")

    def _all(self, *states: str) -> list[Device]:
        return [each for each in self.devices if each.state in states]

    def _move(self, devices: Iterable[Device], event: DeviceEvent) -> None:
        for device in devices:
            device.state = device_after(device.state, event)

    def _move_ring(self, number: int, event: RingEvent) -> None:
        assert event is RingEvent.HALTED or self._lower_passed(number), f"{event} before the rings below passed"
        self.rings[number] = ring_after(self.rings[number], event)

    def _lower_passed(self, number: int) -> bool:
        return all(self.rings[lower] is RingState.PASSED for lower in range(number))

    def _offer(self, number: int, count: int) -> None:
        rule, verified = self.policy.ring(number), len(self.of(number, "verified"))
        assert self.state is RolloutState.RUNNING
        assert not self.stopped
        assert self._lower_passed(number)
        self._move(self.of(number, "waiting")[:count], DeviceEvent.OFFERED)
        under_way = len(self.of(number, *UNDER_WAY))
        assert under_way <= (min(rule.at_once_max, rule.growth * verified) if verified else 1)

    def _check_pass(self, number: int) -> None:
        """As many devices as are needed have each been verified for the whole soak."""
        rule, devices = self.policy.ring(number), self.of(number)
        if not [each for each in devices if each.state is not DeviceState.SKIPPED]:
            return
        soaked = [each for each in devices if each.verified_at and each.verified_at <= self.now - rule.soak.time]
        assert len(soaked) >= min(rule.soak.verified_min, len(devices) - len(self.of(number, "skipped")))

    def _check_complete(self) -> None:
        assert all(state is RingState.PASSED for state in self.rings.values())
        assert not self._all("waiting", *UNDER_WAY)
