"""A whole rollout, driven by `reconcile` alone, with devices that do whatever devices do."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from patchring.core.policy.handling import Remedy, RemedyScope, RemedyStep
from patchring.core.policy.model import HaltScope, OnFailure
from patchring.core.rollout.actions import Wait
from patchring.core.rollout.states import DEVICE, DeviceEvent, DeviceState, RingEvent, RolloutEvent, RolloutState
from patchring.core.rollout.states import ring_after as after
from tests.core.builders import NOW, policy, ring
from tests.core.rollout_world import Device, World

TOLD = {
    DeviceEvent.PERMITTED,
    DeviceEvent.NOT_STARTED,
    DeviceEvent.STARTED,
    DeviceEvent.INSTALLED,
    DeviceEvent.REBOOT_NEEDED,
    DeviceEvent.REBOOTED,
    DeviceEvent.VERIFIED,
    DeviceEvent.FAILED,
    DeviceEvent.ROLLED_BACK,
    DeviceEvent.ROLLBACK_FAILED,
}
# What a device says next when nothing goes wrong.
WELL = {
    DeviceState.OFFERED: DeviceEvent.PERMITTED,
    DeviceState.PERMITTED: DeviceEvent.STARTED,
    DeviceState.INSTALLING: DeviceEvent.INSTALLED,
    DeviceState.REBOOT_PENDING: DeviceEvent.REBOOTED,
    DeviceState.INSTALLED: DeviceEvent.VERIFIED,
    DeviceState.ROLLING_BACK: DeviceEvent.ROLLED_BACK,
}
OVER = (RolloutState.COMPLETED, RolloutState.ROLLED_BACK, RolloutState.ABANDONED)


class WholeRollout(RuleBasedStateMachine):
    @initialize(
        sizes=st.lists(st.integers(1, 6), min_size=2, max_size=3),
        failed_max=st.integers(0, 2),
        verified_min=st.integers(1, 3),
        growth=st.integers(1, 3),
        at_once_max=st.integers(1, 4),
        hours=st.sampled_from([0, 0, 3]),
        scope=st.sampled_from(list(RemedyScope)),
    )
    def begin(self, sizes: list[int], failed_max: int, scope: RemedyScope, hours: int, **ring_given: int) -> None:
        chosen = policy(
            rings=tuple(ring(number, device_hours_min=hours, **ring_given) for number in range(len(sizes))),
            on_failure=OnFailure(failed_max, HaltScope.ROLLOUT),
            remedies={"back": Remedy("back", (RemedyStep.RETURN_TO_PRIOR,), scope)},
        )
        self.world = World(chosen, [Device(number) for number, size in enumerate(sizes) for _ in range(size)])
        self.world.settle()

    @rule(data=st.data())
    def a_device_tells(self, data: st.DataObject) -> None:
        possible = [
            (number, event)
            for number, device in enumerate(self.world.devices)
            for state, event in DEVICE
            if state is device.state and event in TOLD and state is not DeviceState.WAITING
        ]
        if possible:
            number, event = data.draw(st.sampled_from(possible))
            self.world.happens(self.world.devices[number], event)

    @rule(data=st.data())
    def a_device_goes_all_the_way(self, data: st.DataObject) -> None:
        offered = [number for number, device in enumerate(self.world.devices) if device.state is DeviceState.OFFERED]
        if offered:
            device = self.world.devices[data.draw(st.sampled_from(offered))]
            self.world.happens(device, DeviceEvent.PERMITTED)
            for event in (DeviceEvent.STARTED, DeviceEvent.INSTALLED, DeviceEvent.VERIFIED):
                self.world.happens(device, event)

    @rule(minutes=st.sampled_from([1, 29, 30, 31, 60, 120]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)
        self.world.settle()

    @rule(stopped=st.booleans())
    def a_stop_is_placed_or_lifted(self, stopped: bool) -> None:
        self.world.stopped = stopped
        self.world.settle()

    @precondition(lambda self: self.world.state in (RolloutState.RUNNING, RolloutState.COMPLETED))
    @rule()
    def a_person_halts(self) -> None:
        self.world.rollout_event(RolloutEvent.HALTED)
        self.world.settle()

    @precondition(lambda self: self.world.state is RolloutState.HALTED)
    @rule(back=st.booleans())
    def a_person_resumes_or_rolls_back(self, back: bool) -> None:
        world = self.world
        if back:
            world.rollback_requested = True
        else:
            world.rollout_event(RolloutEvent.RESUMED)
            for number, state in world.rings.items():
                world.forgiven[number] = sum(each.failed for each in world.of(number))
                if state == "halted":
                    world.rings[number] = after(state, RingEvent.RESUMED)
        world.settle()

    @precondition(lambda self: self.world.state in (RolloutState.RUNNING, RolloutState.COMPLETED))
    @rule(data=st.data())
    def a_device_joins_late(self, data: st.DataObject) -> None:
        self.world.devices.append(Device(data.draw(st.sampled_from(sorted(self.world.rings)))))
        if self.world.state is RolloutState.COMPLETED:
            self.world.rollout_event(RolloutEvent.REOPENED)
        self.world.settle()

    @invariant()
    def too_many_failures_never_go_on(self) -> None:
        world = self.world
        for number in world.rings:
            allowed = world.policy.on_failure.failed_max if world.of(number, "verified") else 0
            if world.failures(number) > allowed:
                assert world.state not in (RolloutState.RUNNING, RolloutState.COMPLETED)

    @invariant()
    def nothing_is_offered_unless_it_runs_unstopped(self) -> None:
        world = self.world
        if world.state is not RolloutState.RUNNING or world.stopped:
            assert not [each for each in world.devices if each.state is DeviceState.OFFERED]

    @invariant()
    def a_rollout_that_was_rolled_back_left_nothing_broken(self) -> None:
        if self.world.state is RolloutState.ROLLED_BACK:
            settled = ("waiting", "verified", "rolled_back", "rollback_failed", "skipped")
            assert all(each.state in settled for each in self.world.devices)

    @invariant()
    def it_always_says_what_it_waits_for(self) -> None:
        waits = self.world.settle()
        assert waits or self.world.state in OVER
        assert all(isinstance(each, Wait) and each.reasons for each in waits)

    def teardown(self) -> None:
        """From wherever chance led it, it comes to an end once devices do well, stops are lifted and time goes by; a
        person decides only where its waits say that one has to."""
        self.world.stopped = False
        for _ in range(400):
            waits = self.world.settle()
            if self.world.state in OVER:
                return
            self._goes_on({each.code for wait in waits for each in wait.reasons})
        raise AssertionError(f"it never ends: {waits}")

    def _goes_on(self, codes: set[str]) -> None:
        world = self.world
        moving = [device for device in world.devices if device.state in WELL]
        if moving:
            world.happens(moving[0], WELL[moving[0].state])
        elif "verified_out_of_reach" in codes:
            world.rollout_event(RolloutEvent.HALTED)
        elif "halted" in codes:
            world.rollback_requested = True
        else:
            assert codes & {"soaking", "device_hours_missing"}, f"nothing can bring it on: {codes}"
            world.now += timedelta(minutes=30)


WholeRollout.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestWholeRollout = WholeRollout.TestCase


@pytest.mark.parametrize("sizes", [(1, 1), (3, 8, 20), (2, 1, 1, 30)])
def test_a_good_patch_reaches_every_device(sizes: tuple[int, ...]) -> None:
    """Devices that all succeed, and a clock that goes where the waits say: it completes, and everybody is verified."""
    rings = tuple(ring(number, verified_min=3, growth=2, at_once_max=6) for number in range(len(sizes)))
    devices = [Device(number) for number, size in enumerate(sizes) for _ in range(size)]
    world = World(policy(rings=rings), devices)
    for _ in range(200):
        waits = world.settle()
        if world.state is RolloutState.COMPLETED:
            break
        offered = [each for each in devices if each.state is DeviceState.OFFERED]
        for device in offered:
            for event in (
                DeviceEvent.PERMITTED,
                DeviceEvent.STARTED,
                DeviceEvent.INSTALLED,
                DeviceEvent.VERIFIED,
            ):
                world.happens(device, event)
        wakes = [each.until_at for each in waits if isinstance(each, Wait) and each.until_at]
        if not offered:
            assert wakes, "nobody is under way, so the clock alone has to bring it on"
            world.now = min(wakes)
    assert world.state is RolloutState.COMPLETED
    assert {each.state for each in devices} == {DeviceState.VERIFIED}
    assert world.now - NOW == len(sizes) * timedelta(hours=1)


def test_a_bad_patch_breaks_one_device() -> None:
    """The first device fails: halted at once, taken back, and nobody else ever had it."""
    world = World(policy(), [Device(0), Device(0), Device(1)])
    world.settle()
    first = world.devices[0]
    for event in (DeviceEvent.PERMITTED, DeviceEvent.STARTED, DeviceEvent.FAILED):
        world.happens(first, event)
    assert (world.state, first.state) == (RolloutState.ROLLING_BACK, DeviceState.ROLLING_BACK)
    world.happens(first, DeviceEvent.ROLLED_BACK)
    assert world.state is RolloutState.ROLLED_BACK
    assert [each.state for each in world.devices] == ["rolled_back", "waiting", "waiting"]
